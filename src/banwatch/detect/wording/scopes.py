"""Clauses on what the targets of an incident share."""

from banwatch.detect.wording.lists import listed
from banwatch.model.incident import Incident
from banwatch.model.scope import Scope, ScopeKind


def render_scopes(incident: Incident) -> list[str]:
    """Return a clause for each scope of an incident."""
    return [_clause(scope) for scope in incident.scopes]


def _clause(scope: Scope) -> str:
    names = listed(list(scope.targets))
    while_open = f", while {listed(list(scope.beside))} loaded" if scope.beside else ""
    if scope.kind is ScopeKind.ADDRESS:
        word = "addresses" if "," in scope.name else "address"
        return (
            f"{names} share the {word} {scope.name}: connections to it failed, so that whichever of them was "
            "meant, its neighbours there are collateral"
        )
    if scope.kind is ScopeKind.ADDRESS_BLOCK:
        return (
            f"{names} are at addresses of {scope.name}: connections to a whole block of addresses failed, as "
            "of a network that serves many sites (CDN), whichever of them was meant"
        )
    if scope.kind is ScopeKind.PROTOCOL:
        return f"{scope.name} was cut, for {names}{while_open}"
    if scope.kind is ScopeKind.PORT:
        return f"port {scope.name} was cut, for {names}{while_open}"
    if scope.kind is ScopeKind.DOMAIN:
        return f"all hosts of {scope.name} that were measured"
    if scope.kind is ScopeKind.HOST:
        return f"of {names}, {scope.name} alone{while_open}"
    if scope.kind is ScopeKind.NETWORKS:
        return f"on {scope.name} alone, while {listed(list(scope.beside))} went on"
    if scope.kind is ScopeKind.EVERYTHING:
        return f"{len(scope.targets)} of the {scope.name} targets measured there, so nearly everything"
    if scope.kind is ScopeKind.ENCRYPTED:
        return f"of {names}, encrypted connections alone{while_open}"
    return f"{names} came by another way: some addresses, or one of IPv4, IPv6 and QUIC, could not be used"
