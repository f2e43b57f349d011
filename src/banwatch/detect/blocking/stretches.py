"""Stretches of interference in many series at once: where they begin and end, and how likely they are.

First a bound passes over the series that hold no evidence. Then, up to three times: the hidden-state model on
the others, and their baselines anew from what it takes for open.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from banwatch.detect import thresholds as t
from banwatch.detect.blocking.baseline import Groups, Prior, first_guess, fit, fit_roughly, shrink
from banwatch.detect.blocking.emissions import DEFAULT, Emissions
from banwatch.detect.blocking.hidden_markov import evidence, smooth
from banwatch.detect.blocking.windows import Window, cut, windows_of
from banwatch.detect.votes.steps import Floats, Steps

_SCREENED = 64
"""Series screened together: few enough that a year of hours stays in the processor's cache."""
_SMOOTHED = 1024
"""Windows smoothed together: bounds the memory to some 200 MB."""

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


def solve(
    steps: Steps,
    prior: Prior | None = None,
    alike: Groups | None = None,
    *,
    emissions: Emissions = DEFAULT,
) -> Solved:
    """Find every stretch of interference.

    Args:
        steps: the votes.
        prior: with one given, each series' answer depends on itself alone.
        alike: a number for each series, the same for those of one target; all are apart, if omitted.
        emissions: how votes are weighed.
    """
    alike = None if prior else alike
    count, series = steps.telling.shape
    if not count or not series:
        return Solved((), np.zeros(series, np.float32), prior or Prior())
    accusing, telling = np.zeros(series, np.float32), np.zeros(series, np.float32)
    every = np.arange(series)
    for columns in _batches(every, _SCREENED):
        accusing[columns], telling[columns] = first_guess(_take(steps, columns))
    shared = prior or fit_roughly(accusing, telling)
    baseline = shrink(accusing, telling, shared, alike)
    windows: list[Window] = []
    for columns in _batches(every, _SCREENED):
        mine = _take(steps, columns)
        best = evidence(mine, baseline[columns], emissions=emissions)
        for place in np.flatnonzero(best.max(axis=0) >= t.SCREEN_LOG_ODDS).tolist():
            column = columns[place : place + 1]
            used = int((mine.telling[:, place] > 0).sum())
            hot = _hot(_take(steps, column), baseline[column], best[:used, place], emissions)
            windows.extend(windows_of(int(column[0]), hot))
        accusing[columns] = mine.accusing.sum(axis=0)
        telling[columns] = mine.telling.sum(axis=0)

    all_accusing, all_telling = accusing.copy(), telling.copy()
    found: dict[Window, tuple[Stretch, ...]] = {}
    held: dict[Window, tuple[float, float]] = {}
    active = sorted(windows, key=lambda window: (window.last - window.first, window))
    for _ in range(t.SMOOTHING_ROUNDS):
        for start in range(0, len(active), _SMOOTHED):
            batch = active[start : start + _SMOOTHED]
            mine = cut(steps, batch)
            columns = np.array([window.column for window in batch])
            from_start = np.array([window.first == 0 for window in batch])
            interfered = smooth(mine, baseline[columns], from_start=from_start, emissions=emissions)
            taken = np.where(interfered > t.HELD_PROBABILITY, 1, interfered)
            less_accusing = (mine.accusing * taken).sum(axis=0)
            less_telling = (mine.telling * taken).sum(axis=0)
            for place, window in enumerate(batch):
                held[window] = float(less_accusing[place]), float(less_telling[place])
                found[window] = tuple(_stretches(window, interfered[:, place]))
        accusing, telling = all_accusing.copy(), all_telling.copy()
        for window, (less_a, less_t) in held.items():
            accusing[window.column] -= less_a
            telling[window.column] -= less_t
        np.maximum(accusing, 0, out=accusing)
        np.maximum(telling, 0, out=telling)
        shared = prior or fit(accusing, telling)
        fresh = shrink(accusing, telling, shared, alike)
        moved = np.abs(fresh - baseline) > t.BASELINE_SETTLED * baseline
        active = [window for window in active if moved[window.column]]
        columns = np.array(sorted({window.column for window in active}), np.int64)
        baseline[columns] = fresh[columns]
    stretches = sorted((one for some in found.values() for one in some), key=lambda s: (s.column, s.first))
    return Solved(tuple(stretches), baseline, shared)


