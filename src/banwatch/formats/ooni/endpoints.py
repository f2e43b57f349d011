"""Endpoints of applications, from the common steps: how far each could be used."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from banwatch.formats.ooni.observed import Endpoint
from banwatch.formats.ooni.reading import read_ip
from banwatch.model.observation import Observation, Step

GroupOf = Callable[[str], str | None]
"""The group of a host: one usable endpoint of a group is enough; None leaves the host out."""
IsIgnored = Callable[[str, Step], bool]
"""Whether a step towards a host says nothing, whatever its result."""


def read_endpoints(
    observations: Sequence[Observation], group_of: GroupOf, is_ignored: IsIgnored
) -> tuple[Endpoint, ...]:
    """Say of each host whether it could be used, and else which step failed, the lowest first.

    A host is one that was resolved, connected to by address, or asked for over HTTP.
    """
    by_step: dict[Step, list[Observation]] = {step: [] for step in Step}
    for seen in observations:
        if seen.follow_up is None:
            by_step[seen.step].append(seen)
    named = (seen.hostname for step in (Step.DNS, Step.TLS, Step.HTTP) for seen in by_step[step])
    hosts = dict.fromkeys(name for name in named if name)
    resolved = {ip for lookup in by_step[Step.DNS] for ip in lookup.answers}
    hosts.update(dict.fromkeys(seen.ip for seen in by_step[Step.TCP] if seen.ip and seen.ip not in resolved))
    found = []
    for host in hosts:
        group = group_of(host)
        if group is not None and not is_ignored(host, Step.DNS):
            counting = {step: () if is_ignored(host, step) else tuple(seen) for step, seen in by_step.items()}
            found.append(_read_host(host, group, counting))
    return tuple(found)


def _read_host(host: str, group: str, by_step: Mapping[Step, Sequence[Observation]]) -> Endpoint:
    lookups = [seen for seen in by_step[Step.DNS] if seen.hostname == host]
    addresses = {ip for lookup in lookups for ip in lookup.answers} | {read_ip(host)}
    if lookups and not any(lookup.answers for lookup in lookups):
        return Endpoint(group=group, name=host, step=Step.DNS, failure=_worst(lookups) or "dns_no_answer")
    stages = (
        (Step.TCP, [seen for seen in by_step[Step.TCP] if seen.ip in addresses]),
        (Step.TLS, [seen for seen in by_step[Step.TLS] if seen.hostname == host]),
        (Step.HTTP, [seen for seen in by_step[Step.HTTP] if seen.hostname == host]),
    )
    for step, seen_all in stages:
        if seen_all and all(seen.failure is not None for seen in seen_all):
            return Endpoint(group=group, name=host, step=step, failure=_worst(seen_all), tries=len(seen_all))
    return Endpoint(group=group, name=host)


def _worst(observations: Iterable[Observation]) -> str | None:
    """The failure met most often; the first of several."""
    failures = [seen.failure for seen in observations if seen.failure]
    return max(failures, key=failures.count) if failures else None
