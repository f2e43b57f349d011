"""Baseline of a series: its share of failures while it is open, shrunk towards that of all series.

The method is empirical Bayes: the mean over all series is the prior of each series' share. A block in the
data must not raise the baseline, so the first guess is a low quantile over pieces of the series; where the
model then finds interference, the share is computed again from the steps that it takes for open.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from banwatch.detect import thresholds as t
from banwatch.detect.blocking.bursts import NONE, Bursts
from banwatch.detect.votes.steps import Floats, Steps

Groups = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Prior:
    """Prior of all series: the mean share of failures while open."""

    mean: float = t.BASELINE_PRIOR_MEAN
    strength_votes: float = t.BASELINE_STRENGTH_VOTES[0]
    """Votes that the mean counts for in one series' own share: many where the series are alike."""
    bursts: Bursts = NONE
    """Law of the bursts of all series."""


def fit(accusing: Floats, informative: Floats, *, weakest: float = t.BASELINE_STRENGTH_VOTES[0]) -> Prior:
    """Fit the prior to each series' votes while open: mean and spread, by moments."""
    prior_votes = t.BASELINE_PRIOR_VOTES
    mean = (float(accusing.sum()) + t.BASELINE_PRIOR_MEAN * prior_votes) / (
        float(informative.sum()) + prior_votes
    )
    mean = float(np.clip(mean, t.BASELINE_FLOOR, t.BASELINE_CEILING))
    weak, strong = weakest, t.BASELINE_STRENGTH_VOTES[1]
    pairs = float((informative * np.maximum(informative - 1, 0)).sum(dtype=np.float64))
    if not pairs:
        return Prior(mean=mean, strength_votes=weak)
    spread = float(((accusing - informative * mean) ** 2).sum(dtype=np.float64)) / (mean * (1 - mean))
    alike = max((spread - float(informative.sum(dtype=np.float64))) / pairs, 1 / (strong + 1))
    return Prior(mean=mean, strength_votes=float(np.clip(1 / alike - 1, weak, strong)))


def fit_roughly(accusing: Floats, informative: Floats) -> Prior:
    """Fit the prior to first guesses, without the series that have most failures: these may hold blocks."""
    share = accusing / np.maximum(informative, 1e-9)
    calm = share <= np.quantile(share, 1 - t.FIRST_FIT_LEFT_OUT)
    return fit(np.where(calm, accusing, 0), np.where(calm, informative, 0))


def shrink(accusing: Floats, informative: Floats, prior: Prior, alike: Groups | None = None) -> Floats:
    """Return each series' own share, `[series]`, from its votes while open and the prior.

    Args:
        accusing: votes that accuse, of each series.
        informative: votes that accuse or absolve.
        prior: the prior of all series.
        alike: a number for each series, the same for those of one target in one country: a target that fails
            on one network often fails on the others, and a series of few votes is shrunk towards these first.
    """
    mean: Floats | float = prior.mean
    if alike is not None:
        prior_votes = t.BASELINE_TARGET_VOTES
        of_group = np.bincount(alike, accusing) + prior_votes * prior.mean
        mean = (of_group / (np.bincount(alike, informative) + prior_votes))[alike]
    share = (accusing + prior.strength_votes * mean) / (informative + prior.strength_votes)
    return np.asarray(np.clip(share, t.BASELINE_FLOOR, t.BASELINE_CEILING), np.float32)


def first_guess(steps: Steps) -> tuple[Floats, Floats]:
    """Guess the votes while open before any model: (accusing, informative), each `[series]`."""
    series = steps.informative.shape[1]
    used = (steps.informative > 0).sum(axis=0)
    bounds = used * np.arange(t.FIRST_GUESS_PIECES + 1)[:, None] // t.FIRST_GUESS_PIECES
    accusing = _sums(steps.accusing, bounds)
    informative = _sums(steps.informative, bounds)
    share = np.where(informative > 0, accusing / np.maximum(informative, 1e-9), np.inf)
    order = np.sort(share, axis=0)
    at = ((informative > 0).sum(axis=0) * t.FIRST_GUESS_QUANTILE).astype(np.int64)
    low = order[np.minimum(at, t.FIRST_GUESS_PIECES - 1), np.arange(series)]
    low = np.where(np.isfinite(low), low, 0.0)
    open_votes = np.where(low <= t.BASELINE_CEILING, informative.sum(axis=0), 0.0)
    return (low * open_votes).astype(np.float32), open_votes.astype(np.float32)


def _sums(votes: Floats, bounds: np.ndarray) -> Floats:
    """Sum votes between bounds, `[stretch, series]`."""
    running = np.zeros((votes.shape[0] + 1, votes.shape[1]), np.float32)
    np.cumsum(votes, axis=0, dtype=np.float32, out=running[1:])
    return np.asarray(np.diff(np.take_along_axis(running, bounds, axis=0), axis=0), dtype=np.float32)
