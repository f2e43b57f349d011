"""Stretches of interference in many series at once: where they begin and end, and how likely they are.

First a bound passes over the series that hold no evidence. Then, up to three times: the hidden-state model on
the others, and their baselines anew from what it takes for open.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from banwatch.detect import thresholds as t
from banwatch.detect.baseline import Prior, first_guess, fit, fit_roughly, shrink
from banwatch.detect.hidden import Floats, Smoothed, Steps, evidence, smooth

_ROUNDS = 3
_SETTLED = 0.05
"""A series whose baseline moved by less than this share is not smoothed again."""
_SCREEN_LOG_ODDS = -2.0
"""Series whose best stretch has lower odds cannot reach `CHANGE_PROBABILITY`: summing over where it may begin and
end adds less than the two nats between."""
_BATCH = 512
"""Series taken together: bounds the memory to some 200 MB for a year of hours."""

Columns = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Interference from step `first` to step `last` of series `column`.

    The onset lies after step `onset_low` and up to `onset_high`; the end after `end_low`, up to `end_high`.
    """

    column: int
    first: int
    last: int
    onset_low: int
    """-1 where nobody saw it begin."""
    onset_high: int
    end_low: int
    end_high: int | None
    """None while it lasts."""
    probability: float


@dataclass(frozen=True, slots=True)
class Solved:
    """What the model found in a batch of series."""

    stretches: tuple[Stretch, ...]
    baseline: Floats
    prior: Prior


def solve(steps: Steps, prior: Prior | None = None) -> Solved:
    """Find every stretch of interference. With a prior given, each series' answer depends on itself alone."""
    count, series = steps.telling.shape
    if not count or not series:
        return Solved((), np.zeros(series, np.float32), prior or Prior())
    accusing, telling = np.zeros(series, np.float32), np.zeros(series, np.float32)
    every = np.arange(series)
    for columns in _batches(every):
        accusing[columns], telling[columns] = first_guess(_take(steps, columns))
    shared = prior or fit_roughly(accusing, telling)
    baseline = shrink(accusing, telling, shared)
    worth: list[int] = []
    for columns in _batches(every):
        mine = _take(steps, columns)
        worth.extend(columns[evidence(mine, baseline[columns]) >= _SCREEN_LOG_ODDS].tolist())
        accusing[columns] = mine.accusing.sum(axis=0)
        telling[columns] = mine.telling.sum(axis=0)

    found: dict[int, tuple[Stretch, ...]] = {}
    active = np.array(worth, np.int64)
    for _ in range(_ROUNDS):
        for columns in _batches(active):
            mine = _take(steps, columns)
            smoothed = smooth(mine, baseline[columns])
            is_open = np.where(smoothed.interfered > t.HELD_PROBABILITY, 0, 1 - smoothed.interfered)
            accusing[columns] = (mine.accusing * is_open).sum(axis=0)
            telling[columns] = (mine.telling * is_open).sum(axis=0)
            used = (mine.telling > 0).sum(axis=0)
            for place, column in enumerate(columns.tolist()):
                found[column] = tuple(_stretches(column, smoothed, place, int(used[place])))
        shared = prior or fit(accusing, telling)
        fresh = shrink(accusing, telling, shared)
        moved = np.abs(fresh - baseline) > _SETTLED * baseline
        active = np.array([column for column in worth if moved[column]], np.int64)
        baseline[active] = fresh[active]
    stretches = tuple(stretch for column in sorted(found) for stretch in found[column])
    return Solved(stretches, baseline, shared)


def _batches(columns: Columns) -> Iterator[Columns]:
    for start in range(0, len(columns), _BATCH):
        yield columns[start : start + _BATCH]


def _take(steps: Steps, columns: Columns) -> Steps:
    telling = steps.telling[:, columns].astype(np.float32)
    longest = max(int((telling > 0).sum(axis=0).max(initial=1)), 1)
    return Steps(
        steps.accusing[:longest, columns].astype(np.float32),
        telling[:longest],
        steps.gap_hours[:longest, columns].astype(np.int32),
    )


def _stretches(column: int, smoothed: Smoothed, place: int, used: int) -> Iterator[Stretch]:
    """Cut one series where interference is likelier than not, and date both ends."""
    probability = smoothed.interfered[:used, place]
    held = probability > t.HELD_PROBABILITY
    edges = np.flatnonzero(np.diff(np.concatenate([[False], held, [False]]).astype(np.int8)))
    runs = [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    for number, (first, last) in enumerate(runs):
        peak = float(probability[first : last + 1].max())
        if peak < t.CHANGE_PROBABILITY:
            continue
        left = runs[number - 1][1] + 1 if number else 0
        right = runs[number + 1][0] if number + 1 < len(runs) else used
        low, high = _bracket(smoothed.onset[left : last + 1, place])
        onset_low, onset_high = left + low - 1, left + high
        if first == 0:
            onset_low, onset_high = -1, 0
        end_low, end_high = last, None
        if last < used - 1:
            low, high = _bracket(smoothed.end[first + 1 : right, place])
            end_low, end_high = first + low, first + 1 + high
        yield Stretch(column, first, last, onset_low, onset_high, end_low, end_high, peak)


def _bracket(mass: Floats) -> tuple[int, int]:
    """First and last position that hold all but the tails of a probability mass."""
    total = float(mass.sum())
    if total <= 0:
        return 0, len(mass) - 1
    reached = np.cumsum(mass / total)
    low = int(np.searchsorted(reached, t.BRACKET_TAIL))
    high = int(np.searchsorted(reached, 1 - t.BRACKET_TAIL))
    return min(low, len(mass) - 1), min(high, len(mass) - 1)


def joined(stretches: Sequence[Stretch], hours: Sequence[int]) -> list[tuple[Stretch, ...]]:
    """Put stretches of one series with little time between them together; `hours` are its steps' hours."""
    together: list[list[Stretch]] = []
    for stretch in stretches:
        if together and hours[stretch.first] - hours[together[-1][-1].last] < t.STRETCH_GAP_HOURS:
            together[-1].append(stretch)
        else:
            together.append([stretch])
    return [tuple(group) for group in together]
