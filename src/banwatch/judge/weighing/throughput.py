"""How fast it went, where the probe recorded it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from banwatch.judge.thresholds import THROTTLE_MIN_BYTES
from banwatch.model.observation import Observation, Step

_BITS = 8


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates of the target and of something else over the same network; null where there are not both."""

    goodput_bps: float | None = None
    goodput_other_bps: float | None = None
    handshake_ms: float | None = None
    handshake_other_ms: float | None = None


_NOTHING = Rates()


def read_rates(plain: Sequence[Observation], follow_ups: Sequence[Observation]) -> Rates:
    """Read the best transfer and the fastest handshake of the target, and of other names."""
    others = [seen for seen in follow_ups if seen.follow_up in ("throughput_other", "other_name")]
    if not others:
        return _NOTHING
    goodput, handshake = (_goodput(plain), _goodput(others)), (_handshake(plain), _handshake(others))
    return Rates(
        *(goodput if None not in goodput else (None, None)),
        *(handshake if None not in handshake else (None, None)),
    )


def _goodput(observations: Iterable[Observation]) -> float | None:
    """Payload bits a second of the longest transfer that is long enough to say anything."""
    best: tuple[int, float] | None = None
    for seen in observations:
        size, span = seen.received_bytes, seen.receive_s
        if size is None or span is None or size < THROTTLE_MIN_BYTES or span <= 0:
            continue
        if best is None or size > best[0]:
            best = (size, size * _BITS / span)
    return best[1] if best else None


def _handshake(observations: Iterable[Observation]) -> float | None:
    spans = [
        (seen.t_s - seen.t0_s) * 1000
        for seen in observations
        if seen.step is Step.TLS and seen.failure is None and seen.t_s is not None and seen.t0_s is not None
    ]
    positive = [span for span in spans if span > 0]
    return min(positive) if positive else None
