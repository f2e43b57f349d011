"""What an application needs, and what of it could be used: any of a group, all of the groups."""

from collections.abc import Sequence
from dataclasses import dataclass

from banwatch.formats.ooni.observed import Endpoint
from banwatch.judge.weighing.connections import kind_of
from banwatch.model.observation import Step


@dataclass(frozen=True, slots=True)
class Services:
    """Endpoints and groups, each sorted."""

    ok: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    groups_ok: tuple[str, ...] = ()
    groups_failed: tuple[str, ...] = ()
    fate: tuple[str, ...] = ()
    tries: int = 0


_NONE = Services()


def sum_up(endpoints: Sequence[Endpoint]) -> Services:
    """Sort endpoints and groups by whether they could be used."""
    if not endpoints:
        return _NONE
    usable = {endpoint.group for endpoint in endpoints if endpoint.step is None}
    lost = [endpoint for endpoint in endpoints if endpoint.group not in usable]
    return Services(
        ok=tuple(sorted({_name(e) for e in endpoints if e.step is None})),
        failed=tuple(sorted({_name(e) for e in endpoints if e.step is not None})),
        groups_ok=tuple(sorted(usable)),
        groups_failed=tuple(sorted({endpoint.group for endpoint in lost})),
        fate=tuple(sorted({_fate(endpoint) for endpoint in lost})),
        tries=sum(endpoint.tries for endpoint in lost),
    )


def _name(endpoint: Endpoint) -> str:
    return endpoint.name if endpoint.name == endpoint.group else f"{endpoint.group}/{endpoint.name}"


def _fate(endpoint: Endpoint) -> str:
    if endpoint.step is Step.DNS:
        return f"dns.{(endpoint.failure or '').removeprefix('dns_').removesuffix('_error')}"
    return f"{endpoint.step}.{kind_of(endpoint.failure or '')}"
