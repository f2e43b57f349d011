"""How much trouble a series shows while it is open: its own share, steadied by all the others.

Empirical Bayes: the mean over all series is the prior of each one's own share. A block in the data must not
pass for baseline, so the first guess is a low quantile over stretches of the series; where the model then
finds interference, the share is taken again from what it takes for open.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from banwatch.detect import thresholds as t
from banwatch.detect.votes.steps import Floats, Steps

Groups = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Prior:
    """What the series have in common: the mean share of trouble while open."""

    mean: float = t.BASELINE_PRIOR_MEAN
    strength_votes: float = t.BASELINE_STRENGTH_VOTES[0]
    """How many votes the mean counts for in one series' own share: many where the series are alike."""


def fit(accusing: Floats, telling: Floats, *, weakest: float = t.BASELINE_STRENGTH_VOTES[0]) -> Prior:
    """The prior from each series' votes cast while open: their mean, and how far they differ (moments)."""
    known = t.BASELINE_PRIOR_VOTES
    mean = (float(accusing.sum()) + t.BASELINE_PRIOR_MEAN * known) / (float(telling.sum()) + known)
    mean = float(np.clip(mean, t.BASELINE_FLOOR, t.BASELINE_CEILING))
    weak, strong = weakest, t.BASELINE_STRENGTH_VOTES[1]
    pairs = float((telling * np.maximum(telling - 1, 0)).sum(dtype=np.float64))
    if not pairs:
        return Prior(mean=mean, strength_votes=weak)
    spread = float(((accusing - telling * mean) ** 2).sum(dtype=np.float64)) / (mean * (1 - mean))
    alike = max((spread - float(telling.sum(dtype=np.float64))) / pairs, 1 / (strong + 1))
    return Prior(mean=mean, strength_votes=float(np.clip(1 / alike - 1, weak, strong)))


def fit_roughly(accusing: Floats, telling: Floats) -> Prior:
    """The prior from first guesses: the quarter with most trouble may hold blocks and is left out."""
    share = accusing / np.maximum(telling, 1e-9)
    calm = share <= np.quantile(share, 1 - t.FIRST_FIT_LEFT_OUT)
    return fit(np.where(calm, accusing, 0), np.where(calm, telling, 0))


def shrink(accusing: Floats, telling: Floats, prior: Prior, alike: Groups | None = None) -> Floats:
    """Each series' own share, `[series]`, from its votes while open and the prior.

    Args:
        accusing: votes that accuse, of each series.
        telling: votes that could tell.
        prior: what all series have in common.
        alike: a number for each series, the same for those of one target in one country: what fails on one
            network often fails on the others, and a series of few votes is steadied by these first.
    """
    mean: Floats | float = prior.mean
    if alike is not None:
        known = t.BASELINE_TARGET_VOTES
        of_group = np.bincount(alike, accusing) + known * prior.mean
        mean = (of_group / (np.bincount(alike, telling) + known))[alike]
    share = (accusing + prior.strength_votes * mean) / (telling + prior.strength_votes)
    return np.asarray(np.clip(share, t.BASELINE_FLOOR, t.BASELINE_CEILING), np.float32)


def first_guess(steps: Steps) -> tuple[Floats, Floats]:
    """Votes while open as far as can be told before any model: (accusing, telling), each `[series]`."""
    series = steps.telling.shape[1]
    used = (steps.telling > 0).sum(axis=0)
    bounds = used * np.arange(t.FIRST_GUESS_PIECES + 1)[:, None] // t.FIRST_GUESS_PIECES
    accusing = _sums(steps.accusing, bounds)
    telling = _sums(steps.telling, bounds)
    share = np.where(telling > 0, accusing / np.maximum(telling, 1e-9), np.inf)
    order = np.sort(share, axis=0)
    at = ((telling > 0).sum(axis=0) * t.FIRST_GUESS_QUANTILE).astype(np.int64)
    low = order[np.minimum(at, t.FIRST_GUESS_PIECES - 1), np.arange(series)]
    low = np.where(np.isfinite(low), low, 0.0)
    open_votes = np.where(low <= t.BASELINE_CEILING, telling.sum(axis=0), 0.0)
    return (low * open_votes).astype(np.float32), open_votes.astype(np.float32)


def _sums(votes: Floats, bounds: np.ndarray) -> Floats:
    """Sum votes between bounds, `[stretch, series]`."""
    running = np.zeros((votes.shape[0] + 1, votes.shape[1]), np.float32)
    np.cumsum(votes, axis=0, dtype=np.float32, out=running[1:])
    return np.asarray(np.diff(np.take_along_axis(running, bounds, axis=0), axis=0), dtype=np.float32)
