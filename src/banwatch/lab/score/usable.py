"""Usability of a target: whether its page came by the ordinary route, through flows that no rule touched.

The truth and the measurement's own steps decide, never a verdict. The *ordinary route* goes through the
addresses that the system's own resolver gave: a page that came only from elsewhere opens for no browser.
"""

from collections.abc import Collection, Sequence

from banwatch.lab.truth.flow_index import DNS_PORT, SYSTEM_ENGINES
from banwatch.lab.truth.flow_truth import FlowTruth
from banwatch.model.observation import Observation, Step

_TAMPERED = "http.tamper"
"""Mechanism that changes what passes, and lets it pass."""
_OF_QUIC = "udp"
"""Protocol of flows over which no page of the plain measurement comes: HTTP/3 is tried beside it."""
_HARMLESS = frozenset({_TAMPERED})


def is_usable(
    observations: Sequence[Observation],
    flows: Collection[FlowTruth],
    beside: Collection[FlowTruth] = (),
) -> bool:
    """Return whether the client got the target's page by the ordinary route.

    Args:
        observations: the measurement's steps.
        flows: truth of the flows that its verdict rests on.
        beside: truth of its other flows, such as questions to outside resolvers.
    """
    lied_to = frozenset(flow.dst for flow in beside if flow.dport == DNS_PORT and _is_touched(flow))
    plain = [seen for seen in observations if seen.follow_up is None]
    requests = [seen for seen in plain if seen.step is Step.HTTP]
    if not requests:
        return False
    last_hop = max(seen.hop for seen in plain)  # a redirect whose aim could not be reached opened nothing
    for hop in range(last_hop + 1):
        of_hop = [seen for seen in requests if seen.hop == hop]
        if of_hop and not any(_came_untouched(seen, plain, flows, lied_to) for seen in of_hop):
            return False
    return any(seen.hop == last_hop for seen in requests)


def _came_untouched(
    page: Observation,
    plain: Sequence[Observation],
    flows: Collection[FlowTruth],
    lied_to: Collection[str],
) -> bool:
    """Return whether a response came from where the system's resolver points, by an untouched flow.

    Args:
        page: the response.
        plain: the steps of the plain measurement.
        flows: truth of the flows that the verdict rests on.
        lied_to: outside resolvers whose answers a rule touched: these vouch for no address.
    """
    if page.failure is not None or page.status_code is None:
        return False
    host = _plain_name(page.hostname)
    connections = _flows_of(page, host, plain, flows)
    if connections and all(_is_touched(flow) for flow in connections):
        return False
    lookups = [seen for seen in plain if seen.step is Step.DNS and _plain_name(seen.hostname) == host]
    system = [
        seen
        for seen in lookups
        if not seen.late and (seen.engine in SYSTEM_ENGINES or not seen.resolver_address)
    ]  # a program takes the first answer: a late one, behind an injector's, reaches nobody
    if not system or page.ip is None:
        return True  # an address was measured, or nothing says where the page came from
    if page.ip not in {ip for seen in system for ip in seen.answers}:
        return False
    asked = [flow for flow in flows if flow.dport == DNS_PORT and _says(flow, host)]
    if not any(_is_touched(flow) for flow in asked):
        return True
    others = {
        ip
        for seen in lookups
        if seen not in system and not _asks_one_of(seen, lied_to)
        for ip in seen.answers
    }
    return page.ip in others or _is_verified(page, plain)


def _asks_one_of(lookup: Observation, resolvers: Collection[str]) -> bool:
    plain = lookup.engine in ("udp", "tcp")
    return plain and (lookup.resolver_address or "").removesuffix(":53").strip("[]") in resolvers


def _flows_of(
    page: Observation, host: str, plain: Sequence[Observation], flows: Collection[FlowTruth]
) -> list[FlowTruth]:
    """Return the flows to a page's address that carried its name; those that carried none where none did."""
    ports = {seen.port for seen in plain if seen.step is not Step.DNS and seen.ip == page.ip and seen.port}
    wanted = {page.port} if page.port else ports
    there = [
        flow for flow in flows if flow.dst == page.ip and flow.dport in wanted and flow.proto != _OF_QUIC
    ]
    return [flow for flow in there if _says(flow, host)] or there


def _is_verified(page: Observation, plain: Sequence[Observation]) -> bool:
    return (page.url or "").startswith("https:") and any(
        seen.step is Step.TLS and seen.ip == page.ip and seen.failure is None and not seen.no_verify
        for seen in plain
    )


def _is_touched(flow: FlowTruth) -> bool:
    return bool(flow.mechanism) and flow.mechanism not in _HARMLESS


def _says(flow: FlowTruth, host: str) -> bool:
    return any(_plain_name(name) == host for _, name in flow.names)


def _plain_name(name: str | None) -> str:
    return (name or "").rstrip(".").lower()
