"""Resolver of a measurement, by its owner: a name is often blocked by one and not by another."""

from enum import StrEnum
from ipaddress import ip_address

from banwatch.model.ids import UNKNOWN_ASN, Asn


class ResolverKind(StrEnum):
    """Network of the resolver that a probe's system asks."""

    NETWORK = "network"
    """In the probe's own network: the operator's, usually, and bound by what the operator is told."""
    PUBLIC = "public"
    """In another network."""
    UNKNOWN = "unknown"


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
