"""Rates of downloads and handshakes, beside those of something else over the same network."""

from collections.abc import Iterable, Sequence
from typing import TypedDict

from banwatch.judge.thresholds import THROTTLE_MIN_BYTES
from banwatch.model.follow_up import FollowUp
from banwatch.model.observation import Observation, Step

_BITS = 8


class RateColumns(TypedDict):
    """Columns of `Evidence` with these names; null where there are not both of a pair."""

    http_goodput_bps: float | None
    http_goodput_other_bps: float | None
    tls_handshake_ms: float | None
    tls_handshake_other_ms: float | None


_TLS = Step.TLS
_OTHERS = frozenset({FollowUp.THROUGHPUT_OTHER, FollowUp.OTHER_NAME})
"""Follow-ups that make the same step with somebody else."""
_NO_RATES: RateColumns = {
    "http_goodput_bps": None,
    "http_goodput_other_bps": None,
    "tls_handshake_ms": None,
    "tls_handshake_other_ms": None,
}


def read_rates(plain: Sequence[Observation], follow_ups: Sequence[Observation]) -> RateColumns:
    """Read the best transfer and the fastest handshake of the target, and of other names."""
    others = [seen for seen in follow_ups if seen.follow_up in _OTHERS] if follow_ups else ()
    if not others:
        return _NO_RATES
    goodput, goodput_other = _goodput(plain), _goodput(others)
    if goodput is None or goodput_other is None:
        goodput = goodput_other = None
    handshake, handshake_other = _handshake(plain), _handshake(others)
    if handshake is None or handshake_other is None:
        handshake = handshake_other = None
    return {
        "http_goodput_bps": goodput,
        "http_goodput_other_bps": goodput_other,
        "tls_handshake_ms": handshake,
        "tls_handshake_other_ms": handshake_other,
    }


def _goodput(observations: Iterable[Observation]) -> float | None:
    """Return the payload bits a second of the longest transfer that is long enough to say anything."""
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
        if seen.step is _TLS and seen.failure is None and seen.t_s is not None and seen.t0_s is not None
    ]
    positive = [span for span in spans if span > 0]
    return min(positive) if positive else None
