"""Endpoints that an application needs: one of each group is enough, and every group is needed."""

from collections.abc import Sequence
from typing import TypedDict

from banwatch.formats.ooni.observed import Endpoint
from banwatch.model.fate import fate_of


class EndpointColumns(TypedDict):
    """Columns of `Evidence` with these names; lists sorted."""

    endpoints_ok: tuple[str, ...]
    endpoints_failed: tuple[str, ...]
    groups_ok: tuple[str, ...]
    groups_failed: tuple[str, ...]
    groups_fate: tuple[str, ...]
    groups_tries: int


_NO_ENDPOINTS: EndpointColumns = {
    "endpoints_ok": (),
    "endpoints_failed": (),
    "groups_ok": (),
    "groups_failed": (),
    "groups_fate": (),
    "groups_tries": 0,
}


def sum_up(endpoints: Sequence[Endpoint]) -> EndpointColumns:
    """Sort endpoints and groups by whether they could be used."""
    if not endpoints:
        return _NO_ENDPOINTS
    usable = {endpoint.group for endpoint in endpoints if endpoint.step is None}
    lost = [endpoint for endpoint in endpoints if endpoint.group not in usable]
    return {
        "endpoints_ok": tuple(sorted({_name(e) for e in endpoints if e.step is None})),
        "endpoints_failed": tuple(sorted({_name(e) for e in endpoints if e.step is not None})),
        "groups_ok": tuple(sorted(usable)),
        "groups_failed": tuple(sorted({endpoint.group for endpoint in lost})),
        "groups_fate": tuple(sorted({_fate(endpoint) for endpoint in lost})),
        "groups_tries": sum(endpoint.tries for endpoint in lost),
    }


def _name(endpoint: Endpoint) -> str:
    return endpoint.name if endpoint.name == endpoint.group else f"{endpoint.group}/{endpoint.name}"


def _fate(endpoint: Endpoint) -> str:
    return fate_of(endpoint.step, endpoint.failure or "") if endpoint.step is not None else ""
