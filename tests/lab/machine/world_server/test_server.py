"""A world on loopback: real TLS, HTTP and DNS, asked by clients that are not ours."""

import asyncio
import functools
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, ParamSpec

import dns.asyncquery
import dns.message
import pytest
from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import QuicEvent
from cryptography import x509

from banwatch.lab.machine.clock import LabClock
from banwatch.lab.machine.world_server.server import serving
from banwatch.lab.world import World, load_world
from banwatch.lab.world.file import parse_world
from banwatch.lab.world.world import Address
from banwatch.model.errors import BanwatchError

P = ParamSpec("P")


def in_a_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an asynchronous test."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


LAB_DAY = datetime(2016, 4, 1, tzinfo=UTC)
OFFSET = 20_000 + os.getpid() % 50 * 100
"""Above the system's ports, and another one for every process that runs these tests."""
pytestmark = pytest.mark.xdist_group("world on loopback")


def _on_loopback(address: Address, port: int) -> tuple[str, int]:
    """Keep hosts apart by address, as the world does: all of 127.0.0.0/8 is this machine."""
    if address.version == 6:
        pytest.skip("only the IPv4 half of a world fits on loopback")
    return "127." + str(address).partition(".")[2], port + OFFSET if port else 0


def _four(world: World) -> World:
    """Leave the IPv6 half out."""
    sites = tuple(replace(s, addresses=tuple(a for a in s.addresses if a.version == 4)) for s in world.sites)
    resolvers = tuple(
        replace(r, addresses=tuple(a for a in r.addresses if a.version == 4)) for r in world.resolvers
    )
    return replace(world, sites=sites, resolvers=resolvers)


@asynccontextmanager
async def _world(*, with_helper: bool = False) -> AsyncIterator[World]:
    world = _four(load_world())
    async with serving(world, LabClock(LAB_DAY), endpoint_of=_on_loopback, with_helper=with_helper):
        yield world


async def _fetch(
    world: World,
    name: str,
    *,
    at: str = "",
    alpn: str = "http/1.1",
    sni: str | None = None,
    host: str | None = None,
) -> str:
    """Fetch a site's front page with asyncio's own TLS; returns the answer's text."""
    site = next(site for site in world.sites if name in site.names)
    local, port = _on_loopback(site.addresses[0], 443)
    context = ssl.create_default_context(cafile=str(world.ca_file))
    context.set_alpn_protocols([alpn])
    reader, writer = await asyncio.open_connection(
        at or local, port, ssl=context, server_hostname=sni or name
    )
    try:
        writer.write(f"GET / HTTP/1.1\r\nHost: {host or name}\r\nConnection: close\r\n\r\n".encode())
        return (await reader.read()).decode()
    finally:
        writer.close()


@in_a_loop
async def test_sites_at_one_address_have_their_own_certificates_and_pages():
    async with _world() as world:
        bbc, times = await asyncio.gather(_fetch(world, "www.bbc.com"), _fetch(world, "www.nytimes.com"))
    assert bbc.startswith("HTTP/1.1 200 OK\r\nDate: Fri, 01 Apr 2016 00:00:0")
    assert "BBC - Homepage" in bbc
    assert "The New York Times" in times


@in_a_loop
async def test_a_name_that_is_not_there_gets_a_neighbour_s_certificate_and_is_misdirected():
    async with _world() as world:
        with pytest.raises(ssl.SSLCertVerificationError):
            await _fetch(world, "www.bbc.com", sni="www.facebook.com")
        answer = await _fetch(
            world, "www.cnn.com", at=_on_loopback(_address(world, "www.bbc.com"), 443)[0], sni="www.bbc.com"
        )
    assert " 421 " in answer.partition("\r\n")[0]


def _address(world: World, name: str) -> Address:
    return next(site.addresses[0] for site in world.sites if name in site.names)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("expired.badssl.com", "certificate has expired"),
        ("wrong.host.badssl.com", "Hostname mismatch"),
        ("self-signed.badssl.com", "self-signed certificate"),
    ],
)
@in_a_loop
async def test_certificates_with_trouble(name: str, reason: str):
    async with _world() as world:
        with pytest.raises(ssl.SSLCertVerificationError, match=reason):
            await _fetch(world, name)


@in_a_loop
async def test_what_is_down_stays_down_and_closed_ports_refuse():
    async with _world() as world:
        for name in ("www.geocities.com", "www.kcna.kp"):  # nothing at all, and no TLS
            with pytest.raises(ConnectionRefusedError):
                await _fetch(world, name)


