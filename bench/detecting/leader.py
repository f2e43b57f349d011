"""The rule that is in use today, described in the open: a two-sided CUSUM on hourly medians.

An hour has the median over its measurements of a score, 0.75 for one that shows trouble. Reference value
0.7, so that each non-empty hour adds its value less 0.35; alarm above 3.5. It remembers which side it is on,
says nothing of empty hours, and lets its sum decay with a half-life of 48 hours once 24 hours were empty.
"""

import numpy as np

from detecting.series import Counts

SCORE = 0.75
SLACK = 0.35
ALARM = 3.5
SILENT_HOURS = 24
HALF_LIFE_HOURS = 48


def alarms(informative: Counts, accusing: Counts) -> list[list[int]]:
    """Hours at which the rule says that a series became blocked, for each series."""
    hours, series = informative.shape
    share = np.divide(accusing, informative, out=np.zeros_like(accusing), where=informative > 0)
    value = np.where(share > 0.5, SCORE, np.where(share == 0.5, SCORE / 2, 0.0))
    up = np.zeros(series)
    down = np.zeros(series)
    blocked = np.zeros(series, np.bool_)
    silent = np.zeros(series)
    said: list[list[int]] = [[] for _ in range(series)]
    for hour in range(hours):
        voted = informative[hour] > 0
        silent = np.where(voted, 0, silent + 1)
        kept = np.where(silent > SILENT_HOURS, 0.5 ** (1 / HALF_LIFE_HOURS), 1.0)
        up = np.where(voted, np.maximum(up + value[hour] - SLACK, 0), up * kept)
        down = np.where(voted, np.maximum(down + SLACK - value[hour], 0), down * kept)
        begins = voted & ~blocked & (up > ALARM)
        ends = voted & blocked & (down > ALARM)
        for one in np.flatnonzero(begins):
            said[int(one)].append(hour)
        blocked = (blocked | begins) & ~ends
        turned = begins | ends
        up[turned] = 0
        down[turned] = 0
    return said