def _batches(columns: Columns, size: int) -> Iterator[Columns]:
    for start in range(0, len(columns), size):
        yield columns[start : start + size]


def _hot(one: Steps, baseline: Floats, best: Floats, emissions: Emissions) -> NDArray[np.bool_]:
    """Steps of one series that need a closer look.

    Where a short stretch holds evidence, or the best one has gained lately. The long time that the best one
    takes to be outweighed, after a block, is not worth one.
    """
    near = (
        evidence(one, baseline, reach=t.SCREEN_REACH_STEPS, emissions=emissions)[: len(best), 0]
        >= t.SCREEN_LOG_ODDS
    )
    gains = best >= t.SCREEN_LOG_ODDS
    gains[t.SCREEN_REACH_STEPS :] &= best[t.SCREEN_REACH_STEPS :] > best[: -t.SCREEN_REACH_STEPS]
    return np.asarray(near | gains, np.bool_)


def _take(steps: Steps, columns: Columns) -> Steps:
    telling = steps.telling[:, columns].astype(np.float32)
    longest = max(int((telling > 0).sum(axis=0).max(initial=1)), 1)
    return Steps(
        steps.accusing[:longest, columns].astype(np.float32),
        telling[:longest],
        steps.gap_hours[:longest, columns].astype(np.int32),
    )


def _stretches(window: Window, interfered: Floats) -> Iterator[Stretch]:
    """Cut one window where interference is likelier than not, and date both ends.

    Around a stretch the probability of interference rises as the distribution function of its onset, and
    falls as that of its end: where it passes through the tails, the brackets end.
    """
    used = window.last + 1 - window.first
    probability = interfered[:used]
    held = probability > t.HELD_PROBABILITY
    edges = np.flatnonzero(np.diff(np.concatenate([[False], held, [False]]).astype(np.int8)))
    runs = [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    for number, (first, last) in enumerate(runs):
        peak = float(probability[first : last + 1].max())
        if peak < t.CHANGE_PROBABILITY:
            continue
        left = runs[number - 1][1] + 1 if number else 0
        right = runs[number + 1][0] if number + 1 < len(runs) else used
        begun = probability >= t.BRACKET_TAIL
        sure = probability >= (1 - t.BRACKET_TAIL) * peak
        low = first - 1
        while low > left and begun[low]:
            low -= 1
        high = first + int(np.argmax(sure[first : last + 1]))
        end_low = last - int(np.argmax(sure[first : last + 1][::-1]))
        end_high = last + 1
        while end_high < right - 1 and begun[end_high]:
            end_high += 1
        yield Stretch(
            column=window.column,
            first=window.first + first,
            last=window.first + last,
            onset_low=-1 if first == 0 and window.first == 0 else window.first + max(low, 0),
            onset_high=window.first + high,
            end_low=window.first + end_low,
            end_high=None if last == used - 1 else window.first + min(end_high, used - 1),
            probability=peak,
        )


def joined(
    stretches: Sequence[Stretch], hours: Sequence[int], telling: Sequence[float]
) -> list[tuple[Stretch, ...]]:
    """Put stretches of one series together that have little time, or a single success, between them.

    Args:
        stretches: in order.
        hours: the hour of each of the series' steps.
        telling: the votes of each.
    """
    together: list[list[Stretch]] = []
    for stretch in stretches:
        before = together[-1][-1] if together else None
        if before is not None and (
            hours[stretch.first] - hours[before.last] < t.STRETCH_GAP_HOURS
            or sum(telling[before.last + 1 : stretch.first]) <= t.STRETCH_GAP_VOTES
        ):
            together[-1].append(stretch)
        else:
            together.append([stretch])
    return [tuple(group) for group in together]
