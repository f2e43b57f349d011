"""Throttling: tell a connection that is held back from a slow one, and policing from shaping. Pure.

A *policer* lets a bucketful through and drops what exceeds its rate: segments are missing, and the others
took no longer than usual. A *shaper* queues: nothing is missing until the queue is full, and every
round trip takes longer. Both are seen in what the kernel knows of a connection, at its end that receives
(segments that come out of order, round trips measured on what comes) and at its end that sends (segments sent
again, round trips).

One transfer is compared with another like it over the same network: a slow or lossy line slows both.
"""

import statistics
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import msgspec

from banwatch.formats.ooni.extensions import Throttling

Direction = Literal["download", "upload"]
Kind = Literal["policing", "shaping"]

_BITS = 8
_ENOUGH_BYTES = 16_384
"""Below, TCP's slow start decides the rate."""
_MIN_SAMPLES = 5
_LOSS_SHARE = 0.01
"""More of this than the twin lost: dropped on purpose. Policers drop a tenth; good lines a ten-thousandth."""
_SEGMENT_BYTES = 1448
_QUEUED_SEGMENTS = 1.5
"""At least so many wait in a shaper's queue, at the rate that it lets them go."""
_SHORTEST_QUEUE_MS = 20.0
_LONGER = 1.3
_SLOWER = 2.0


class Sample(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Kernel facts about a connection at one moment; written as an array, in this order."""

    t: float
    """Seconds since the measurement began."""
    num_bytes: int
    """Received so far, or acknowledged by the peer so far."""
    rtt_ms: float | None
    """Round trip as measured in the direction of the transfer, queues included."""
    segments: int
    """Of the transfer, so far: received, or sent."""
    segments_lost: int
    """Of those: received out of order, or sent again."""


class Pattern(msgspec.Struct, frozen=True, kw_only=True):
    """Pattern of a transfer."""

    size_bytes: int
    seconds: float
    """From its first bytes to its last."""
    goodput_bps: float
    """Bits a second of its later half: the first bytes may come from a bucket that was full."""
    loss_share: float
    longest_pause_s: float
    """The longest between two arrivals, in order or not."""
    queueing_ms: float | None
    """Median round trip while it went on, less the shortest one."""


def describe(samples: Sequence[Sample], *, begun_s: float, min_rtt_ms: float | None = None) -> Pattern | None:
    """Describe a transfer; None where it is too short to say anything.

    Args:
        samples: in the order of time; those before the beginning say what was there already.
        begun_s: moment at which the transfer was asked for, on the samples' scale.
        min_rtt_ms: the connection's shortest round trip.
    """
    moved = _moving(samples, begun_s)
    first, last = moved[0], moved[-1]
    size_bytes, seconds = last.num_bytes - first.num_bytes, last.t - first.t
    if size_bytes < _ENOUGH_BYTES or seconds <= 0:
        return None
    goodput_bps = size_bytes * _BITS / seconds
    if len(moved) >= _MIN_SAMPLES:
        middle = (moved[1].t + last.t) / 2
        before = max((one for one in moved[1:] if one.t <= middle), key=lambda one: one.t)
        goodput_bps = (last.num_bytes - before.num_bytes) * _BITS / (last.t - before.t)
    trips = [one.rtt_ms for one in moved[1:] if one.rtt_ms]
    segments = last.segments - first.segments
    return Pattern(
        size_bytes=size_bytes,
        seconds=round(seconds, 6),
        goodput_bps=round(goodput_bps, 1),
        loss_share=round((last.segments_lost - first.segments_lost) / segments, 4) if segments > 0 else 0.0,
        queueing_ms=round(statistics.median(trips) - min_rtt_ms, 3) if trips and min_rtt_ms else None,
        longest_pause_s=_longest_pause_s([one for one in samples if one.t > begun_s] or moved),
    )


def _longest_pause_s(samples: Sequence[Sample]) -> float:
    return round(max((after.t - earlier.t for earlier, after in pairwise(samples)), default=0.0), 6)


def _moving(samples: Sequence[Sample], begun_s: float) -> list[Sample]:
    """Select the state at the beginning, and then every sample at which more had come."""
    earlier = [one for one in samples if one.t <= begun_s]
    base = earlier[-1] if earlier else None
    moved = [
        Sample(
            t=begun_s,
            num_bytes=base.num_bytes if base else 0,
            rtt_ms=None,
            segments=base.segments if base else 0,
            segments_lost=base.segments_lost if base else 0,
        )
    ]
    for one in samples:
        if one.t > moved[-1].t and one.num_bytes > moved[-1].num_bytes:
            moved.append(one)
    return moved


def slowdown(target: Pattern, other: Pattern) -> float | None:
    """Return how many times faster the twin was; None where nothing can be said."""
    return round(other.goodput_bps / target.goodput_bps, 2) if target.goodput_bps > 0 else None


def tell_kind(target: Pattern, twin: Pattern) -> Kind | None:
    """Return policing or shaping, for a transfer that is slower than its twin.

    None where the transfer is not slower, or shows the marks of neither, as with a server that sends slowly.
    """
    slower = slowdown(target, twin)
    if slower is None or slower < _SLOWER:
        return None
    is_lossy = target.loss_share - twin.loss_share >= _LOSS_SHARE
    grown_ms = (target.queueing_ms or 0.0) - (twin.queueing_ms or 0.0)
    segment_ms = _SEGMENT_BYTES * _BITS / target.goodput_bps * 1000
    is_queued = grown_ms >= max(_SHORTEST_QUEUE_MS, _QUEUED_SEGMENTS * segment_ms)
    if is_lossy:
        # after a loss, round trips are measured over the stall that follows; a queue is longer than any pause
        is_queued = is_queued and grown_ms > _LONGER * target.longest_pause_s * 1000
    if is_queued:
        return "shaping"  # lossy or not: a queue that is full drops as well
    return "policing" if is_lossy else None


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer, as it is written down."""

    role: Literal["target", "twin"]
    direction: Direction
    address: str
    transaction_id: int
    failure: str | None
    pattern: Pattern | None
    samples: list[Sample]


def compare(
    transfers: Sequence[Transfer],
    twin: Literal["setting", "helper"] | None,
    control_goodput_bps: float | None = None,
) -> Throttling:
    """Compare the target's transfers with its twin's, each way."""
    slow: dict[str, float | None] = {}
    kinds: dict[str, str | None] = {}
    by_role = {(one.role, one.direction): one.pattern for one in transfers}
    for direction in ("download", "upload"):
        target, other = by_role.get(("target", direction)), by_role.get(("twin", direction))
        slower = slowdown(target, other) if target is not None and other is not None else None
        if target is not None and other is not None and slower is not None:
            slow[direction] = slower
            kinds[direction] = tell_kind(target, other)
    return Throttling(
        twin=twin,
        transfers=msgspec.Raw(msgspec.json.encode(transfers)),
        slowdown=slow,
        kind=kinds,
        control_goodput_bps=control_goodput_bps,
    )
