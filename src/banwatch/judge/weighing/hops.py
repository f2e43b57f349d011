"""The steps of a measurement, by redirect hop and kind."""

from collections.abc import Sequence
from dataclasses import dataclass

from banwatch.model.observation import Observation, Step

_MAX_HOPS = 32
"""Hops looked at; probes give up after ten."""


@dataclass(frozen=True, slots=True)
class Hop:
    """The steps of one redirect hop, by kind; follow-ups left out."""

    dns: Sequence[Observation]
    tcp: Sequence[Observation]
    tls: Sequence[Observation]
    quic: Sequence[Observation]
    http: Sequence[Observation]
    covered: bool
    """The control looked at this hop's own name."""


def group_by_hop(observations: Sequence[Observation]) -> list[Hop]:
    """Sort steps by hop and kind; there is always at least the input's own hop."""
    count = min(max((seen.hop for seen in observations), default=0) + 1, _MAX_HOPS)
    sorted_steps: list[dict[Step, list[Observation]]] = [{step: [] for step in Step} for _ in range(count)]
    for seen in observations:
        if 0 <= seen.hop < count:
            sorted_steps[seen.hop][seen.step].append(seen)
    first_name = _name_of(sorted_steps[0])
    return [
        Hop(
            dns=steps[Step.DNS],
            tcp=steps[Step.TCP],
            tls=steps[Step.TLS],
            quic=steps[Step.QUIC],
            http=steps[Step.HTTP],
            covered=at == 0 or (first_name is not None and _name_of(steps) == first_name),
        )
        for at, steps in enumerate(sorted_steps)
    ]


def _name_of(steps: dict[Step, list[Observation]]) -> str | None:
    for step in (Step.HTTP, Step.DNS, Step.TLS):
        for seen in steps[step]:
            if seen.hostname:
                return seen.hostname
    return None
