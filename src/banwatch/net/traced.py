"""Net that notes every event."""

from collections.abc import Callable, Sequence

from banwatch.model.failure import Failure
from banwatch.net.failure import NetworkFailure
from banwatch.net.forwarding import ForwardingStream
from banwatch.net.seam import (
    Datagram,
    Datagrams,
    IcmpError,
    Net,
    NetworkEvent,
    Stream,
    TlsSettings,
    TlsStream,
)

_MAX_NOTED_DATAGRAMS = 40

Sink = Callable[[NetworkEvent], None]


class TracedStream(ForwardingStream):
    """A stream whose every read and write is noted."""

    def __init__(self, stream: Stream, address: str, clock: Callable[[], float], sink: Sink) -> None:
        super().__init__(stream)
        self._address = address
        self._clock = clock
        self._sink = sink

    def _note(self, operation: str, t0_s: float, num_bytes: int = 0, failure: Failure | None = None) -> None:
        self._sink(
            NetworkEvent(
                operation=operation,
                address=self._address,
                proto="tcp",
                t0_s=t0_s,
                t_s=self._clock(),
                num_bytes=num_bytes,
                failure=failure,
            )
        )

    async def read(self, limit_bytes: int) -> bytes:
        """Read, and note how much came."""
        t0_s = self._clock()
        try:
            data = await self._stream.read(limit_bytes)
        except NetworkFailure as error:
            self._note("read", t0_s, failure=error.failure)
            raise
        self._note("read", t0_s, len(data), None if data else "eof_error")
        return data

    async def write(self, data: bytes) -> None:
        """Write, and note how much went."""
        t0_s = self._clock()
        try:
            await self._stream.write(data)
        except NetworkFailure as error:
            self._note("write", t0_s, failure=error.failure)
            raise
        self._note("write", t0_s, len(data))


class TracedDatagrams:
    """A conversation whose first datagrams are noted: the handshake, and how the rest begins."""

    def __init__(self, datagrams: Datagrams, address: str, clock: Callable[[], float], sink: Sink) -> None:
        self._datagrams = datagrams
        self._address = address
        self._clock = clock
        self._sink = sink
        self._noted = 0

    def _note(self, operation: str, t0_s: float, num_bytes: int = 0, failure: Failure | None = None) -> None:
        if self._noted >= _MAX_NOTED_DATAGRAMS:
            return
        self._noted += 1
        self._sink(
            NetworkEvent(
                operation=operation,
                address=self._address,
                proto="udp",
                t0_s=t0_s,
                t_s=self._clock(),
                num_bytes=num_bytes,
                failure=failure,
            )
        )

    def send(self, data: bytes) -> None:
        """Send, and note how much went."""
        t0_s = self._clock()
        try:
            self._datagrams.send(data)
        except NetworkFailure as error:
            self._note("write_to", t0_s, failure=error.failure)
            raise
        self._note("write_to", t0_s, len(data))

    def icmp_errors(self) -> Sequence[IcmpError]:
        """Return the ICMP errors of the conversation beneath."""
        return self._datagrams.icmp_errors()

    async def receive(self) -> Datagram:
        """Wait, and note how much came."""
        t0_s = self._clock()
        try:
            datagram = await self._datagrams.receive()
        except NetworkFailure as error:
            self._note("read_from", t0_s, failure=error.failure)
            raise
        self._note("read_from", t0_s, len(datagram.data))
        return datagram

    def set_ttl(self, hops: int) -> None:
        """Limit the hops of what follows."""
        self._datagrams.set_ttl(hops)

    def close(self) -> None:
        """Close it."""
        self._datagrams.close()


class TracedNet:
    """A net that hands every connect, read and write of its streams to a sink.

    Args:
        net: the net that does the work.
        sink: is called with each event, in order.
    """

    def __init__(self, net: Net, sink: Sink) -> None:
        self._net = net
        self._sink = sink

    def clock(self) -> float:
        """Return the clock of the net beneath."""
        return self._net.clock()

    @property
    def own_addresses(self) -> Sequence[str]:
        """Addresses of the net beneath."""
        return self._net.own_addresses

    @property
    def has_ipv6(self) -> bool:
        """Answer of the net beneath."""
        return self._net.has_ipv6

    @property
    def system_resolvers(self) -> Sequence[str]:
        """Answer of the net beneath."""
        return self._net.system_resolvers

    async def resolve(self, hostname: str) -> tuple[str, ...]:
        """Resolve; lookups have records of their own, so nothing is noted."""
        return await self._net.resolve(hostname)

    async def open_tcp(self, ip: str, port: int, *, ttl: int | None = None) -> Stream:
        """Connect, note it, and trace the stream."""
        address = f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
        t0_s = self.clock()
        failure: Failure | None = None
        try:
            stream = await self._net.open_tcp(ip, port, ttl=ttl)
        except NetworkFailure as error:
            failure = error.failure
            raise
        finally:
            self._sink(
                NetworkEvent(
                    operation="connect",
                    address=address,
                    proto="tcp",
                    t0_s=t0_s,
                    t_s=self.clock(),
                    failure=failure,
                )
            )
        return TracedStream(stream, address, self.clock, self._sink)

    async def open_udp(self, ip: str, port: int) -> Datagrams:
        """Open, and trace the conversation's first datagrams."""
        address = f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
        return TracedDatagrams(await self._net.open_udp(ip, port), address, self.clock, self._sink)

    async def start_tls(self, stream: Stream, settings: TlsSettings) -> TlsStream:
        """Shake hands; the reads and writes beneath are noted by the stream."""
        return await self._net.start_tls(stream, settings)
