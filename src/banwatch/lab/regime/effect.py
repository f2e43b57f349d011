"""Effects of a rule: what a censor does to packets, and to the flows that come after."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network

from banwatch.lab.regime.match import Address


class Way(StrEnum):
    """Which packets of a flow, seen from the client."""

    BOTH = "both"
    OUTBOUND = "outbound"
    INBOUND = "inbound"


class Side(StrEnum):
    """To whom something is injected."""

    BOTH = "both"
    CLIENT = "client"
    SERVER = "server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Withhold the flow's packets from the triggering one on."""

    way: Way = Way.BOTH
    after_packets: int = 0
    """How many more packets pass before it begins (the triggering one counts)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """Forge TCP resets. In-path, the triggering packet and what follows it is dropped as well."""

    to: Side = Side.BOTH
    count: int = 1
    """Resets to each side; the n-th takes the n-th offset, the last one repeating."""
    ack: bool = True
    """RST+ACK rather than a bare RST."""
    offsets: tuple[int, ...] = (0,)
    """Added to the sequence number that the receiver expects."""
    ttl: int | None = None
    """A fixed IP TTL; None mirrors that of the packet that triggered it."""
    after_handshake: bool = False
    """Where a SYN triggers it: let the connection be made, and end it as soon as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """Forge a TCP FIN: the connection ends as if the far end had closed it."""

    to: Side = Side.BOTH
    ttl: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeDns:
    """Answer a question in the resolver's name. On-path it races the real answer; in-path it replaces it."""

    a: tuple[IPv4Network, ...] = ()
    """Pool that forged A records are drawn from, the same one for a name every time."""
    aaaa: tuple[IPv6Network, ...] = ()
    rcode: int = 0
    answers: int = 1
    """Forged replies per question, each with another address of the pool."""
    record_ttl_s: int = 300
    ttl: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpPage:
    """Answer an HTTP request in the site's name, then end the connection on both sides."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    ttl: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IcmpUnreachable:
    """Answer with ICMP destination unreachable, and drop the packet."""

    code: int = 13
    """Of ICMPv4: 0 network, 1 host, 3 port, 13 prohibited; turned into ICMPv6's by meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsAlert:
    """Send the client a fatal TLS alert in the site's name, then end the connection."""

    description: int = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """Hold the flow to a rate, by dropping what exceeds it (policing) or by delaying it (shaping)."""

    kbit_s: float = 130.0
    shaping: bool = False
    burst_bytes: int = 8_000
    way: Way = Way.BOTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Withhold everything after so many payload bytes from the far end."""

    after_bytes: int = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Divert:
    """Carry the flow to another address, whose answers come back in the name of the one it was sent to."""

    address: tuple[Address, ...]
    port: int | None = None


Effect = Drop | Reset | Finish | ForgeDns | HttpPage | IcmpUnreachable | TlsAlert | Throttle | Freeze | Divert


class ResidualKey(StrEnum):
    """Which later flows are punished too."""

    TWO = "2-tuple"
    """Client address and far address."""
    THREE = "3-tuple"
    """Client address, far address and far port."""
    FOUR = "4-tuple"
    """With the client's port: that very connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """Later flows meet the same effects for a while, whatever they say."""

    key: ResidualKey = ResidualKey.THREE
    seconds: float = 60.0
    """Of lab time."""
    refresh: bool = False
    """Whether every punished packet starts the time anew."""
    effects: tuple[Effect, ...] = (Drop(),)
    mechanism: str | None = None
    """What an observer of such a flow would name; the rule's own where it says nothing else."""
