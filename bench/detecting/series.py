"""Series of votes with known truth, as the arrays that the model reads."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from banwatch.detect.hidden import Steps

WEEK = 168
Counts = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sample:
    """Votes `[hour, series]`, and what is true of them."""

    telling: Counts
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
) -> Sample:
    """Draw series with Poisson measurements and one week of blocking each, or none.

    Args:
        rng: chance.
        series: how many.
        weeks: length.
        rate: measurements an hour.
        baselines: shares of trouble while open, dealt out in turn.
        effect: share of the otherwise good measurements that the blocking hits; 0 is a quiet series.
    """
    hours = weeks * WEEK
    baseline = np.resize(np.array(baselines), series)
    telling = rng.poisson(rate, (hours, series)).astype(np.float32)
    share = np.broadcast_to(baseline, (hours, series))
    begins = np.full(series, -1)
    if effect:
        begins = rng.integers(3 * WEEK, hours - 3 * WEEK, series)
        hour = np.arange(hours)[:, None]
        inside = (hour >= begins) & (hour < begins + WEEK)
        share = np.where(inside, baseline + (1 - baseline) * effect, baseline)
    accusing = rng.binomial(telling.astype(np.int64), share).astype(np.float32)
    return Sample(telling, accusing, begins, baseline)


def steps_of(drawn: Sample, upto: NDArray[np.int64] | None = None) -> tuple[Steps, NDArray[np.int32]]:
    """Keep the telling hours, up to an hour of each series; also gives the hour of every step."""
    hours, _ = drawn.telling.shape
    told = drawn.telling > 0
    if upto is not None:
        told &= np.arange(hours)[:, None] <= upto
    # a stable sort by "not told" moves each series' telling hours to the front, in order
    order = np.argsort(~told, axis=0, kind="stable")[: max(int(told.sum(axis=0).max()), 1)]
    used = np.take_along_axis(told, order, axis=0)
    hour = np.where(used, order, 0).astype(np.int32)
    gaps = np.zeros_like(hour)
    gaps[1:] = np.where(used[1:], hour[1:] - hour[:-1], 0)
    telling = np.where(used, np.take_along_axis(drawn.telling, order, axis=0), 0).astype(np.float32)
    accusing = np.where(used, np.take_along_axis(drawn.accusing, order, axis=0), 0).astype(np.float32)
    return Steps(accusing, telling, gaps), hour
