"""What follow-ups settle. Each is documented with the probe that makes it (docs/probe.md)."""

from collections.abc import Sequence

from banwatch.judge.weighing.connections import CUTS, kind_of
from banwatch.model.observation import Observation, Step

_MORE_LOOKUPS = ("doh", "retest")
"""Follow-ups that are lookups like any other: the question inside HTTPS, or once more with more patience."""
_CUTS_ELSEWHERE = CUTS - {"alert"}
"""A server may well send an alert for a name that is not its own."""
ANSWERS_OF_DNS = frozenset({"dns_nxdomain_error", "dns_no_answer", "dns_refused_error", "dns_servfail_error"})
"""Failures that some server sent: the network is not silent."""


def is_plain(seen: Observation) -> bool:
    """Whether a step counts as the plain measurement."""
    return seen.follow_up is None or (seen.step is Step.DNS and seen.follow_up in _MORE_LOOKUPS)


def came_from_nowhere(seen: Observation) -> bool:
    """Whether an address that runs no resolver was asked, and something answered."""
    if seen.follow_up != "no_resolver":
        return False
    return seen.failure is None or seen.failure in ANSWERS_OF_DNS


def is_cut_elsewhere(follow_ups: Sequence[Observation]) -> bool:
    """Whether at another address this name was cut and an innocent one was not."""
    shakes = [seen for seen in follow_ups if seen.step is Step.TLS]
    innocent = any(s.follow_up == "innocent_elsewhere" and s.failure is None for s in shakes)
    named = [s for s in shakes if s.follow_up == "name_elsewhere"]
    return innocent and bool(named) and all(kind_of(s.failure or "") in _CUTS_ELSEWHERE for s in named)


def is_same_elsewhere(page: Observation, follow_ups: Sequence[Observation]) -> bool:
    """Whether the name got the very same response at somebody else's address."""
    return any(
        seen.step is Step.HTTP
        and seen.follow_up == "name_elsewhere"
        and seen.failure is None
        and seen.ip != page.ip
        and (seen.status_code, seen.body_sha256, seen.location)
        == (page.status_code, page.body_sha256, page.location)
        and {name for name, _ in seen.response_headers} == {name for name, _ in page.response_headers}
        for seen in follow_ups
    )