@in_a_loop
async def test_a_refusal_is_for_the_client_s_country_only():
    async with _world() as world:
        assert " 200 " in (await _fetch(world, "www.paypal.com")).partition("\r\n")[0]


@in_a_loop
async def test_resolvers_over_udp_and_tcp_and_tls():
    query = dns.message.make_query("www.facebook.com", "A")
    async with _world() as world:
        context = ssl.create_default_context(cafile=str(world.ca_file))
        google = "127.8.8.8"
        answers = await asyncio.gather(
            dns.asyncquery.udp(query, google, port=53 + OFFSET, timeout=5),
            dns.asyncquery.udp(query, "127.45.176.15", port=53 + OFFSET, timeout=5),
            dns.asyncquery.tcp(query, google, port=53 + OFFSET, timeout=5),
            dns.asyncquery.tls(
                query, google, port=853 + OFFSET, timeout=5, ssl_context=context, server_hostname="dns.google"
            ),
        )
    assert {answer.answer[0][0].to_text() for answer in answers} == {"157.240.22.35"}


@in_a_loop
async def test_doh_speaks_http1_and_the_isp_has_none():
    query = dns.message.make_query("www.facebook.com", "A", use_edns=False)
    query.id = 0
    async with _world() as world:
        context = ssl.create_default_context(cafile=str(world.ca_file))
        reader, writer = await asyncio.open_connection(
            "127.9.9.9", 443 + OFFSET, ssl=context, server_hostname="dns.quad9.net"
        )
        wire = query.to_wire()
        head = f"POST /dns-query HTTP/1.1\r\nHost: dns.quad9.net\r\nContent-Length: {len(wire)}\r\n"
        writer.write(
            f"{head}Content-Type: application/dns-message\r\nConnection: close\r\n\r\n".encode() + wire
        )
        answer = (await reader.read()).partition(b"\r\n\r\n")[2]
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.45.176.15", 443 + OFFSET)
    assert dns.message.from_wire(answer).answer[0][0].to_text() == "157.240.22.35"


@in_a_loop
async def test_a_public_resolver_sends_browsers_to_its_page():
    async with _world():
        reader, writer = await asyncio.open_connection("127.1.1.1", 80 + OFFSET)
        writer.write(b"GET / HTTP/1.1\r\nHost: blocked.example\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 301 ")
    assert b"Location: https://one.one.one.one/\r\n" in answer


@in_a_loop
async def test_an_address_that_is_taken_is_said_so():
    taken = socket.socket()
    taken.bind(("127.8.8.8", 53 + OFFSET))
    with taken, pytest.raises(BanwatchError, match=r"cannot listen at 8\.8\.8\.8 port 53"):
        async with _world():
            pass


@in_a_loop
async def test_http3_is_the_same_site():
    async with _world() as world:
        host, port = _on_loopback(_address(world, "http3.behaviour-lab.net"), 443)
        configuration = QuicConfiguration(
            alpn_protocols=H3_ALPN, cafile=str(world.ca_file), server_name="http3.behaviour-lab.net"
        )
        async with connect(
            host, port, configuration=configuration, create_protocol=_Http3Client, wait_connected=True
        ) as client:
            assert isinstance(client, _Http3Client)
            status, body = await asyncio.wait_for(client.get("http3.behaviour-lab.net"), 10)
    assert status == b"200"
    assert b"<title>HTTP/3 too</title>" in body


class _Http3Client(QuicConnectionProtocol):
    """As little of a client as one request needs."""

    async def get(self, name: str) -> tuple[bytes, bytes]:
        self._http = H3Connection(self._quic)
        self._status, self._body = b"", b""
        self._done = asyncio.get_running_loop().create_future()
        stream_id = self._quic.get_next_available_stream_id()
        headers = [
            (b":method", b"GET"),
            (b":scheme", b"https"),
            (b":authority", name.encode()),
            (b":path", b"/"),
        ]
        self._http.send_headers(stream_id, headers, end_stream=True)
        self.transmit()
        await self._done
        return self._status, self._body

    def quic_event_received(self, event: QuicEvent) -> None:
        for found in self._http.handle_event(event) if hasattr(self, "_http") else ():
            if isinstance(found, HeadersReceived):
                self._status = dict(found.headers)[b":status"]
            elif isinstance(found, DataReceived):
                self._body += found.data
            if found.stream_ended and not self._done.done():  # type: ignore[attr-defined]  # data or headers
                self._done.set_result(None)


