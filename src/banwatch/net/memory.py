"""Network in memory: names, addresses and servers in one process, for tests."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from banwatch.model import failure as df007
from banwatch.model.failure import Failure
from banwatch.net.failure import NetworkFailure
from banwatch.net.seam import Datagram, Datagrams, IcmpError, Stream, TcpInfo, TlsSettings, TlsStream
from banwatch.net.tls.handshake import shake_hands


class MemoryStream:
    """End of a pair of streams: each reads what the other writes."""

    def __init__(self) -> None:
        self._arrived: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._ended: Failure | None = None
        self._eof = False
        self.peer: MemoryStream | None = None
        self.ttl: int | None = None
        self._ignored: int | None = None

    async def read(self, limit_bytes: int) -> bytes:
        """Read what the other end wrote."""
        while not self._arrived:
            if self._ended:
                raise NetworkFailure(self._ended)
            if self._eof:
                return b""
            self._wake.clear()
            await self._wake.wait()
        data = self._arrived.popleft()
        if len(data) > limit_bytes:
            self._arrived.appendleft(data[limit_bytes:])
        return data[:limit_bytes]

    def unread(self, data: bytes) -> None:
        """Put back bytes that were read, for the next read."""
        self._arrived.appendleft(data)

    async def write(self, data: bytes) -> None:
        """Hand bytes to the other end."""
        await asyncio.sleep(0)
        if self._ended:
            raise NetworkFailure(self._ended)
        if self.peer is not None:
            self.peer._arrived.append(data)
            self.peer._wake.set()

    def abort(self, failure: Failure = df007.CONNECTION_RESET) -> None:
        """End the stream for both with a failure, as a reset does."""
        for end in (self, self.peer):
            if end is not None and end._ignored is not None:
                end._ignored += 1
            elif end is not None:
                end._ended = failure
                end._arrived.clear()
                end._wake.set()

    def tcp_info(self) -> TcpInfo:
        """Return nothing: there is no kernel here."""
        return TcpInfo()

    def set_ttl(self, hops: int) -> None:
        """Remember the hops, for the test to see."""
        self.ttl = hops

    def ignore_resets(self) -> bool:
        """Outlive `abort`, and count how often it was called."""
        self._ignored = 0
        return True

    def ignored_packets(self) -> int | None:
        """Return how many resets were ignored."""
        return self._ignored

    def close(self) -> None:
        """End the stream for the other side."""
        if self.peer is not None:
            self.peer._eof = True
            self.peer._wake.set()


def stream_pair() -> tuple[MemoryStream, MemoryStream]:
    """Make two ends of one stream."""
    one, other = MemoryStream(), MemoryStream()
    one.peer, other.peer = other, one
    return one, other


Handler = Callable[[MemoryStream], Awaitable[None]]
"""Server of a connection; it gets the server's end."""
Responder = Callable[[bytes], Sequence[tuple[float, bytes]]]
"""Server of datagrams: (seconds later, payload) for each answer."""


class _MemoryDatagrams:
    def __init__(self, responder: Responder | None, clock: Callable[[], float]) -> None:
        self._responder = responder
        self._clock = clock
        self._arrived: asyncio.Queue[Datagram] = asyncio.Queue()

    def send(self, data: bytes) -> None:
        for delay_s, payload in self._responder(data) if self._responder else ():
            asyncio.get_running_loop().call_later(delay_s, self._deliver, payload)

    def _deliver(self, payload: bytes) -> None:
        self._arrived.put_nowait(Datagram(data=payload, at_s=self._clock(), ip_ttl=64))

    def icmp_errors(self) -> tuple[IcmpError, ...]:
        return ()

    async def receive(self) -> Datagram:
        return await self._arrived.get()

    def set_ttl(self, hops: int) -> None:
        del hops

    def close(self) -> None:
        return


@dataclass
class MemoryNet:
    """A network for tests.

    A name or address that is not in the tables behaves as on a real network: NXDOMAIN, or silence.
    """

    names: Mapping[str, tuple[str, ...] | Failure] = field(default_factory=dict)
    """Answers of the system's resolver: addresses, or a failure."""
    tcp: Mapping[tuple[str, int], Handler | Failure] = field(default_factory=dict)
    """Servers by address and port, or the failure of a connect."""
    udp: Mapping[tuple[str, int], Responder] = field(default_factory=dict)
    own_addresses: tuple[str, ...] = ()
    has_ipv6: bool = False
    system_resolvers: tuple[str, ...] = ()
    connected: list[tuple[str, int]] = field(default_factory=list)
    """Every connection attempt so far, in order."""
    _serving: set["asyncio.Task[None]"] = field(default_factory=set)

    def clock(self) -> float:
        """Return seconds on the monotonic clock."""
        return time.monotonic()

    async def resolve(self, hostname: str) -> tuple[str, ...]:
        """Look the name up in the table."""
        await asyncio.sleep(0)
        found = self.names.get(hostname, df007.DNS_NXDOMAIN)
        if isinstance(found, str):
            raise NetworkFailure(found)
        return found

    async def open_tcp(self, ip: str, port: int, *, ttl: int | None = None) -> Stream:
        """Connect to a server in the table; any other address never answers."""
        self.connected.append((ip, port))
        handler = self.tcp.get((ip, port))
        if handler is None:
            await asyncio.Event().wait()
        if isinstance(handler, str):
            raise NetworkFailure(handler)
        client, server = stream_pair()
        client.ttl = ttl
        if handler is not None:
            task = asyncio.ensure_future(_serve(handler, server))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        return client

    async def open_udp(self, ip: str, port: int) -> Datagrams:
        """Talk to a server in the table; any other address never answers."""
        return _MemoryDatagrams(self.udp.get((ip, port)), self.clock)

    async def start_tls(self, stream: Stream, settings: TlsSettings) -> TlsStream:
        """Shake hands, with real TLS."""
        return await shake_hands(stream, settings)


async def _serve(handler: Handler, server: MemoryStream) -> None:
    try:
        await handler(server)
    except NetworkFailure:
        return  # the client went away
    finally:
        server.close()
