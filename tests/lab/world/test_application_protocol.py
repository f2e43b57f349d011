"""Protocols on a connection: whole or in pieces, the answer is the same."""

import h2.config
import h2.connection
import h2.events
import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from banwatch.lab.world.application_protocol import (
    ApplicationProtocol,
    DnsProtocol,
    Http1Protocol,
    Http2Protocol,
    Send,
    hostname_of,
)
from banwatch.lab.world.page import MAX_REQUEST_BODY_BYTES, PageRequest, PageResponse

BIG = b"0123456789" * 20_000


def _echo(request: PageRequest) -> PageResponse:
    body = f"{request.method} {request.scheme}://{request.host}{request.path} {len(request.body)}".encode()
    if request.path == "/big":
        body = BIG
    pieces = 4 if request.path == "/slow" else 1
    return PageResponse(status=200, headers=(("Server", "echo"),), body=body, pieces=pieces, pause_s=0.5)


def _feed(stream: ApplicationProtocol, data: bytes, cuts: tuple[int, ...] = ()) -> list[Send]:
    sends: list[Send] = []
    at = 0
    for cut in (*sorted({cut for cut in cuts if 0 < cut < len(data)}), len(data)):
        sends.extend(stream.receive(data[at:cut]))
        at = cut
    return sends


def _joined(sends: list[Send]) -> bytes:
    return b"".join(send.data for send in sends)


REQUEST = b"POST /form HTTP/1.1\r\nHost: A.example:8080\r\nContent-Length: 5\r\n\r\nhello"


@given(st.lists(st.integers(0, 200), max_size=5).map(tuple))
def test_http1_in_any_pieces(cuts: tuple[int, ...]):
    pieces = _joined(_feed(Http1Protocol("http", _echo), REQUEST * 2, cuts))
    assert pieces == _joined(_feed(Http1Protocol("http", _echo), REQUEST * 2))
    assert pieces.count(b"POST http://a.example/form 5") == 2


def test_http1_is_what_a_client_understands():
    client = h11.Connection(h11.CLIENT)
    sent = client.send(h11.Request(method="GET", target="/big", headers=[("Host", "a.example")])) or b""
    sent += client.send(h11.EndOfMessage()) or b""
    client.receive_data(_joined(_feed(Http1Protocol("https", _echo), sent)))
    head = client.next_event()
    assert isinstance(head, h11.Response)
    assert head.reason == b"OK"
    body = b""
    while isinstance(event := client.next_event(), h11.Data):
        body += event.data
    assert body == BIG


def test_http1_connection_ends_when_the_client_says_so():
    sends = _feed(Http1Protocol("http", _echo), b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert sends[-1].close
    assert Http1Protocol("http", _echo).receive(b"")[-1].close


def test_http1_head_has_no_body():
    answer = _joined(_feed(Http1Protocol("http", _echo), b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"))
    assert answer.endswith(b"\r\n\r\n")
    assert b"Content-Length: 16" in answer


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\x00\x05hello\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"]
)
def test_http1_garbage_is_a_bad_request(garbage: bytes):
    sends = _feed(Http1Protocol("http", _echo), garbage)
    assert b" 400 " in _joined(sends)
    assert sends[-1].close


def test_http1_body_has_a_limit():
    head = f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {MAX_REQUEST_BODY_BYTES + 1}\r\n\r\n".encode()
    sends = _feed(Http1Protocol("http", _echo), head + b"x" * (MAX_REQUEST_BODY_BYTES + 1))
    assert sends[-1].close


def test_a_slow_page_pauses_between_its_pieces():
    sends = _feed(Http1Protocol("http", _echo), b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
    assert [send.pause_s for send in sends if send.data][:4] == [0.0, 0.5, 0.5, 0.5]


@given(st.binary(max_size=300))
def test_http1_never_breaks(data: bytes):
    _feed(Http1Protocol("http", _echo), data)


def _h2_client() -> h2.connection.H2Connection:
    client = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
    client.initiate_connection()
    return client


def _h2_get(client: h2.connection.H2Connection, path: str) -> int:
    stream_id = client.get_next_available_stream_id()
    headers = [(":method", "GET"), (":scheme", "https"), (":authority", "a.example"), (":path", path)]
    client.send_headers(stream_id, headers, end_stream=True)
    return stream_id


def _converse(client: h2.connection.H2Connection, server: ApplicationProtocol) -> dict[int, bytes]:
    bodies: dict[int, bytes] = {}
    for _ in range(100):
        sends = server.receive(out) if (out := client.data_to_send()) else ()
        if not sends:
            break
        for event in client.receive_data(_joined(list(sends))):
            if isinstance(event, h2.events.DataReceived):
                bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
                client.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
    return bodies


def test_http2_answers_many_streams_beyond_the_first_window():
    client = _h2_client()
    big, short = _h2_get(client, "/big"), _h2_get(client, "/small")
    bodies = _converse(client, Http2Protocol("https", _echo))
    assert bodies[big] == BIG
    assert bodies[short] == b"GET https://a.example/small 0"


def test_http2_in_single_bytes():
    client = _h2_client()
    _h2_get(client, "/x")
    data = client.data_to_send()
    sends = _feed(Http2Protocol("https", _echo), data, tuple(range(len(data))))
    events = client.receive_data(_joined(sends))
    assert [e.data for e in events if isinstance(e, h2.events.DataReceived)] == [b"GET https://a.example/x 0"]


@given(st.binary(max_size=300))
def test_http2_never_breaks(data: bytes):
    _feed(Http2Protocol("https", _echo), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + data)


@given(st.lists(st.integers(0, 40), max_size=5).map(tuple))
def test_dns_stream_in_any_pieces(cuts: tuple[int, ...]):
    data = b"\x00\x03one\x00\x05three"
    assert (
        _joined(_feed(DnsProtocol(lambda query: b"re:" + query), data, cuts))
        == b"\x00\x06re:one\x00\x08re:three"
    )


def test_dns_stream_ends_at_nonsense_and_at_the_end():
    assert DnsProtocol(lambda _: None).receive(b"\x00\x01x")[-1].close
    assert DnsProtocol(lambda _: None).receive(b"")[-1].close


@pytest.mark.parametrize(
    ("authority", "host"),
    [("A.example:443", "a.example"), ("a.example.", "a.example"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]")],
)
def test_hostname_of_an_authority(authority: str, host: str):
    assert hostname_of(authority) == host