@in_a_loop
async def test_stun_and_time_answer_from_where_they_were_asked():
    async with _world() as world:
        stun = _on_loopback(_address(world, "stun.l.google.com"), 19302)
        time = _on_loopback(_address(world, "time.cloudflare.com"), 123)
        request = bytes.fromhex("000100002112a442") + b"transaction!"
        (answer, port), (ntp, _) = await asyncio.gather(
            _ask_once(stun, request), _ask_once(time, bytes([0x23]) + bytes(47))
        )
    assert answer[:2] == bytes.fromhex("0101")
    assert int.from_bytes(answer[26:28], "big") ^ 0x2112 == port
    seen = bytes(a ^ b for a, b in zip(answer[28:32], bytes.fromhex("2112a442"), strict=True))
    assert seen == bytes([127, 0, 0, 1])
    assert int.from_bytes(ntp[40:44], "big") - 2_208_988_800 == pytest.approx(LAB_DAY.timestamp(), abs=10)


async def _ask_once(where: tuple[str, int], datagram: bytes) -> tuple[bytes, int]:
    """Send one datagram from a connected socket, to which only that address can answer."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.setblocking(False)
        opened.bind(("127.0.0.1", 0))
        opened.connect(where)
        await loop.sock_sendall(opened, datagram)
        return await asyncio.wait_for(loop.sock_recv(opened, 2048), 10), opened.getsockname()[1]


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("hangs-up.behaviour-lab.net", ConnectionResetError),
        ("ends-tls.behaviour-lab.net", (ConnectionResetError, ssl.SSLEOFError, OSError)),
        ("silent-tls.behaviour-lab.net", TimeoutError),
    ],
)
@in_a_loop
async def test_servers_hang_up_by_themselves(name: str, outcome: type[Exception]):
    async with _world() as world:
        with pytest.raises(outcome):
            await asyncio.wait_for(_fetch(world, name), 0.5)
        host, port = _on_loopback(_address(world, name), 80)
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        assert b" 200 " in (await reader.read()).partition(b"\r\n")[0]
        writer.close()


ODD_WORLD = """\
name: odd
helper: {hostname: helper.example, address: 185.199.108.153}
resolvers:
  - {hostname: ns.example, addresses: [175.45.176.15], isp: true, dot: false, doh: false}
sites:
  - hostname: gateway.example
    addresses: [104.244.46.11]
    any_name: true
    certificate: untrusted
  - {hostname: block.example, addresses: [104.244.46.12], any_name: true, title: Blocked}
  - hostname: down.example
    addresses: [104.244.46.13]
    outages: [{begins: "2016-03-31T00:00Z", ends: "2016-04-01T12:00Z"}]
  - hostname: up.example
    addresses: [104.244.46.14]
    outages: [{begins: "2016-04-02T00:00Z", ends: "2016-04-03T00:00Z"}]
"""


async def _certificate(address: str, name: str) -> x509.Certificate:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    host, port = _on_loopback(ip_address(address), 443)
    _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=name)
    try:
        return x509.load_der_x509_certificate(writer.get_extra_info("ssl_object").getpeercert(True))
    finally:
        writer.close()


@in_a_loop
async def test_a_server_that_answers_for_any_name():
    """An interception device shows a certificate for the name that was asked, by an authority of its own."""
    world = parse_world(ODD_WORLD)
    async with serving(world, LabClock(LAB_DAY), endpoint_of=_on_loopback, with_helper=False):
        forged = await _certificate("104.244.46.11", "www.example.com")
        at = _on_loopback(ip_address("104.244.46.12"), 443)[0]
        page = await _fetch(world, "block.example", at=at, sni="block.example", host="www.example.com")
    names = forged.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["www.example.com"]
    assert "Security Gateway CA" in forged.issuer.rfc4514_string()
    assert " 200 " in page.partition("\r\n")[0]
    assert "Blocked" in page


@in_a_loop
async def test_a_site_that_is_down_for_everybody_for_a_while():
    world = parse_world(ODD_WORLD)
    async with serving(world, LabClock(LAB_DAY), endpoint_of=_on_loopback, with_helper=False):
        assert " 200 " in await _fetch(world, "up.example")
        with pytest.raises((ConnectionError, ssl.SSLError)):
            await _fetch(world, "down.example")
