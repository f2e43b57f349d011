"""Series of votes with known truth, as the arrays that the model reads."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from banwatch.detect.votes.steps import Steps

WEEK = 168
Counts = NDArray[np.float32]

DAY_SWING = 0.8
"""Hard series: how far the daily rhythm goes up and down, of measurements and of trouble."""
BURST_EVERY_H = 2 * WEEK
BURST_HOURS = 2.0
BURST_SHARE = 0.5
"""Hard series: once in two weeks, for two hours on average, half of all measurements fail."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Votes `[hour, series]`, and what is true of them."""

    informative: Counts
    accusing: Counts
    begins: NDArray[np.int64]
    """First hour of each series' week of blocking; -1 where there is none."""
    baselines: NDArray[np.float64]


def sample(
    rng: np.random.Generator,
    *,
    series: int,
    weeks: int,
    rate: float,
    baselines: tuple[float, ...],
    effect: float = 0.0,
    hard: bool = False,
) -> Sample:
    """Draw series with Poisson measurements and one week of blocking each, or none.

    Args:
        rng: chance.
        series: how many.
        weeks: length.
        rate: measurements an hour.
        baselines: shares of trouble while open, dealt out in turn.
        effect: share of the otherwise good measurements that the blocking hits; 0 is a quiet series.
        hard: trouble comes in bursts and by the time of day, and so do measurements.
    """
    hours = weeks * WEEK
    baseline = np.resize(np.array(baselines), series)
    share = np.broadcast_to(baseline, (hours, series))
    rates: NDArray[np.float64] | float = rate
    if hard:
        rates = rate * _day(rng, hours, series)
        share = np.minimum(baseline * _day(rng, hours, series) * rng.exponential(1.0, share.shape), 0.9)
        share = np.where(_bursts(rng, hours, series), np.maximum(share, BURST_SHARE), share)
    informative = rng.poisson(rates, (hours, series)).astype(np.float32)
    begins = np.full(series, -1)
    if effect:
        begins = rng.integers(3 * WEEK, hours - 3 * WEEK, series)
        hour = np.arange(hours)[:, None]
        in_block = (hour >= begins) & (hour < begins + WEEK)
        share = np.where(in_block, share + (1 - share) * effect, share)
    accusing = rng.binomial(informative.astype(np.int64), share).astype(np.float32)
    return Sample(informative, accusing, begins, baseline)


def _day(rng: np.random.Generator, hours: int, series: int) -> NDArray[np.float64]:
    """A daily rhythm about 1, each series with a peak at an hour of its own."""
    peak = rng.uniform(0, 24, series)
    return 1 + DAY_SWING * np.cos((np.arange(hours)[:, None] - peak) * (2 * np.pi / 24))


def _bursts(rng: np.random.Generator, hours: int, series: int) -> NDArray[np.bool_]:
    """Hours in which much fails at once, for a while."""
    in_block = np.zeros((hours, series), np.bool_)
    first, column = np.nonzero(rng.random((hours, series)) < 1 / BURST_EVERY_H)
    for start, place, length in zip(first, column, rng.geometric(1 / BURST_HOURS, len(first)), strict=True):
        in_block[start : start + length, place] = True
    return in_block


def steps_of(drawn: Sample, upto: NDArray[np.int64] | None = None) -> tuple[Steps, NDArray[np.int32]]:
    """Return the hours with votes, up to an hour of each series, and the hour of every step."""
    hours, _ = drawn.informative.shape
    voted = drawn.informative > 0
    if upto is not None:
        voted &= np.arange(hours)[:, None] <= upto
    # a stable sort moves each series' hours with votes to the front, in order
    order = np.argsort(~voted, axis=0, kind="stable")[: max(int(voted.sum(axis=0).max()), 1)]
    used = np.take_along_axis(voted, order, axis=0)
    hour = np.where(used, order, 0).astype(np.int32)
    gaps = np.zeros_like(hour)
    gaps[1:] = np.where(used[1:], hour[1:] - hour[:-1], 0)
    informative = np.where(used, np.take_along_axis(drawn.informative, order, axis=0), 0).astype(np.float32)
    accusing = np.where(used, np.take_along_axis(drawn.accusing, order, axis=0), 0).astype(np.float32)
    return Steps(accusing, informative, gaps, hour[0]), hour
