"""Match of a rule: where a packet must go, and what it must say."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Prefix = IPv4Network | IPv6Network


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
