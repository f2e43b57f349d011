"""Scopes of an incident: what its targets have in common, and what of them stayed open."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from banwatch.model.ids import TargetName


class ScopeKind(StrEnum):
    """Class of what is shared."""

    ADDRESS = "address"
    """One address, with all that is at it."""
    ADDRESS_BLOCK = "address_block"
    """Addresses of one prefix, as those of a network that serves many sites (CDN)."""
    PROTOCOL = "protocol"
    """One protocol, whatever the target: QUIC, ECH, DNS over TLS or HTTPS."""
    PORT = "port"
    DOMAIN = "domain"
    """All measured hosts of one registrable domain."""
    HOST = "host"
    """One host or page of a domain whose others load."""
    ENCRYPTED = "encrypted"
    """HTTPS, while the same site loads over unencrypted HTTP."""
    NETWORKS = "networks"
    """Some networks of a country alone, while others went on."""
    EVERYTHING = "everything"
    """Nearly all targets that were measured on a network."""
    PARTIAL = "partial"
    """Some addresses, or one of IPv4 and IPv6, while the page came by another way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Address, protocol, host or the like that some targets of an incident share."""

    kind: ScopeKind
    name: str
    """The address, prefix, protocol, port, domain or input."""
    targets: tuple[TargetName, ...]
    """Targets of the incident that it concerns, sorted."""
    beside: tuple[str, ...] = ()
    """Inputs, or targets, that stayed open beside it, sorted."""


def is_partial(scopes: Iterable[Scope] | None) -> bool:
    """Return whether an incident's targets were reached all the same, by another way than the one cut.

    Incidents that an earlier version published have no scopes at all.
    """
    return any(scope.kind is ScopeKind.PARTIAL for scope in scopes or ())
