"""TLS, certificates, DNS and HTTP over streams in memory."""

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banwatch.model.errors import BanwatchError, WireError
from banwatch.net.dns.messages import parse_reply_untrusted, render_question
from banwatch.net.failure import NetworkFailure
from banwatch.net.http.request import HttpExchange, HttpRequest, exchange
from banwatch.net.memory import Handler, MemoryNet, MemoryStream
from banwatch.net.seam import NetworkEvent, TlsSettings
from banwatch.net.tls.certificates import Roots
from banwatch.net.traced import TracedNet
from tests.net import servers
from tests.net.servers import NOW, Page

T = TypeVar("T")
ADDRESS = ("93.184.216.34", 443)


def run(work: Coroutine[object, object, T]) -> T:
    return asyncio.run(asyncio.wait_for(work, 10))


async def handshake(handler: Handler, name: str = "site.example") -> tuple[bytes, ...]:
    net = MemoryNet(tcp={ADDRESS: handler})
    stream = await net.open_tcp(*ADDRESS)
    tls = await net.start_tls(stream, TlsSettings(server_name=name, alpn=("h2", "http/1.1")))
    return tls.facts.peer_certificates


@pytest.mark.parametrize(
    ("behaviour", "failure"),
    [
        (servers.reset, "connection_reset"),
        (servers.hang_up, "eof_error"),
        (servers.send_alert, "unknown_failure: remote error: tls: handshake failure"),
        (servers.send_garbage, "unknown_failure: tls: first record does not look like a TLS handshake"),
    ],
)
def test_a_broken_handshake_says_how_it_broke(behaviour: Handler, failure: str) -> None:
    with pytest.raises(NetworkFailure) as raised:
        run(handshake(servers.after_first_bytes(behaviour)))
    assert raised.value.failure == failure


def test_an_unrecognized_name_alert_is_an_invalid_hostname() -> None:
    async def refuse(stream: MemoryStream) -> None:
        await stream.write(b"\x15\x03\x03\x00\x02\x02\x70")

    with pytest.raises(NetworkFailure) as raised:
        run(handshake(servers.after_first_bytes(refuse)))
    assert raised.value.failure == "ssl_invalid_hostname"


@pytest.mark.parametrize(
    ("context", "name", "later", "problem"),
    [
        (("site.example",), "site.example", 0, None),
        (("*.site.example",), "www.site.example", 0, None),
        (("*.site.example",), "a.b.site.example", 0, "ssl_invalid_hostname"),
        (("other.example",), "site.example", 0, "ssl_invalid_hostname"),
        (("site.example",), "site.example", 400, "ssl_invalid_certificate"),
        (("site.example",), "site.example", -400, "ssl_invalid_certificate"),
    ],
)
def test_a_certificate_is_recorded_first_and_judged_afterwards(
    tmp_path: Path, context: tuple[str, ...], name: str, later: int, problem: str | None
) -> None:
    chain = run(handshake(servers.https_site(Page(), servers.make_context(*context)), name))
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(servers.make_issuer(servers.AUTHORITY).pem)
    assert Roots(ca_file).problem(chain, name, NOW + timedelta(days=later)) == problem


def test_an_unknown_authority_is_found_whatever_it_calls_itself(tmp_path: Path) -> None:
    forged = servers.make_context("site.example", issuer="Another authority")
    chain = run(handshake(servers.https_site(Page(), forged)))
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(servers.make_issuer(servers.AUTHORITY).pem)
    assert Roots(ca_file).problem(chain, "site.example", NOW) == "ssl_unknown_authority"
    assert Roots(ca_file).problem((b"no certificate",), "site.example", NOW) == "ssl_invalid_certificate"
    assert Roots(ca_file).problem((), "site.example", NOW) == "ssl_unknown_authority"


def test_unreadable_authorities_are_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BanwatchError, match="Cannot read the authorities"):
        Roots(tmp_path / "none.pem")


