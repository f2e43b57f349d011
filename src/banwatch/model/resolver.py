"""Resolver of a measurement, by its owner: a name is often blocked by one and not by another."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address, ip_network

from banwatch.model.ids import UNKNOWN_ASN, Asn

_IN_NETWORK = tuple(
    ip_network(prefix)
    for prefix in (
        "10.0.0.0/8",  # RFC 1918
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",  # RFC 6598: behind an operator's own translation
        "169.254.0.0/16",  # RFC 3927
        "fc00::/7",  # RFC 4193
        "fe80::/10",  # RFC 4291
    )
)
"""Addresses of resolvers in a home or at an operator; the library's own list changes with its version."""


class ResolverKind(StrEnum):
    """Network of the resolver that a probe's system asks."""

    NETWORK = "network"
    """In the probe's own network: the operator's, usually, and bound by what the operator is told."""
    PUBLIC = "public"
    """In another network."""
    UNKNOWN = "unknown"


class ResolverNature(StrEnum):
    """Treatment of objectionable names by a resolver that anybody can choose."""

    PUBLIC = "public"
    """It answers as the world does: where it seems to lie, its answers are changed on the way."""
    FILTERING = "filtering"
    """It withholds names by its user's choice (advertising, malware, adult sites)."""
    SCHOOL = "school"
    """It withholds names for a school or an employer, wherever the device is."""
    DEVICE = "device"
    """A program on the device answers itself."""


@dataclass(frozen=True, slots=True)
class KnownResolver:
    """A resolver that anybody can choose, wherever they are."""

    operator: str
    nature: ResolverNature


def kind_of_resolver(resolver_asn: Asn, probe_asn: Asn, resolver_ip: str = "") -> ResolverKind:
    """Return whose resolver it is, from the AS that answers for it and the probe's own.

    Where no AS is known, one at a private address stands in the network all the same.
    """
    if probe_asn != UNKNOWN_ASN and resolver_asn != UNKNOWN_ASN:
        return ResolverKind.NETWORK if resolver_asn == probe_asn else ResolverKind.PUBLIC
    try:
        address = ip_address(resolver_ip)
    except ValueError:
        return ResolverKind.UNKNOWN
    is_private = address.is_private and not address.is_loopback and not address.is_unspecified
    return ResolverKind.NETWORK if is_private and resolver_asn == UNKNOWN_ASN else ResolverKind.UNKNOWN
