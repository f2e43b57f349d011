"""Tier of a regime: a class of people, their network, and the path between it and the world."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address

from banwatch.model.ids import Asn


class NetworkKind(StrEnum):
    """Kind of a tier's network."""

    FIXED = "fixed"
    MOBILE = "mobile"
    INTRANET = "intranet"


class HelperPath(StrEnum):
    """Path of a probe's control requests: through the censor, or around it."""

    IN_BAND = "in-band"
    OUT_OF_BAND = "out-of-band"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPath:
    """Path between the client and the world. With no hops the censor is invisible to traceroute."""

    hops: tuple[IPv4Address, ...] = ()
    """Router addresses, the client's side first; each decrements a packet's TTL."""
    hops6: tuple[IPv6Address, ...] = ()
    censor_hop: int = 1
    """Router at which the censor sits, counted from 1: it never sees packets that expire before it."""
    delay_ms: float = 0.0
    """Delay in one direction."""
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
    """Tier: a class of people on a network with their own rules."""

    name: str
    asn: Asn
    network_name: str
    network_kind: NetworkKind
    client_address: IPv4Address
    client_address6: IPv6Address | None
    resolver: IPv4Address
    """Resolver of the provider, which the client's resolv.conf names."""
    helper_path: HelperPath
    path: NetworkPath = NetworkPath()
