"""Server of a world: one asyncio process in the world's namespace, with every socket of the world."""

import asyncio
import contextlib
import functools
import gc
import resource
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from ipaddress import ip_address
from random import Random
from typing import TYPE_CHECKING, Any, cast

from banwatch.helper import create_helper
from banwatch.helper.server import Helper, HelperSettings
from banwatch.lab.machine.world_server.connection import Connection
from banwatch.lab.world.credentials import Credentials
from banwatch.lab.world.datagram import NTP_PORT, STUN_PORTS
from banwatch.lab.world.host import Clock, Host, ResolverHost, SiteHost
from banwatch.lab.world.world import DNS_PORT, HTTP_PORT, HTTPS_PORT, Address, Handshake, Service, Site, World
from banwatch.lab.world.zone import Zone, fit_datagram
from banwatch.model.errors import BanwatchError

if TYPE_CHECKING:
    from aioquic.asyncio.server import QuicServer

BACKLOG = 256
HELPER_CACHE_S = 3.0
"""Machine seconds for which the helper repeats a control: less than the time between two rounds of a play."""
_UDP_BUFFER_BYTES = 1 << 20

Answer = Callable[[bytes, Address, int], bytes | None]
"""Handler of a datagram, with the client's address and port."""
UDP_PORTS = {Service.STUN: STUN_PORTS, Service.NTP: (NTP_PORT,)}

EndpointMap = Callable[[Address, int], tuple[str, int]]
"""Map from an address and port of the world to where they listen; tests move them to loopback."""


def as_addressed(address: Address, port: int) -> tuple[str, int]:
    """Return the address and port themselves, for a namespace that has every address."""
    return str(address), port


def serve_world(world: World, *, ready: Callable[[], None], clock: Clock, tier: object = None) -> None:
    """Answer for every address of the world until SIGTERM.

    Args:
        world: the world to serve.
        ready: called once, when every port listens.
        clock: the lab's clock.
        tier: the client's tier; unused, since sites tell clients apart by address.

    Raises:
        BanwatchError: an address cannot be listened at.
    """
    del tier
    asyncio.run(_serve_until_terminated(world, ready, clock))