async def fetch(
    handler: Handler, *, alpn: str, limit_bytes: int = 1 << 16, tls: bool = False
) -> HttpExchange:
    net = MemoryNet(tcp={ADDRESS: handler})
    stream = await net.open_tcp(*ADDRESS)
    if tls:
        stream = await net.start_tls(stream, TlsSettings(server_name="site.example", alpn=(alpn,)))
    result = HttpExchange()
    request = HttpRequest(scheme="https", authority="site.example", path="/")
    await exchange(stream, request, result, alpn=alpn, limit_bytes=limit_bytes, clock=time.monotonic)
    return result


@pytest.mark.parametrize("alpn", ["h2", "http/1.1"])
def test_a_page_is_fetched_whole_and_cut_at_the_limit(alpn: str) -> None:
    site = servers.https_site(Page(body=b"x" * 10_000), servers.make_context("site.example"))
    whole = run(fetch(site, alpn=alpn, tls=True))
    assert whole.failure is None
    assert whole.response is not None
    assert (whole.response.status, len(whole.response.body)) == (200, 10_000)
    assert not whole.response.is_truncated
    cut = run(fetch(site, alpn=alpn, tls=True, limit_bytes=100))
    assert cut.response is not None
    assert (len(cut.response.body), cut.response.is_truncated) == (100, True)


@pytest.mark.parametrize(
    ("answer", "failure", "body"),
    [
        (b"", "eof_error", None),
        (b"\x00\x01\x02 nonsense\r\n\r\n", "unknown_failure: malformed HTTP response", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "eof_error", b"short"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", None, b"until the end"),
        (b"HTTP/1.0 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", None, b"no"),
    ],
)
def test_odd_responses_are_recorded_as_far_as_they_came(
    answer: bytes, failure: str | None, body: bytes | None
) -> None:
    async def serve(stream: MemoryStream) -> None:
        await stream.read(65536)
        if answer:
            await stream.write(answer)

    result = run(fetch(serve, alpn=""))
    assert result.failure == failure
    assert (result.response.body if result.response else None) == body


def test_a_trace_tells_every_connect_read_and_write() -> None:
    events: list[NetworkEvent] = []

    async def converse() -> None:
        async def echo(stream: MemoryStream) -> None:
            await stream.write(await stream.read(100))

        net = TracedNet(MemoryNet(tcp={ADDRESS: echo}), events.append)
        stream = await net.open_tcp(*ADDRESS)
        await stream.write(b"hello")
        assert await stream.read(3) == b"hel"
        assert await stream.read(100) == b"lo"
        assert await stream.read(100) == b""

    run(converse())
    seen = [(event.operation, event.num_bytes, event.failure) for event in events]
    assert seen == [
        ("connect", 0, None),
        ("write", 5, None),
        ("read", 3, None),
        ("read", 2, None),
        ("read", 0, "eof_error"),
    ]


def test_dns_replies_are_read_back() -> None:
    server = servers.dns_server({"site.example": ["93.184.216.34", "2606:2800::1"]})
    [(_, data)] = server(render_question("site.example", "AAAA", 7))
    reply = parse_reply_untrusted(data)
    assert (reply.message_id, reply.addresses, reply.failure) == (7, ("2606:2800::1",), None)
    [(_, data)] = server(render_question("none.example", "A", 8))
    assert parse_reply_untrusted(data).failure == "dns_nxdomain_error"


@given(st.binary(max_size=600))
def test_no_bytes_do_more_harm_than_a_wire_error(data: bytes) -> None:
    with contextlib.suppress(WireError):
        parse_reply_untrusted(data)


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_spoilt_reply_does_no_harm_either(position: int, value: int) -> None:
    [(_, data)] = servers.dns_server({"site.example": ["93.184.216.34"]})(
        render_question("site.example", "A", 1)
    )
    spoilt = bytearray(data)
    spoilt[position % len(data)] = value
    with contextlib.suppress(WireError):
        parse_reply_untrusted(bytes(spoilt))


@pytest.mark.parametrize("name", ["", "a" * 64 + ".example", "x" * 300, "ex ample..com", "\udcff.example"])
def test_names_that_cannot_be_asked_are_wire_errors(name: str) -> None:
    try:
        assert render_question(name, "A", 1)
    except WireError:
        return
    assert name in {"", "ex ample..com"}, name  # dnspython can ask for these, odd as they are
