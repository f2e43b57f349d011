"""Route by which a page came, and whose word the answers of the probe's resolver are.

The *ordinary route* is what everybody on the network takes: the network's own resolver, and the addresses
that it gives. Probes also try addresses from outside or encrypted resolvers, and from the control. A page
that came by such an address alone does not come to ordinary people.
"""

from collections.abc import Iterable, Sequence

from banwatch.judge.weighing.connections import RETRIES
from banwatch.judge.weighing.facts.families import has_v6, usable_without_v6
from banwatch.judge.weighing.facts.hops import Hop, is_of_system
from banwatch.judge.weighing.names import Names
from banwatch.judge.weighing.parts import MeasurementParts
from banwatch.model.failure import DNS_NXDOMAIN
from banwatch.model.ids import UNKNOWN_ASN, UNKNOWN_COUNTRY
from banwatch.model.observation import Observation, Step
from banwatch.model.resolver import KnownResolver, ResolverKind, ResolverNature, kind_of_resolver

_CHOSEN = frozenset({ResolverNature.FILTERING, ResolverNature.SCHOOL, ResolverNature.DEVICE})


def find_chosen_resolver(parts: MeasurementParts) -> str:
    """Name the resolver that a person chose, where its answers say nothing of the network; else empty.

    A resolver that filters by its user's choice, or a foreign one of unknown nature, is not the network's. It
    is the network all the same where an honest outside resolver, asked in the clear, is made to lie too.
    """
    m = parts.measurement
    resolver = parts.reference.resolver_of(m.resolver_ip, m.resolver_asn)
    if kind_of_resolver(m.resolver_asn, m.probe_asn, m.resolver_ip) is not ResolverKind.PUBLIC:
        return ""
    if resolver is not None and resolver.nature not in _CHOSEN:
        return ""
    if resolver is None and not _is_foreign(parts):
        return ""
    names = parts.names
    if names.system_failure is None and not names.system_unvouched:
        return ""
    if _is_lied_to(parts.hops[parts.names_at], names, parts):
        return ""
    return resolver.operator if resolver is not None else f"AS{m.resolver_asn}"


def _is_foreign(parts: MeasurementParts) -> bool:
    """Whether a resolver is registered in another country than the probe's."""
    m = parts.measurement
    network = parts.reference.network_of(m.resolver_ip) if m.resolver_ip else None
    if network is None or UNKNOWN_COUNTRY in (network.country, m.probe_cc) or m.probe_asn == UNKNOWN_ASN:
        return False
    return network.asn == m.resolver_asn and network.country != m.probe_cc


def _is_lied_to(hop: Hop, names: Names, parts: MeasurementParts) -> bool:
    """Whether a resolver that lies to nobody, asked in the clear, answered falsely for the same name."""
    false = {*names.unvouched, *names.bogons}
    for lookup in hop.dns:
        if is_of_system(lookup) or lookup.late or lookup.engine not in ("udp", "tcp"):
            continue
        honest = _resolver_asked(parts, lookup)
        if honest is None or honest.nature is not ResolverNature.PUBLIC:
            continue
        if lookup.failure == DNS_NXDOMAIN or (lookup.answers and set(lookup.answers) <= false):
            return True
    return names.conflicting


def _resolver_asked(parts: MeasurementParts, lookup: Observation) -> KnownResolver | None:
    address = (lookup.resolver_address or "").removesuffix(":53").strip("[]")
    return parts.reference.resolver_of(address, UNKNOWN_ASN)


def came_by_other_route(parts: MeasurementParts) -> bool:
    """Whether a page came, but at some hop only from an address that the network's resolver did not give."""
    page = parts.last_page
    if page is None or page.failure is not None or not page.status_code:
        return False
    retried = {
        (seen.step, seen.ip)
        for seen in parts.follow_ups
        if seen.follow_up in RETRIES and seen.failure is None
    }
    return any(_is_off_route(hop, parts, retried) for hop in parts.hops)


def addresses_of_route(parts: MeasurementParts, hop: Hop) -> frozenset[str]:
    """Return the addresses of a hop that the network's own resolver gave, as connections spell them."""
    unwrap = parts.addresses.unwrap
    given = {unwrap(ip) for lookup in hop.system for ip in lookup.answers}
    return frozenset(seen.ip for seen in (*hop.tcp, *hop.tls) if seen.ip and unwrap(seen.ip) in given)


def _is_off_route(hop: Hop, parts: MeasurementParts, retried: Iterable[tuple[Step, str | None]]) -> bool:
    page = next((seen for seen in reversed(hop.http) if seen.failure is None and seen.ip), None)
    if page is None or not hop.system:
        return False
    unwrap, is_bogon = parts.addresses.unwrap, parts.addresses.is_bogon
    given = {unwrap(ip) for lookup in hop.system for ip in lookup.answers}
    if unwrap(page.ip or "") in given:
        return False
    if has_v6(tuple(given)) and parts.is_without_v6():
        given = set(usable_without_v6(tuple(given), hop.system, (page.ip or "",)))
    steps = [(unwrap(seen.ip), seen) for seen in (*hop.tcp, *hop.tls) if seen.ip]
    return all(is_bogon(ip) or _is_dead(ip, steps, retried) for ip in given)


def _is_dead(
    ip: str, steps: Sequence[tuple[str, Observation]], retried: Iterable[tuple[Step, str | None]]
) -> bool:
    """Whether an address was tried, and every connect or every handshake there failed."""
    for step in (Step.TCP, Step.TLS):
        tried = [seen for where, seen in steps if where == ip and seen.step is step]
        if tried and all(seen.failure is not None and (seen.step, seen.ip) not in retried for seen in tried):
            return True
    return False
