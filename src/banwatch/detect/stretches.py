"""Stretches of interference in many series at once: where they begin and end, and how likely they are.

Three rounds of the same: each series' baseline from what is taken for open so far, the hidden-state model on
those series that hold any evidence at all, and again with what it found set aside.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from banwatch.detect import thresholds as t
from banwatch.detect.baseline import Prior, first_guess, fit, shrink
from banwatch.detect.hidden import Floats, Smoothed, Steps, drawup, log_ratios, smooth

_ROUNDS = 3
_SCREEN_NATS = 3.0
"""Series without a stretch of this much evidence cannot reach `CHANGE_PROBABILITY` and are not smoothed."""
_BATCH = 512
"""Series smoothed together: bounds the memory of a round at about 200 MB for a year of hours."""


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
    total_accusing = steps.accusing.sum(axis=0, dtype=np.float32)
    total_telling = steps.telling.sum(axis=0, dtype=np.float32)
    accusing, telling = first_guess(steps)
    found: list[tuple[int, Smoothed, int]] = []
    baseline = np.zeros(series, np.float32)
    shared = prior or Prior()
    for round_number in range(_ROUNDS):
        shared = prior or fit(accusing, telling)
        baseline = shrink(accusing, telling, shared)
        accusing, telling = total_accusing.copy(), total_telling.copy()
        found = []
        for columns in _candidates(steps, baseline):
            mine = _take(steps, columns)
            smoothed = smooth(mine, baseline[columns])
            still_open = np.where(smoothed.interfered > t.HELD_PROBABILITY, 0, 1 - smoothed.interfered)
            accusing[columns] = (mine.accusing * still_open).sum(axis=0)
            telling[columns] = (mine.telling * still_open).sum(axis=0)
            if round_number == _ROUNDS - 1:
                used = (mine.telling > 0).sum(axis=0)
                found.extend(
                    (int(column), _column(smoothed, i), int(used[i])) for i, column in enumerate(columns)
                )
    stretches = [one for column, smoothed, used in found for one in _stretches(column, smoothed, used)]
    return Solved(tuple(sorted(stretches, key=lambda s: (s.column, s.first))), baseline, shared)


def _candidates(steps: Steps, baseline: Floats) -> Iterator[np.ndarray]:
    """Columns worth smoothing, in batches; screened in batches too, which bounds the memory."""
    kept: list[int] = []
    series = steps.telling.shape[1]
    for start in range(0, series, _BATCH):
        columns = np.arange(start, min(start + _BATCH, series))
        partly, blocked = log_ratios(_take(steps, columns), baseline[columns])
        evidence = np.maximum(drawup(partly), drawup(blocked))
        kept.extend(int(c) for c in columns[evidence >= _SCREEN_NATS])
    for start in range(0, len(kept), _BATCH):
        yield np.array(kept[start : start + _BATCH])


def _take(steps: Steps, columns: np.ndarray) -> Steps:
    telling = steps.telling[:, columns].astype(np.float32)
    longest = int((telling > 0).sum(axis=0).max(initial=1)) or 1
    return Steps(
        steps.accusing[:longest, columns].astype(np.float32),
        telling[:longest],
        steps.gap_hours[:longest, columns].astype(np.int32),
    )


def _column(smoothed: Smoothed, column: int) -> Smoothed:
    pick = slice(column, column + 1)
    return Smoothed(smoothed.interfered[:, pick], smoothed.onset[:, pick], smoothed.end[:, pick])


def _stretches(column: int, smoothed: Smoothed, used: int) -> Iterator[Stretch]:
    """Cut one series where interference is likelier than not, and date both ends."""
    probability = smoothed.interfered[:used, 0]
    held = probability > t.HELD_PROBABILITY
    edges = np.flatnonzero(np.diff(np.concatenate([[False], held, [False]]).astype(np.int8)))
    runs = [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    for number, (first, last) in enumerate(runs):
        peak = float(probability[first : last + 1].max())
        if peak < t.CHANGE_PROBABILITY:
            continue
        left = runs[number - 1][1] + 1 if number else 0
        right = runs[number + 1][0] if number + 1 < len(runs) else used
        low, high = _bracket(smoothed.onset[left : last + 1, 0])
        onset_low, onset_high = left + low - 1, left + high
        if first == 0:
            onset_low, onset_high = -1, 0
        end_low, end_high = last, None
        if last < used - 1:
            low, high = _bracket(smoothed.end[first + 1 : right, 0])
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
