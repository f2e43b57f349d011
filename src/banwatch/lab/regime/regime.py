"""What a censor does, to whom and when: a regime as a frozen value. `regime_file` reads one from YAML."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from banwatch.model.ids import Asn, CountryCode

Address = IPv4Address | IPv6Address
Prefix = IPv4Network | IPv6Network


class NetworkKind(StrEnum):
    """What a tier's network is to the people on it."""

    FIXED = "fixed"
    MOBILE = "mobile"
    INTRANET = "intranet"


class HelperPath(StrEnum):
    """Whether a probe's control travels through the censor or around it."""

    IN_BAND = "in-band"
    OUT_OF_BAND = "out-of-band"


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


class Placement(StrEnum):
    """In-path can withhold a packet; on-path sees copies and can only add to them."""

    IN_PATH = "in-path"
    ON_PATH = "on-path"


class Per(StrEnum):
    """What a rule's probability is drawn for: every flow anew, or once for all flows of an hour or a day."""

    FLOW = "flow"
    HOUR = "hour"
    DAY = "day"


# -- what a rule looks for ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class NameList:
    """Names, in lower case without a final dot."""

    exact: frozenset[str] = frozenset()
    suffix: frozenset[str] = frozenset()
    """The name itself and every name under it."""
    wildcard: tuple[str, ...] = ()
    """`*` stands for any run of characters, dots included."""
    substring: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.exact) + len(self.suffix) + len(self.wildcard) + len(self.substring)


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsTrigger:
    """A question for one of the names, over UDP or TCP."""

    names: NameList
    types: frozenset[int] = frozenset()
    """Query types; empty is every type."""
    exact_case: bool = False
    """A careless filter, which misses a name that is not written in lower case throughout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsTrigger:
    """A ClientHello. Every condition that is given must hold."""

    sni: NameList | None = None
    ech: bool | None = None
    """Whether an encrypted_client_hello extension must be present or absent."""
    esni: bool | None = None
    """The same of the encrypted_server_name extension of the drafts before ECH."""
    alpn: frozenset[str] = frozenset()
    """At least one of these is offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTrigger:
    """A clear-text HTTP/1 request. Every condition that is given must hold."""

    host: NameList | None = None
    path: tuple[str, ...] = ()
    """One of these is part of the path."""
    keyword: tuple[bytes, ...] = ()
    """One of these bytes strings is part of the request's head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuicTrigger:
    """A client's QUIC Initial. Every condition that is given must hold."""

    sni: NameList | None = None
    versions: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class BytesTrigger:
    """The first bytes that a client sends: a pattern among them, or too random to be anything known."""

    patterns: tuple[bytes, ...] = ()
    min_entropy: float | None = None
    """Bits per byte of the first packet with payload."""
    first_packets: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeTrigger:
    """A protocol allow-list: the first payload looks like none of these (`dns`, `http`, `tls`)."""

    unlike: frozenset[str]


Trigger = DnsTrigger | TlsTrigger | HttpTrigger | QuicTrigger | BytesTrigger | ShapeTrigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Where a packet goes, and what it says. Empty conditions hold for everything."""

    to: tuple[Prefix, ...] = ()
    """The far end is in one of these prefixes."""
    outside: tuple[Prefix, ...] = ()
    """The far end is in none of these: a destination allow-list."""
    protocols: frozenset[int] = frozenset()
    """IP protocol numbers."""
    ports: tuple[tuple[int, int], ...] = ()
    """Ranges of the far end's port, both included."""
    trigger: Trigger | None = None


# -- what a rule does --------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a rule is in force, by the lab clock."""

    begins: datetime | None = None
    ends: datetime | None = None
    """The first moment after it."""
    hours: tuple[tuple[int, int], ...] = ()
    """Ranges of hours of the day in UTC, [first, last); empty is all day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that the censor does."""

    rule_id: str
    tiers: frozenset[str]
    match: Match
    effects: tuple[Effect, ...]
    mechanism: str
    """Node of the taxonomy that a perfect observer would name."""
    placement: Placement = Placement.IN_PATH
    way: Way = Way.OUTBOUND
    """Packets of which direction are inspected."""
    schedule: Schedule = Schedule()
    probability: float = 1.0
    per: Per = Per.FLOW
    residual: Residual | None = None
    reassembly: int | None = None
    """How many TCP segments it can put together: 1 is none, None is any number."""


# -- whom it is done to ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The way between the client and the world. With no hops the censor is invisible to traceroute."""

    hops: tuple[IPv4Address, ...] = ()
    """Router addresses from the client on; a packet's TTL is decremented at each."""
    hops6: tuple[IPv6Address, ...] = ()
    censor_hop: int = 1
    """The censor sits at this router, counted from 1: packets that die before it are never seen by it."""
    delay_ms: float = 0.0
    """One way."""
    jitter_ms: float = 0.0
    loss: float = 0.0
    """Share of packets lost, each way."""
    reorder: float = 0.0
    """Share of packets that are overtaken by the next one."""
    rate_kbit_s: float | None = None
    shaping: bool = True
    """Whether the rate is kept by queueing or by dropping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A class of people on a network with their own rules."""

    name: str
    asn: Asn
    network_name: str
    kind: NetworkKind
    client_address: IPv4Address
    client_address6: IPv6Address | None
    resolver: IPv4Address
    """The provider's resolver, which the client's resolv.conf names."""
    helper_path: HelperPath
    path: Path = Path()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeSource:
    """Where it is known from that the regime is so."""

    title: str
    publisher: str
    url: str
    published: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The simulated days: a round of measurements at `start`, then `every` so many hours, before `end`."""

    start: datetime
    end: datetime
    every_h: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsing:
    """What the censor makes of odd packets."""

    fragments: bool = True
    """Whether it puts IP fragments together; else it cannot read what they carry."""
    checksums: bool = True
    """Whether it ignores packets whose transport checksum is wrong, as their receiver will."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """What a censor does to whom and when, and how that is known."""

    name: str
    title: str
    country: CountryCode
    about: str
    sources: tuple[RegimeSource, ...]
    tiers: dict[str, Tier]
    rules: tuple[Rule, ...]
    timeline: Timeline | None = None
    parsing: Parsing = field(default_factory=Parsing)
