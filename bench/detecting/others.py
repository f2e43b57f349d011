"""Other detectors on the same series: a Bayesian online change point, and an offline segmentation."""

from importlib.util import find_spec

import numpy as np

from detecting.series import Counts

HAS_RUPTURES = find_spec("ruptures") is not None
"""Whether the library of bench/requirements.txt is there."""
HAZARD = 1 / 2000
"""Chance of a change in an hour of measuring."""
LONGEST_RUN = 200
"""Steps of a run that are told apart; longer ones are one."""
BLOCKED_SHARE = 0.5
"""Mean share of failures of a run, or of a segment, from which it is called blocked."""
SURE = 0.85
PRIOR = (0.2, 0.8)
"""Beta distribution of a run's share of failures before any vote."""
PENALTY = 3.0


def bayesian_alarms(informative: Counts, accusing: Counts) -> list[list[int]]:
    """Hours at which a Bayesian online change point (Adams and MacKay 2007) says a series became blocked.

    Run lengths have a beta-binomial each; blocked is when runs with a mean share above a half are together
    `SURE`.
    """
    hours, series = informative.shape
    weight = np.zeros((1, series))
    hit, miss = np.full((1, series), PRIOR[0]), np.full((1, series), PRIOR[1])
    blocked = np.zeros(series, np.bool_)
    said: list[list[int]] = [[] for _ in range(series)]
    for hour in range(hours):
        votes = np.minimum(informative[hour], 1)
        voted = votes > 0
        share = np.divide(accusing[hour], informative[hour], out=np.zeros(series), where=voted)
        mean = hit / (hit + miss)
        likelihood = np.where(voted, share * np.log(mean) + (1 - share) * np.log1p(-mean), 0)
        grown = weight + likelihood + np.log(1 - HAZARD)
        fresh = np.logaddexp.reduce(weight + likelihood, axis=0) + np.log(HAZARD)
        weight = np.concatenate([fresh[None], grown])
        hit = np.concatenate([np.full((1, series), PRIOR[0]), hit + share * voted])
        miss = np.concatenate([np.full((1, series), PRIOR[1]), miss + (1 - share) * voted])
        weight -= np.logaddexp.reduce(weight, axis=0)
        if len(weight) > LONGEST_RUN:
            weight[-2] = np.logaddexp(weight[-2], weight[-1])
            weight, hit, miss = weight[:-1], hit[:-1], miss[:-1]
        failing = (np.exp(weight) * (hit / (hit + miss) > BLOCKED_SHARE)).sum(axis=0)
        begins = voted & ~blocked & (failing >= SURE)
        for one in np.flatnonzero(begins):
            said[int(one)].append(hour)
        blocked = (blocked | begins) & ~(voted & (failing < 1 - SURE))
    return said


def ruptures_blocked(informative: Counts, accusing: Counts, upto: int, column: int) -> list[int]:
    """Hours at which segments begin that are blocked, by `ruptures` on one series up to an hour.

    Kernel change points (linear kernel, penalty `PENALTY`, at least 3 steps) on shares of failures, hours
    without votes left out.
    """
    import ruptures  # for the bench alone, and not always installed

    at = np.flatnonzero(informative[: upto + 1, column] > 0)
    if len(at) < 8:
        return []
    share = accusing[at, column] / informative[at, column]
    ends = ruptures.KernelCPD(kernel="linear", min_size=3).fit(share[:, None]).predict(pen=PENALTY)
    starts = [0, *ends[:-1]]
    return [
        int(at[first])
        for first, last in zip(starts, ends, strict=True)
        if share[first:last].mean() > BLOCKED_SHARE
    ]
