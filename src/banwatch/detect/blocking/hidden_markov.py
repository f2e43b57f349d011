"""Hidden Markov model: for each series and step, the probability of open, partly blocked and blocked.

A series is observed only at *steps*, its hours with informative votes; between two steps the states drift by
the hours that passed, so empty hours count without being stored. Arrays are laid out `[steps, series]`,
padded at the end with steps of no votes and no time, which change nothing. `emissions` gives the likelihood
of an hour's votes.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from banwatch.detect import thresholds as t
from banwatch.detect.blocking.bursts import NONE, Bursts, surprises
from banwatch.detect.blocking.emissions import DEFAULT, OPEN, Emissions, log_ratios
from banwatch.detect.votes.steps import Floats, Hours, Steps

STATES = 3


@lru_cache(maxsize=1)
def _powers() -> NDArray[np.float32]:
    """Return transition matrices for every gap, `[from, to, gap]`."""
    to_blocked, to_partly = t.ONSET_PER_HOUR, t.PARTLY_ONSET_PER_HOUR
    turn = t.TURN_PER_HOUR
    hour = np.array(
        [
            [1 - to_blocked - to_partly, to_partly, to_blocked],
            [t.PARTLY_END_PER_HOUR, 1 - t.PARTLY_END_PER_HOUR - turn, turn],
            [t.BLOCKED_END_PER_HOUR, turn, 1 - t.BLOCKED_END_PER_HOUR - turn],
        ]
    )
    powers = np.empty((t.LONGEST_GAP_HOURS + 1, STATES, STATES))
    powers[0] = np.eye(STATES)
    for gap in range(t.LONGEST_GAP_HOURS):
        powers[gap + 1] = powers[gap] @ hour
    return np.ascontiguousarray(powers.transpose(1, 2, 0), dtype=np.float32)


def evidence(
    steps: Steps, baseline: Floats, *, reach: int | None = None, emissions: Emissions = DEFAULT
) -> Floats:
    """Return log odds of the best single stretch that ends at each step.

    The odds are the evidence of the stretch, less the improbability of an onset before it. They bound the
    result of the chain at the cost of two running sums, so that quiet series, and quiet parts of others, can
    be left out.

    Args:
        steps: the votes.
        baseline: each series' share of failures while open.
        reach: the longest stretch considered, in steps, a power of two; any, if omitted.
        emissions: the distribution of an hour's votes.
    """
    onset = t.ONSET_PER_HOUR + t.PARTLY_ONSET_PER_HOUR
    cost = np.maximum(steps.gap_hours, 1).astype(np.float32)
    cost *= onset
    np.minimum(cost, 0.5, out=cost)
    np.log(cost, out=cost)
    cost[0] = np.log(1 - t.INITIAL[OPEN])
    best = np.full(steps.informative.shape, -np.inf, np.float32)
    for ratios in log_ratios(steps.accusing, steps.informative, baseline, emissions):
        total = np.cumsum(ratios, axis=0, dtype=np.float32)
        np.subtract(total, ratios, out=ratios)
        ratios -= cost
        if reach is None:
            np.minimum.accumulate(ratios, axis=0, out=ratios)
        else:
            span = 1
            while span < reach:
                ratios[span:] = np.minimum(ratios[span:], ratios[:-span])
                span *= 2
        total -= ratios
        np.maximum(best, total, out=best)
    return best


def ratios_with_bursts(
    steps: Steps, baseline: Floats, emissions: Emissions, bursts: Bursts
) -> tuple[Floats, Floats]:
    """Return log likelihood ratios of partly and of blocked against open, which may be in a burst."""
    partly, blocked = log_ratios(steps.accusing, steps.informative, baseline, emissions)
    if bursts.share:
        surprise = surprises(steps, baseline, bursts)
        partly, blocked = partly - surprise, blocked - surprise
    return partly, blocked


def smooth(
    steps: Steps,
    baseline: Floats,
    *,
    from_start: NDArray[np.bool_] | None = None,
    emissions: Emissions = DEFAULT,
    bursts: Bursts = NONE,
    onsets: Floats | None = None,
) -> Floats:
    """Run the chain forwards and backwards over every series at once.

    Args:
        steps: the votes.
        baseline: each series' share of failures while open.
        from_start: whether a column begins where its series does; otherwise the series was open before.
        emissions: the distribution of an hour's votes.
        bursts: the law of bursts of the open series.
        onsets: further chance of an onset just before each step, as other networks tell it.

    Returns:
        The probability that a series was not open at a step, given all its votes, `[steps, series]`.
    """
    count, series = steps.informative.shape
    powers = _powers()
    gaps = np.minimum(steps.gap_hours, t.LONGEST_GAP_HOURS)
    partly, blocked = ratios_with_bursts(steps, baseline, emissions, bursts)
    peak = np.maximum(np.maximum(partly, blocked), 0)
    likelihood = np.stack([np.exp(-peak), np.exp(partly - peak), np.exp(blocked - peak)], axis=1)
    likelihood = np.maximum(likelihood, np.float32(1e-30))

    alike = gaps.min(axis=1) == gaps.max(axis=1)
    forward = np.empty((count, STATES, series), np.float32)
    starts = np.array(t.INITIAL, np.float32)[:, None]
    if from_start is not None:
        starts = np.where(from_start, starts, powers[OPEN][:, gaps[0]])
    to_partly = t.PARTLY_ONSET_PER_HOUR / (t.PARTLY_ONSET_PER_HOUR + t.ONSET_PER_HOUR)
    turned = np.array([[-1.0], [to_partly], [1 - to_partly]], np.float32)
    forward[0] = likelihood[0] * starts
    forward[0] /= forward[0].sum(axis=0)
    for i in range(1, count):
        row = _onwards(forward[i - 1], powers, gaps[i], alike[i])
        if onsets is not None:
            row += row[OPEN] * onsets[i] * turned
        row *= likelihood[i]
        row /= row.sum(axis=0)
        forward[i] = row

    interfered = np.empty((count, series), np.float32)
    backward = np.ones((STATES, series), np.float32)
    for i in range(count - 1, -1, -1):
        here = forward[i] * backward
        interfered[i] = 1 - here[OPEN] / here.sum(axis=0)
        if i:
            after = likelihood[i] * backward
            if onsets is not None:
                after[OPEN] += onsets[i] * (turned * after).sum(axis=0)
            step = powers[:, :, gaps[i][:1] if alike[i] else gaps[i]]  # [from, to, series]
            backward = step[:, 0] * after[0] + step[:, 1] * after[1] + step[:, 2] * after[2]
            backward /= backward.sum(axis=0)
    return interfered


def _onwards(row: Floats, powers: Floats, gaps: Hours, alike: np.bool_) -> Floats:
    """Let the states drift by each series' gap, `[state, series]`."""
    step = powers[:, :, gaps[:1] if alike else gaps]
    return np.asarray(row[0] * step[0] + row[1] * step[1] + row[2] * step[2], dtype=np.float32)
