"""A world on loopback: real TLS, HTTP and DNS, asked by clients that are not ours."""

import asyncio
import functools
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ParamSpec

import dns.asyncquery
import dns.message
import pytest

from banwatch.lab.clock import LabClock
from banwatch.lab.world import World, load_world
from banwatch.lab.world.serving import serving
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
OFFSET = 20_000


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
    async with serving(world, LabClock(LAB_DAY), place=_on_loopback, with_helper=with_helper):
        yield world


async def _fetch(
    world: World, name: str, *, at: str = "", alpn: str = "http/1.1", sni: str | None = None
) -> str:
    """Fetch a site's front page with asyncio's own TLS; returns the answer's text."""
    site = next(site for site in world.sites if name in site.names)
    host, port = _on_loopback(site.addresses[0], 443)
    context = ssl.create_default_context(cafile=str(world.ca_file))
    context.set_alpn_protocols([alpn])
    reader, writer = await asyncio.open_connection(at or host, port, ssl=context, server_hostname=sni or name)
    try:
        writer.write(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
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
async def test_an_address_that_is_taken_is_said_so():
    taken = socket.socket()
    taken.bind(("127.8.8.8", 53 + OFFSET))
    with taken, pytest.raises(BanwatchError, match=r"cannot listen at 8\.8\.8\.8 port 53"):
        async with _world():
            pass
