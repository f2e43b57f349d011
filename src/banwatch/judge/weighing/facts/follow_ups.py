"""Conclusions from follow-ups. Each follow-up is documented with the probe that makes it (docs/probe.md)."""

from collections.abc import Sequence

from banwatch.model import failure as f
from banwatch.model.fate import CUTS, Ending, ending_of
from banwatch.model.follow_up import FollowUp
from banwatch.model.observation import Observation, Step

_DNS, _TLS, _HTTP = Step.DNS, Step.TLS, Step.HTTP
_MORE_LOOKUPS = frozenset({FollowUp.DOH, FollowUp.RETEST})
"""Follow-ups that are lookups like any other: the question inside HTTPS, or once more with more patience."""
_CUTS_ELSEWHERE = CUTS - {Ending.ALERT}
"""A server may well send an alert for a name that is not its own."""
ANSWERS_OF_DNS = frozenset({f.DNS_NXDOMAIN, f.DNS_NO_ANSWER, f.DNS_REFUSED, f.DNS_SERVFAIL})
"""Failures that some server sent: the network is not silent."""


def is_plain(seen: Observation) -> bool:
    """Whether a step counts as the plain measurement."""
    return seen.follow_up is None or (seen.step is _DNS and seen.follow_up in _MORE_LOOKUPS)


def came_from_nowhere(seen: Observation) -> bool:
    """Whether an address that runs no resolver was asked, and something answered."""
    if seen.follow_up != FollowUp.NO_RESOLVER:
        return False
    return seen.failure is None or seen.failure in ANSWERS_OF_DNS


def is_cut_elsewhere(follow_ups: Sequence[Observation]) -> bool:
    """Whether at another address the name was cut and an innocent one was not."""
    shakes = [seen for seen in follow_ups if seen.step is _TLS]
    innocent = any(s.follow_up == FollowUp.INNOCENT_ELSEWHERE and s.failure is None for s in shakes)
    named = [s for s in shakes if s.follow_up == FollowUp.NAME_ELSEWHERE]
    return innocent and bool(named) and all(ending_of(s.failure or "") in _CUTS_ELSEWHERE for s in named)


def other_host_at(page: Observation, follow_ups: Sequence[Observation]) -> Observation | None:
    """Return the response that an innocent name got, unencrypted, at the address of a page."""
    return next(
        (
            seen
            for seen in follow_ups
            if seen.step is _HTTP
            and seen.follow_up == FollowUp.OTHER_HOST
            and seen.failure is None
            and seen.ip == page.ip
        ),
        None,
    )


def are_alike(page: Observation, other: Observation) -> bool:
    """Whether two responses are the same, but for the name that each was asked for."""
    return (
        page.status_code == other.status_code
        and _nameless(page.location, page) == _nameless(other.location, other)
        and {name for name, _ in page.response_headers} == {name for name, _ in other.response_headers}
        and _nameless((page.body or b"").decode("latin-1"), page)
        == _nameless((other.body or b"").decode("latin-1"), other)
    )


def _nameless(text: str | None, seen: Observation) -> str:
    return (text or "").replace(seen.hostname, "") if seen.hostname else text or ""


def is_same_elsewhere(page: Observation, follow_ups: Sequence[Observation]) -> bool:
    """Whether the name got the very same response at somebody else's address."""
    return any(
        seen.step is _HTTP
        and seen.follow_up == FollowUp.NAME_ELSEWHERE
        and seen.failure is None
        and seen.ip != page.ip
        and (seen.status_code, seen.body_sha256, seen.location)
        == (page.status_code, page.body_sha256, page.location)
        and {name for name, _ in seen.response_headers} == {name for name, _ in page.response_headers}
        for seen in follow_ups
    )
