"""The seam: operations that probe and helper may ask of a network, and their results."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from banwatch.model.failure import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Datagram:
    """A UDP payload that arrived."""

    data: bytes
    at_s: float
    """Moment of arrival, on the net's clock."""
    ip_ttl: int | None
    """Time to live (hop limit) of the IP header it came in, where the system says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IcmpError:
    """An ICMP error about a packet of ours, from a router on the way or from its end."""

    version: int
    """4 or 6: which list `type` and `code` are from."""
    type: int
    code: int
    offender: str | None
    """Address of the sender, where the system reports it."""
    at_s: float
    """Moment at which we noticed it, on the net's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpInfo:
    """Kernel facts about a TCP connection (Linux `TCP_INFO`); null where there are none."""

    rtt_ms: float | None = None
    """Smoothed."""
    min_rtt_ms: float | None = None
    retransmits: int | None = None
    bytes_acked: int | None = None
    """Payload bytes that the peer's side acknowledged."""
    bytes_received: int | None = None
    """Payload bytes that came; the end of the stream counts for one."""
    bytes_retransmitted: int | None = None
    """Payload bytes that we sent more than once."""
    segments_sent: int | None = None
    """Segments with payload that we sent, those sent again included."""
    segments_received: int | None = None
    """Segments with payload that came."""
    segments_out_of_order: int | None = None
    """Those of them that came while an earlier one was missing: a loss on the way here, as seen from here."""
    receive_rtt_ms: float | None = None
    """Smoothed round trip as measured on what came, the peer's queues included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """Settings of a handshake. The certificate is never verified here: a refused one must be recorded too."""

    server_name: str | None
    """SNI; None sends none."""
    alpn: tuple[str, ...] = ()
    maximum_version: ssl.TLSVersion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFacts:
    """Results of a handshake."""

    version: str
    """`TLSv1.3`, as OONI spells it."""
    cipher_suite: str
    alpn: str
    """Empty where none was agreed on."""
    peer_certificates: tuple[bytes, ...]
    """DER, leaf first, as the peer sent them."""


class Stream(Protocol):
    """A byte stream. Every method may raise `NetworkFailure`; deadlines are the caller's."""

    async def read(self, limit_bytes: int) -> bytes:
        """Read available bytes, at most `limit_bytes`; empty means that the peer ended the stream."""

    async def write(self, data: bytes) -> None:
        """Write all of it."""

    def tcp_info(self) -> TcpInfo:
        """Ask the kernel about the connection beneath."""

    def set_ttl(self, hops: int) -> None:
        """Send what follows with this IP time to live (hop limit).

        A read fails with `host_unreachable` where a router says that it ran out; the router is not known.
        """

    def ignore_resets(self) -> bool:
        """Let the connection outlive resets from here on; False where the system does not let us."""

    def ignored_packets(self) -> int | None:
        """Count the segments that were dropped since then; null where nothing is ignored, or counted."""

    def close(self) -> None:
        """Let go of it at once; never fails, may be called twice."""


class TlsStream(Stream, Protocol):
    """A stream inside TLS."""

    @property
    def facts(self) -> TlsFacts:
        """Results of the handshake."""


class Datagrams(Protocol):
    """A UDP conversation with one address and port."""

    def send(self, data: bytes) -> None:
        """Send one datagram; raises `NetworkFailure`."""

    def icmp_errors(self) -> Sequence[IcmpError]:
        """Return the ICMP errors about what was sent, so far."""

    async def receive(self) -> Datagram:
        """Wait for the next datagram; raises `NetworkFailure`."""

    def set_ttl(self, hops: int) -> None:
        """Send what follows with this IP time to live (hop limit)."""

    def close(self) -> None:
        """Let go of it at once; never fails, may be called twice."""


class Net(Protocol):
    """A network. The real one is `banwatch.net.real.RealNet`."""

    def clock(self) -> float:
        """Return seconds on a clock that only moves forward; its zero means nothing."""

    @property
    def own_addresses(self) -> Sequence[str]:
        """This machine's addresses that were used so far, to be kept out of everything that is written."""

    @property
    def has_ipv6(self) -> bool:
        """Whether there is a way out over IPv6 at all."""

    @property
    def system_resolvers(self) -> Sequence[str]:
        """Addresses of the resolvers that the system asks for names."""

    async def resolve(self, hostname: str) -> tuple[str, ...]:
        """Ask the system's resolver (`getaddrinfo`) for addresses, in its order, each once."""

    async def open_tcp(self, ip: str, port: int, *, ttl: int | None = None) -> Stream:
        """Connect; `ttl` limits the hops of the SYN and of what follows.

        The `NetworkFailure` of a connect that ICMP errors ended has them in `icmp_errors`.
        """

    async def open_udp(self, ip: str, port: int) -> Datagrams:
        """Open a UDP conversation; sends nothing yet."""

    async def start_tls(self, stream: Stream, settings: TlsSettings) -> TlsStream:
        """Shake hands on a stream; raises `NetworkFailure` where the peer or the path does not let us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkEvent:
    """An event on a stream."""

    operation: str
    """`connect`, `read`, `write`, `tls_handshake_start`, `tls_handshake_done`, ... as df-008 has them."""
    address: str
    proto: str
    t0_s: float
    t_s: float
    """On the net's clock."""
    num_bytes: int = 0
    failure: Failure | None = None
