"""Endpoints that an application needs: one of each group is enough, and every group is needed.

Of a long group a single endpoint that answers is not enough all the same: programs try a few, and give up. So
the share that failed is counted too, over each group whose list its operator keeps, and over all endpoints.
"""

from collections import Counter
from collections.abc import Sequence
from typing import TypedDict

from msgspec.structs import replace

from banwatch.formats.ooni.observed import Endpoint
from banwatch.model.fate import Fate, fate_of
from banwatch.model.observation import Step


class EndpointColumns(TypedDict):
    """Columns of `Evidence` with these names; lists sorted."""

    endpoints_ok: tuple[str, ...]
    endpoints_failed: tuple[str, ...]
    groups_ok: tuple[str, ...]
    groups_failed: tuple[str, ...]
    groups_fate: tuple[str, ...]
    groups_tries: int
    groups_partly: tuple[str, ...]
    groups_partly_fate: tuple[str, ...]
    endpoints_lost_share: float | None
    endpoints_lost_of: int


_AGEING = frozenset({"obfs4", "or_port", "dir_port"})
"""Groups of `tor` whose endpoints come and go, so that an old list fails everywhere."""
_NO_ENDPOINTS: EndpointColumns = {
    "endpoints_ok": (),
    "endpoints_failed": (),
    "groups_ok": (),
    "groups_failed": (),
    "groups_fate": (),
    "groups_tries": 0,
    "groups_partly": (),
    "groups_partly_fate": (),
    "endpoints_lost_share": None,
    "endpoints_lost_of": 0,
}


def sum_up(
    endpoints: Sequence[Endpoint],
    forged: frozenset[str] = frozenset(),
    impostors: frozenset[str] = frozenset(),
) -> EndpointColumns:
    """Sort endpoints and groups by whether they could be used.

    Args:
        endpoints: hosts of the application.
        forged: names that resolved to hosts of somebody else.
        impostors: those of them at which a connect that went well shows nothing.
    """
    if not endpoints:
        return _NO_ENDPOINTS
    endpoints = [replace(e, step=Step.DNS) if e.name in impostors else e for e in endpoints]
    usable = {endpoint.group for endpoint in endpoints if endpoint.step is None}
    lost = [endpoint for endpoint in endpoints if endpoint.group not in usable]
    tried = Counter(endpoint.group for endpoint in endpoints)
    failed = Counter(endpoint.group for endpoint in endpoints if endpoint.step is not None)
    partly = [group for group in tried if group in usable and failed[group]]
    share, of = _find_lost_share(tried, failed)
    return {
        "endpoints_ok": tuple(sorted({_name(e) for e in endpoints if e.step is None})),
        "endpoints_failed": tuple(sorted({_name(e) for e in endpoints if e.step is not None})),
        "groups_ok": tuple(sorted(usable)),
        "groups_failed": tuple(sorted({endpoint.group for endpoint in lost})),
        "groups_fate": tuple(sorted({_fate(endpoint, forged) for endpoint in lost})),
        "groups_tries": sum(endpoint.tries for endpoint in lost),
        "groups_partly": tuple(sorted(f"{group}: {failed[group]} of {tried[group]}" for group in partly)),
        "groups_partly_fate": tuple(
            sorted({_fate(e, forged) for e in endpoints if e.step and e.group in partly})
        ),
        "endpoints_lost_share": share,
        "endpoints_lost_of": of,
    }


def _find_lost_share(tried: Counter[str], failed: Counter[str]) -> tuple[float, int]:
    """Return the largest share of endpoints that failed, and of how many; of two alike the longer list's."""
    counted = [(failed[group] / of, of) for group, of in tried.items() if group not in _AGEING]
    counted.append((failed.total() / tried.total(), tried.total()))
    return max(counted)


def _name(endpoint: Endpoint) -> str:
    return endpoint.name if endpoint.name == endpoint.group else f"{endpoint.group}/{endpoint.name}"


def _fate(endpoint: Endpoint, forged: frozenset[str]) -> str:
    if endpoint.name in forged:
        return Fate.DNS_FORGED.value
    return fate_of(endpoint.step, endpoint.failure or "") if endpoint.step is not None else ""
