"""Match of a rule: where a packet must go, and what it must say."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Prefix = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class NameList:
    """List of names, in lower case without a final dot."""

    exact: frozenset[str] = frozenset()
    suffix: frozenset[str] = frozenset()
    """Names that stand for themselves and for every name under them."""
    wildcard: tuple[str, ...] = ()
    """Patterns in which `*` stands for any run of characters, dots included."""
    substring: tuple[str, ...] = ()
    excepted: "NameList | None" = None
    """Names that are not in the list all the same. With nothing else in it, the list holds all others."""

    def __len__(self) -> int:
        return len(self.exact) + len(self.suffix) + len(self.wildcard) + len(self.substring)


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsTrigger:
    """Trigger: a DNS question for one of the names, over UDP or TCP."""

    names: NameList
    types: frozenset[int] = frozenset()
    """Query types; empty is every type."""
    exact_case: bool = False
    """Whether the filter misses names that are not in lower case throughout, as careless filters do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsTrigger:
    """Trigger: a ClientHello. Every condition that is given must hold."""

    sni: NameList | None = None
    ech: bool | None = None
    """Whether an encrypted_client_hello extension must be present or absent."""
    esni: bool | None = None
    """Whether an encrypted_server_name extension (drafts before ECH) must be present or absent."""
    alpn: frozenset[str] = frozenset()
    """Protocols of which the client must offer at least one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTrigger:
    """Trigger: a clear-text HTTP/1 request. Every condition that is given must hold."""

    host: NameList | None = None
    path: tuple[str, ...] = ()
    """Texts of which one must be part of the path."""
    keyword: tuple[bytes, ...] = ()
    """Byte strings of which one must be part of the request's head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuicTrigger:
    """Trigger: a client's QUIC Initial. Every condition that is given must hold."""

    sni: NameList | None = None
    versions: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class BytesTrigger:
    """Trigger: first bytes of a client that hold a pattern, or are too random for a known protocol."""

    patterns: tuple[bytes, ...] = ()
    min_entropy: float | None = None
    """Bits per byte of the first packet with payload."""
    first_packets: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeTrigger:
    """Trigger: a first payload of none of these protocols (`dns`, `http`, `tls`): an allow-list."""

    unlike: frozenset[str]


Trigger = DnsTrigger | TlsTrigger | HttpTrigger | QuicTrigger | BytesTrigger | ShapeTrigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Conditions on a packet's destination and content. Empty conditions hold for everything."""

    to: tuple[Prefix, ...] = ()
    """Prefixes that the far end must be in."""
    outside: tuple[Prefix, ...] = ()
    """Prefixes that the far end must not be in: a destination allow-list."""
    protocols: frozenset[int] = frozenset()
    """IP protocol numbers."""
    ports: tuple[tuple[int, int], ...] = ()
    """Ranges of the far end's port, both included."""
    tcp_header_bytes: frozenset[int] = frozenset()
    """Sizes of the TCP header of the packet that completes the message; empty is every size. Henan's firewall
    looks at packets without TCP options alone (Wu et al. 2025)."""
    trigger: Trigger | None = None
