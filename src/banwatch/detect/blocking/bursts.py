"""Bursts: hours in which much of a series fails at once and then works again, though nothing is blocked.

A bad hour of a network or of a site is a state of the open series, short and with a share of failures of its
own. How often it comes is estimated from the series themselves, by likelihood and outside the stretches that
are held for blocking: series whose failures do not cluster have no bursts.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from banwatch.detect.blocking import thresholds as b
from banwatch.detect.blocking.emissions import burst_ratio
from banwatch.detect.votes.steps import Floats, Hours, Steps


@dataclass(frozen=True, slots=True)
class Bursts:
    """Law of the bursts of all series."""

    share: float = 0.0
    """Share of the time that is in a burst; 0 where there are none."""


NONE = Bursts()


def surprises(steps: Steps, baseline: Floats, bursts: Bursts) -> Floats:
    """Return how much likelier each step's votes are with bursts than without, in nats, `[steps, series]`.

    The probability of a burst follows the votes of an open series step by step.
    """
    ratios = burst_ratio(steps.accusing, steps.informative, baseline)
    found = np.empty_like(ratios)
    for i, nats in enumerate(_followed(ratios, steps.gap_hours, np.array([[bursts.share]], np.float32))):
        found[i] = nats[0]
    return found


def _followed(ratios: Floats, gaps: Hours, shares: Floats) -> Iterator[Floats]:
    """Yield, step by step, the nats that bursts add to the votes' likelihood, `[shares, series]`."""
    kept = np.exp(gaps * np.float32(-1 / b.BURST_HOURS)).astype(np.float32)
    odds = np.exp(np.minimum(ratios, b.BURST_MOST_NATS))
    likely = np.repeat(shares, ratios.shape[1], axis=1)
    for ratio, stays in zip(odds, kept, strict=True):
        before = shares + (likely - shares) * stays
        burst = before * ratio
        total = burst + (1 - before)
        likely = burst / total
        yield np.log(total)


def fit_bursts(steps: Steps, baseline: Floats, held: NDArray[np.bool_]) -> Bursts:
    """Fit the share of time in bursts to series, by the likelihood of the steps that are not held.

    Args:
        steps: the votes.
        baseline: each series' share of failures while open.
        held: the steps that are left out, as part of a long stretch of interference.
    """
    hour = np.cumsum(steps.gap_hours, axis=0, dtype=np.int32)
    asked = ~held & (hour <= hour[-1] - b.BURST_EDGE_HOURS)
    ratios = np.where(asked, burst_ratio(steps.accusing, steps.informative, baseline), 0)
    tried = np.array(b.BURST_SHARES, np.float32)[:, None]
    nats = np.zeros(len(tried))
    for added in _followed(ratios, steps.gap_hours, tried):
        nats += np.minimum(added, b.BURST_STEP_NATS).sum(axis=1, dtype=np.float64)
    best = int(nats.argmax())
    return Bursts(b.BURST_SHARES[best]) if nats[best] > b.BURST_NATS else NONE
