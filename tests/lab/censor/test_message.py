"""What clients say, as real clients say it; and anything else, which is refused and nothing worse."""

import ssl
from collections.abc import Callable
from contextlib import suppress

import pytest
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.packet import QuicProtocolVersion
from hypothesis import given
from hypothesis import strategies as st

from banwatch.lab.censor.action import Direction
from banwatch.lab.censor.message import (
    read_client_hello_untrusted,
    read_dns_question_untrusted,
    read_hello_body_untrusted,
    read_http_request_untrusted,
    shape_of,
)
from banwatch.lab.censor.packet import udp_packet
from banwatch.lab.censor.quic import read_initial_untrusted
from banwatch.model.errors import WireError
from tests.lab.censor_kit import NOON, censor_of, client_hello, dns_query, outcome, truths


def openssl_hello(name: str) -> bytes:
    """The ClientHello that this Python's OpenSSL sends."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    outgoing = ssl.MemoryBIO()
    connection = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        connection.do_handshake()
    return outgoing.read()


def quic_datagrams(name: str, version: int) -> list[bytes]:
    """The first flight of a QUIC client."""
    configuration = QuicConfiguration(is_client=True, server_name=name, alpn_protocols=["h3"])
    configuration.supported_versions = [version]
    configuration.original_version = version
    connection = QuicConnection(configuration=configuration)
    connection.connect(("192.0.2.1", 443), now=0.0)
    return [data for data, _ in connection.datagrams_to_send(now=0.0)]


def test_openssls_hello_is_read() -> None:
    data = openssl_hello("www.example.org")
    hello = read_client_hello_untrusted(data + b"more")
    assert hello is not None
    assert (hello.server_name, hello.alpn, hello.has_ech) == ("www.example.org", ("h2", "http/1.1"), False)
    assert hello.size == len(data)
    assert data[hello.needed - 15 : hello.needed] == b"www.example.org"
    for cut in range(len(data)):
        assert read_client_hello_untrusted(data[:cut]) is None


@pytest.mark.parametrize("version", [QuicProtocolVersion.VERSION_1, QuicProtocolVersion.VERSION_2])
def test_aioquics_initial_is_decrypted(version: int) -> None:
    state, initial = None, None
    for datagram in quic_datagrams("www.example.org", version):
        state, initial = read_initial_untrusted(state, datagram)
    assert initial is not None
    assert initial.version == version
    assert initial.hello is not None
    assert initial.hello.server_name == "www.example.org"
    assert initial.hello.alpn == ("h3",)


QUIC = """
- id: quic
  match: {quic: {sni: [blocked.example]}}
  action: drop
  mechanism: quic.timeout
"""


def test_a_blocked_name_in_quic_is_dropped_and_its_twin_is_not() -> None:
    censor = censor_of(QUIC)
    client, site = b"\xaf\x2d\xb1\x0a", b"\x8e\xfa\x4a\x4e"
    for sport, name, expected in ((1, "www.blocked.example", "drop"), (2, "www.innocent.example", "pass")):
        for datagram in quic_datagrams(name, QuicProtocolVersion.VERSION_1):
            packet = udp_packet(client, site, sport, 443, datagram)
            last = outcome(censor.handle_packet(packet, Direction.OUTBOUND, NOON))
        assert last == expected
        back = udp_packet(site, client, 443, sport, b"answer")
        assert outcome(censor.handle_packet(back, Direction.INBOUND, NOON)) == expected
    assert [(t.names, t.rule) for t in truths(censor)] == [
        ((("sni", "www.blocked.example"),), "quic"),
        ((("sni", "www.innocent.example"),), None),
    ]


def test_a_version_can_be_blocked_without_reading_it() -> None:
    censor = censor_of(QUIC.replace("sni: [blocked.example]", "versions: [0x6b3343cf, 0xff00001d]"))
    client, site = b"\xaf\x2d\xb1\x0a", b"\x8e\xfa\x4a\x4e"
    for sport, version, expected in ((1, 1, "pass"), (2, 0x6B3343CF, "drop"), (3, 0xFF00001D, "drop")):
        payload = b"\xd0" + version.to_bytes(4, "big") + bytes(1_195)
        if version < 0xFF000000:
            payload = quic_datagrams("a.example", version)[0]
        packet = udp_packet(client, site, sport, 443, payload)
        assert outcome(censor.handle_packet(packet, Direction.OUTBOUND, NOON)) == expected


def test_questions_requests_and_shapes_are_read() -> None:
    question = read_dns_question_untrusted(dns_query("WWW.Example.org", 65))
    assert (question.name, question.query_type) == ("www.example.org", 65)
    request = read_http_request_untrusted(b"GET /a?b HTTP/1.1\r\nA: b\r\nHost: [2a00::1]:8080\r\n\r\nbody")
    assert request is not None
    assert (request.host, request.path, request.size) == ("2a00::1", "/a?b", 49)
    assert read_http_request_untrusted(b"GE") is None
    assert [shape_of(data, False) for data in (b"GET / ", client_hello("a"), b"SSH-2.0", b"")] == [
        "http",
        "tls",
        "",
        "",
    ]
    assert shape_of(dns_query("a.example"), True) == "dns"


@pytest.mark.parametrize(
    "data", [b"", bytes(12), dns_query("a.example")[:-1], b"\1\2\x81\x80" + dns_query("a.example")[4:]]
)
def test_what_is_no_question_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        read_dns_question_untrusted(data)


READERS: list[Callable[[bytes], object]] = [
    read_dns_question_untrusted,
    read_client_hello_untrusted,
    read_hello_body_untrusted,
    read_http_request_untrusted,
    lambda data: read_initial_untrusted(None, data),
    lambda data: shape_of(data, True),
]
STARTS = [
    b"",
    b"\x16\x03\x01",
    client_hello("a.example")[:30],
    dns_query("a.example"),
    b"GET / HTTP/1.1\r\nHost: ",
]
STARTS += [b"\xc0\0\0\0\1\x08iiiiiiii\0\0\x40\x30"]


@given(st.sampled_from(READERS), st.sampled_from(STARTS), st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(reader: Callable[[bytes], object], start: bytes, rest: bytes) -> None:
    with suppress(WireError):
        reader(start + rest)
