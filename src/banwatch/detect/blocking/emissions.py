"""Emissions: log likelihood ratios of the states by an hour's votes, in two ways that a benchmark compares.

Votes of one hour are not independent: the chance that made one measurement fail may have made the next fail.
The *scaled binomial* counts all of an hour's votes alike, and the less the more there are: the log likelihood
is multiplied by `(1 + s) / (n + s)`, the ratio of the two distributions' information. The *beta-binomial*
draws the hour's share of accusing votes anew from a beta distribution of size `s` about the state's share, so
that each further vote on the same side says less than the one before.
"""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from banwatch.detect import thresholds as t
from banwatch.detect.blocking import thresholds as b
from banwatch.detect.votes.steps import Floats

OPEN, PARTLY, BLOCKED = 0, 1, 2
_SMALL_TABLE = 4096


class Emissions(StrEnum):
    """Distribution of an hour's votes."""

    BINOMIAL = "binomial"
    """Scaled binomial."""
    BETA_BINOMIAL = "beta-binomial"


DEFAULT = Emissions.BINOMIAL


def shares(baseline: Floats) -> NDArray[np.float32]:
    """Return the expected share of accusing votes in each state, `[state, series]`."""
    partly = baseline + t.PARTLY_EXTRA * (1 - baseline)
    blocked = np.full_like(baseline, t.BLOCKED_SHARE)
    return np.stack([baseline, partly, blocked])


def weight(informative: Floats) -> Floats:
    """Return the factor on an hour's binomial log likelihood: 1 for one vote, less for more votes."""
    size = t.CHANCE_PER_VOTE_ODDS
    return ((1 + size) / (np.maximum(informative, 1) + size)).astype(np.float32)


def log_ratios(
    accusing: Floats, informative: Floats, baseline: Floats, emissions: Emissions = DEFAULT
) -> tuple[Floats, Floats]:
    """Return log likelihood ratios of partly and of blocked against open, in nats, each `[steps, series]`.

    Args:
        accusing: votes that accuse, `[steps, series]`.
        informative: votes that accuse or absolve.
        baseline: each series' share of failures while open, `[series]`.
        emissions: the distribution of an hour's votes.
    """
    if emissions is Emissions.BETA_BINOMIAL:
        return _beta_binomial(accusing, informative, baseline)
    return _scaled_binomial(accusing, informative, baseline)


def burst_ratio(accusing: Floats, informative: Floats, baseline: Floats) -> Floats:
    """Return log likelihood ratios of a burst against none, in an open series, `[steps, series]`."""
    share = np.clip(baseline + b.BURST_EXTRA * (1 - baseline), 0, t.BLOCKED_SHARE)
    scale = weight(informative)
    hit, miss = np.log(share / baseline), np.log((1 - share) / (1 - baseline))
    ratio = accusing * hit + (informative - accusing) * miss
    return np.asarray(scale * ratio, np.float32)


def _scaled_binomial(accusing: Floats, informative: Floats, baseline: Floats) -> tuple[Floats, Floats]:
    scale = weight(informative)
    accusing = accusing * scale
    scale *= informative
    hit, miss = np.log(shares(baseline)), np.log1p(-shares(baseline))
    ratios = []
    for state in (PARTLY, BLOCKED):  # accusing * hit + (informative - accusing) * miss, against open
        absolves = (miss[state] - miss[OPEN]).astype(np.float32)
        accuses = (hit[state] - hit[OPEN]).astype(np.float32) - absolves
        ratio = accusing * accuses
        ratio += scale * absolves
        ratios.append(ratio)
    return ratios[0], ratios[1]


def _beta_binomial(accusing: Floats, informative: Floats, baseline: Floats) -> tuple[Floats, Floats]:
    """Compute the ratio of two beta functions by tables: factors of `informative` alone cancel.

    `log gamma(k + a) - log gamma(a)` is the sum of `log(a + i)` for i below k; between whole numbers of votes
    the table is interpolated linearly, so that half a vote weighs half of a whole one.
    """
    fewer = np.minimum(1, t.BETA_BINOMIAL_MOST_VOTES / np.maximum(informative, 1)).astype(np.float32)
    accuses = np.maximum(accusing * fewer, 0)
    absolves = np.maximum(informative * fewer - accuses, 0)
    share = shares(baseline).astype(np.float64)
    most = int(np.ceil(accuses.max(initial=0))), int(np.ceil(absolves.max(initial=0)))
    hit = [_rising(share[state] * t.CHANCE_PER_VOTE_ODDS, most[0]) for state in range(3)]
    miss = [_rising((1 - share[state]) * t.CHANCE_PER_VOTE_ODDS, most[1]) for state in range(3)]
    whole = accuses.astype(np.int32), absolves.astype(np.int32)
    entire = bool((whole[0] == accuses).all() and (whole[1] == absolves).all())
    if entire and (most[0] + 1) * (most[1] + 1) <= _SMALL_TABLE:  # one table for both, for speed
        entry = whole[0] * np.int32(most[1] + 1)
        entry += whole[1]
        both = [
            (hit[state] - hit[OPEN])[:, None] + (miss[state] - miss[OPEN])[None]
            for state in (PARTLY, BLOCKED)
        ]
        flat = [np.ascontiguousarray(one.reshape(-1, one.shape[-1]), np.float32) for one in both]
        return np.take_along_axis(flat[0], entry, axis=0), np.take_along_axis(flat[1], entry, axis=0)
    ratios = [
        _between(hit[state] - hit[OPEN], accuses, whole[0])
        + _between(miss[state] - miss[OPEN], absolves, whole[1])
        for state in (PARTLY, BLOCKED)
    ]
    return ratios[0].astype(np.float32), ratios[1].astype(np.float32)


def _rising(start: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """Return logarithms of `start * (start + 1) * ...`, with 0 to `most` factors, `[factors, series]`."""
    table = np.zeros((most + 1, len(start)))
    np.cumsum(np.log(start + np.arange(most)[:, None]), axis=0, out=table[1:])
    return table


def _between(table: NDArray[np.float64], votes: Floats, whole: NDArray[np.int32]) -> NDArray[np.float64]:
    below = np.take_along_axis(table, whole, axis=0)
    above = np.take_along_axis(table, np.minimum(whole + 1, len(table) - 1), axis=0)
    return below + (votes - whole) * (above - below)