async def _serve_until_terminated(world: World, ready: Callable[[], None], clock: Clock) -> None:
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[None] = loop.create_future()

    def fail(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """End the run on an internal error: a world that partly works would look like censorship."""
        if not stopped.done():
            stopped.set_exception(context.get("exception") or RuntimeError(context["message"]))

    def end() -> None:
        if not stopped.done():
            stopped.set_result(None)

    loop.set_exception_handler(fail)
    loop.add_signal_handler(signal.SIGTERM, end)
    async with serving(world, clock):
        gc.freeze()  # the world never becomes garbage, so no collection need visit it
        ready()
        await stopped


@contextlib.asynccontextmanager
async def serving(
    world: World, clock: Clock, *, endpoint_of: EndpointMap = as_addressed, with_helper: bool = True
) -> AsyncIterator[None]:
    """Serve a world inside the running event loop for as long as the context lasts."""
    sockets = _Sockets(endpoint_of)
    helper: Helper | None = None
    try:
        for address, host in hosts_of(world, clock).items():
            if address.version == 4 or _ipv6_here(address, endpoint_of):
                await sockets.listen(address, host)
        if with_helper:
            helper = await _start_helper(world, clock, endpoint_of)
        yield
    finally:
        if helper is not None:
            await helper.stop()
        await sockets.close()


def _ipv6_here(address: Address, endpoint_of: EndpointMap) -> bool:
    """Return whether this namespace has an IPv6 address: the machine, or the lab, may have none."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as trial:
            trial.bind((endpoint_of(address, 0)[0], 0))
    except OSError:
        return False
    return True


def hosts_of(world: World, clock: Clock) -> dict[Address, Host]:
    """Make the host of each address, the helper's excepted."""
    credentials = Credentials()
    zone = Zone(world)
    rng = Random()
    at: dict[Address, list[Site]] = {}
    for site in world.sites:
        for address in site.answering:
            at.setdefault(address, []).append(site)
    hosts: dict[Address, Host] = {
        address: SiteHost(world, sites, credentials, clock, rng) for address, sites in at.items()
    }
    for resolver in world.resolvers:
        for address in resolver.addresses:
            hosts[address] = ResolverHost(resolver, address, zone, credentials, clock)
    return hosts


async def _start_helper(world: World, clock: Clock, endpoint_of: EndpointMap) -> Helper:
    resolver = next(a for a in reversed(world.public_resolvers[-1].addresses) if a.version == 4)
    host, port = endpoint_of(resolver, DNS_PORT)
    settings = HelperSettings(
        resolvers=(f"{host}:{port}",),
        ca_file=world.ca_file,
        now=clock.now,
        step_timeout_s=world.helper.step_timeout_s,
        cache_s=HELPER_CACHE_S,
    )
    helper = create_helper(settings)
    context = Credentials().of_helper(world.helper.hostname, world.helper.address)
    await helper.start(*endpoint_of(world.helper.address, HTTP_PORT))
    await helper.start(*endpoint_of(world.helper.address, HTTPS_PORT), context)
    return helper


class _Sockets:
    """Listeners and open connections of the process."""

    def __init__(self, endpoint_of: EndpointMap) -> None:
        self._endpoint_of = endpoint_of
        self._servers: list[asyncio.Server] = []
        self._datagrams: list[asyncio.DatagramTransport] = []
        self._quic: list[QuicServer] = []
        self._alive: set[Connection] = set()
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    async def listen(self, address: Address, host: Host) -> None:
        """Open every port of a host, each at exactly its address; other ports stay closed."""
        loop = asyncio.get_running_loop()
        for port in host.ports:
            listener = self._bind(address, port, socket.SOCK_STREAM)
            factory = self._connections(address, host, port, host.context(port))
            self._servers.append(await loop.create_server(factory, sock=listener, backlog=BACKLOG))
        if isinstance(host, ResolverHost):
            await self._answer(address, DNS_PORT, lambda data, client, _: _resolve(host, data, client))
        elif isinstance(host, SiteHost):
            for service in host.services:
                for port in UDP_PORTS[service]:
                    await self._answer(address, port, functools.partial(host.datagram, service))
            if host.http3_sites:
                from banwatch.lab.machine.world_server.http3 import (
                    listen,  # heavy to import, and most worlds do without
                )

                endpoint = self._endpoint_of(address, HTTPS_PORT)
                self._quic.append(await listen(*endpoint, host.http3_sites, host.handler_for))

    async def _answer(self, address: Address, port: int, answer: Answer) -> None:
        """Answer datagrams at an address and port."""
        listener = self._bind(address, port, socket.SOCK_DGRAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _UDP_BUFFER_BYTES)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(answer), sock=listener)
        self._datagrams.append(transport)

    def _connections(
        self, address: Address, host: Host, port: int, context: ssl.SSLContext | None
    ) -> Callable[[], Connection]:
        handshake = host.handshake if isinstance(host, SiteHost) else Handshake.ANSWERED
        is_down = host.is_down if isinstance(host, SiteHost) else _never
        return lambda: Connection(
            address,
            lambda client, alpn: host.open(port, client, alpn),
            context,
            self._alive,
            handshake,
            is_down,
        )

    def _bind(self, address: Address, port: int, kind: socket.SocketKind) -> socket.socket:
        family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
        opened = socket.socket(family, kind)
        try:
            opened.setblocking(False)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            opened.bind(self._endpoint_of(address, port))
        except OSError as error:
            opened.close()
            raise BanwatchError(
                f"the world cannot listen at {address} port {port}: {error.strerror}",
                "Is another world in this namespace, or the address missing from it?",
            ) from error
        return opened

    async def close(self) -> None:
        """Close everything."""
        for transport in self._datagrams:
            transport.close()
        for quic in self._quic:
            quic.close()
        for server in self._servers:
            server.close()
        for connection in tuple(self._alive):
            connection.abort()
        await asyncio.sleep(0)  # let the transports run their closing callbacks


def _never() -> bool:
    return False


def _resolve(host: ResolverHost, query: bytes, client: Address) -> bytes | None:
    answer = host.answer(query, client)
    return None if answer is None else fit_datagram(query, answer)


class _Datagrams(asyncio.DatagramProtocol):
    """UDP socket whose datagrams a handler answers."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(
            asyncio.DatagramTransport, transport
        )  # Python 3.11's transport is no subclass of it

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._answer(data, ip_address(addr[0].partition("%")[0]), addr[1])
        if answer is not None:
            self._transport.sendto(answer, addr)
