"""Steps of a measurement, sorted by redirect hop and by step."""

from collections.abc import Sequence
from dataclasses import dataclass

from banwatch.model.observation import Observation, Step

_STEPS = _DNS, _TCP, _TLS, _QUIC, _HTTP = Step.DNS, Step.TCP, Step.TLS, Step.QUIC, Step.HTTP
"""Looked up once: an enum gives a member slower than a module does."""
_MAX_HOPS = 32
"""Hops that are read; probes give up after ten."""


@dataclass(frozen=True, slots=True)
class Hop:
    """Steps of one redirect hop, without follow-ups."""

    dns: Sequence[Observation]
    tcp: Sequence[Observation]
    tls: Sequence[Observation]
    quic: Sequence[Observation]
    http: Sequence[Observation]
    covered: bool
    """The control measured this hop's own name."""


def group_by_hop(observations: Sequence[Observation]) -> list[Hop]:
    """Sort steps by hop; there is always at least the input's own hop."""
    count = min(max((seen.hop for seen in observations), default=0) + 1, _MAX_HOPS)
    sorted_steps: list[dict[Step, list[Observation]]] = [{step: [] for step in _STEPS} for _ in range(count)]
    for seen in observations:
        if 0 <= seen.hop < count:
            sorted_steps[seen.hop][seen.step].append(seen)
    first_name = _name_of(sorted_steps[0])
    return [
        Hop(
            dns=steps[_DNS],
            tcp=steps[_TCP],
            tls=steps[_TLS],
            quic=steps[_QUIC],
            http=steps[_HTTP],
            covered=at == 0 or (first_name is not None and _name_of(steps) == first_name),
        )
        for at, steps in enumerate(sorted_steps)
    ]


def _name_of(steps: dict[Step, list[Observation]]) -> str | None:
    for step in (_HTTP, _DNS, _TLS):
        for seen in steps[step]:
            if seen.hostname:
                return seen.hostname
    return None
