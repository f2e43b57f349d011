"""Effects of a rule: what a censor does to packets, and to the flows that come after."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network

from banwatch.lab.regime.match import Address


class Way(StrEnum):
    """Direction of a flow's packets, seen from the client."""

    BOTH = "both"
    OUTBOUND = "outbound"
    INBOUND = "inbound"


class Side(StrEnum):
    """Side of a connection to which packets are injected."""

    BOTH = "both"
    CLIENT = "client"
    SERVER = "server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Effect: withhold the flow's packets from the triggering one on."""

    way: Way = Way.BOTH
    after_packets: int = 0
    """Packets that still pass before it begins (the triggering one counts)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """Effect: forge TCP resets. In-path, the triggering packet and what follows it is dropped as well."""

    to: Side = Side.BOTH
    count: int = 1
    """Number of resets to each side; the n-th takes the n-th offset, the last one repeating."""
    ack: bool = True
    """Whether resets are RST+ACK rather than a bare RST."""
    offsets: tuple[int, ...] = (0,)
    """Offsets added to the sequence number that the receiver expects."""
    ttl: int | None = None
    """IP TTL of the forged packets; None mirrors that of the triggering packet."""
    after_handshake: bool = False
    """Whether a rule that a SYN triggers ends the connection only once it is established."""
    payload: bytes = b""
    """Bytes that the forged resets carry, as those of some devices do (RFC 9293, section 3.5.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """Effect: forge a TCP FIN: the connection ends as if the far end had closed it."""

    to: Side = Side.BOTH
    ttl: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeDns:
    """Effect: answer a question in the resolver's name; on-path before the real answer, in-path instead."""

    a: tuple[IPv4Network, ...] = ()
    """Pool of forged A records; a name gets the same record every time."""
    aaaa: tuple[IPv6Network, ...] = ()
    rcode: int = 0
    cname: str = ""
    """Canonical name that the forged reply gives first; its address records are that name's."""
    answers: int = 1
    """Number of forged replies to a question, each with another address of the pool."""
    record_ttl_s: int = 300
    ttl: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpPage:
    """Effect: answer an HTTP request in the site's name, then end the connection on both sides."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    ttl: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IcmpUnreachable:
    """Effect: answer with ICMP destination unreachable, and drop the packet."""

    code: int = 13
    """Code of ICMPv4: 0 network, 1 host, 3 port, 13 prohibited; translated for ICMPv6 by meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsAlert:
    """Effect: send the client a fatal TLS alert in the site's name, then end the connection."""

    description: int = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """Effect: hold the flow to a rate, by dropping what exceeds it (policing) or by delaying it (shaping)."""

    kbit_s: float = 130.0
    shaping: bool = False
    burst_bytes: int = 8_000
    way: Way = Way.BOTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Effect: withhold everything after so many payload bytes from the far end."""

    after_bytes: int = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Divert:
    """Effect: carry the flow to another address, whose answers come from the address that was asked."""

    address: tuple[Address, ...]
    port: int | None = None


Effect = Drop | Reset | Finish | ForgeDns | HttpPage | IcmpUnreachable | TlsAlert | Throttle | Freeze | Divert


class ResidualKey(StrEnum):
    """Key of the later flows that a residual affects."""

    TWO = "2-tuple"
    """Client address and far address."""
    THREE = "3-tuple"
    """Client address, far address and far port."""
    FOUR = "4-tuple"
    """Client and far address and port: the same connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """Residual blocking: effects on later flows for a while, whatever they carry."""

    key: ResidualKey = ResidualKey.THREE
    seconds: float = 60.0
    """Duration in lab time."""
    refresh: bool = False
    """Whether every affected flow starts the time again."""
    effects: tuple[Effect, ...] = (Drop(),)
    mechanism: str | None = None
    """Mechanism that an observer of such a flow would name; None for the rule's own."""
