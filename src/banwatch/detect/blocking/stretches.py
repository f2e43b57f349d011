"""Stretches of interference in many series at once: their beginnings, ends and probabilities.

First a bound leaves out the series that hold no evidence. Then, up to three times, the hidden Markov model
runs on the others, and their baselines are computed again from the steps that it takes for open.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np
from numpy.typing import NDArray

from banwatch.detect import thresholds as t
from banwatch.detect.blocking import thresholds as b
from banwatch.detect.blocking.baseline import Groups, Prior, first_guess, fit, fit_roughly, shrink
from banwatch.detect.blocking.bursts import NONE, Bursts, fit_bursts
from banwatch.detect.blocking.emissions import DEFAULT, Emissions
from banwatch.detect.blocking.hidden_markov import evidence, smooth
from banwatch.detect.blocking.pooling import groups_of, hours_of, marked_together, with_onsets
from banwatch.detect.blocking.segments import Segment, lay_out, segments_of
from banwatch.detect.votes.steps import Floats, Steps

_SCREENED = 64
"""Number of series screened together: a year of their hours stays in the processor's cache."""
_SMOOTHED = 1024
"""Number of segments smoothed together: bounds the memory to some 200 MB."""

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
    """-1 where no step before it was open."""
    onset_high: int
    end_low: int
    end_high: int | None
    """None while it lasts."""
    probability: float


@dataclass(frozen=True, slots=True)
class Solved:
    """Result of the model for a batch of series."""

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
        prior: the prior of all series; if given, each series' result depends on its own votes alone.
        alike: a number for each series, the same for those of one target; each is alone, if omitted.
        emissions: the distribution of an hour's votes.
    """
    alike = None if prior else alike
    count, series = steps.informative.shape
    if not count or not series:
        return Solved((), np.zeros(series, np.float32), prior or Prior())
    accusing, informative = np.zeros(series, np.float32), np.zeros(series, np.float32)
    every = np.arange(series)
    for columns in _batches(every, _SCREENED):
        accusing[columns], informative[columns] = first_guess(_columns_of(steps, columns))
    shared = prior or fit_roughly(accusing, informative)
    baseline = shrink(accusing, informative, shared, alike)
    marked: dict[int, NDArray[np.bool_]] = {}
    for columns in _batches(every, _SCREENED):
        mine = _columns_of(steps, columns)
        best = evidence(mine, baseline[columns], emissions=emissions)
        for position in np.flatnonzero(best.max(axis=0) >= t.SCREEN_LOG_ODDS).tolist():
            column = columns[position : position + 1]
            used = int((mine.informative[:, position] > 0).sum())
            marked[int(column[0])] = _worth_smoothing(
                _columns_of(steps, column), baseline[column], best[:used, position], emissions
            )
        accusing[columns] = mine.accusing.sum(axis=0)
        informative[columns] = mine.informative.sum(axis=0)
    hours = hours_of(steps)
    if hours is not None and alike is not None:
        for group in groups_of(alike):
            for number, rows in marked_together(steps, hours, group, baseline, emissions):
                marked[number] = marked[number] | rows if number in marked else rows
    segments = [one for number, rows in sorted(marked.items()) for one in segments_of(number, rows)]

    all_accusing, all_informative = accusing.copy(), informative.copy()
    found: dict[Segment, tuple[Stretch, ...]] = {}
    held: dict[Segment, tuple[float, float]] = {}
    active = sorted(segments, key=lambda segment: (segment.last - segment.first, segment))
    bursts = prior.bursts if prior else NONE
    for turn in range(t.SMOOTHING_ROUNDS):
        for start in range(0, len(active), _SMOOTHED):
            batch = active[start : start + _SMOOTHED]
            mine = lay_out(steps, batch)
            columns = np.array([segment.column for segment in batch])
            from_start = np.array([segment.first == 0 for segment in batch])
            interfered = smooth(
                mine, baseline[columns], from_start=from_start, emissions=emissions, bursts=bursts
            )
            taken = np.where(interfered > t.HELD_PROBABILITY, 1, interfered)
            less_accusing = (mine.accusing * taken).sum(axis=0)
            less_informative = (mine.informative * taken).sum(axis=0)
            for position, segment in enumerate(batch):
                held[segment] = float(less_accusing[position]), float(less_informative[position])
                found[segment] = tuple(_stretches(segment, interfered[:, position]))
        accusing, informative = all_accusing.copy(), all_informative.copy()
        for segment, (less_a, less_t) in held.items():
            accusing[segment.column] -= less_a
            informative[segment.column] -= less_t
        np.maximum(accusing, 0, out=accusing)
        np.maximum(informative, 0, out=informative)
        shared = prior or fit(accusing, informative)
        fresh = shrink(accusing, informative, shared, alike)
        moved = np.abs(fresh - baseline) > t.BASELINE_SETTLED * baseline
        if not turn and prior is None:
            bursts = _bursts_outside(steps, fresh, found)
            moved |= bursts.share > 0
        active = [segment for segment in active if moved[segment.column]]
        columns = np.array(sorted({segment.column for segment in active}), np.int64)
        baseline[columns] = fresh[columns]
    if hours is not None and alike is not None:
        for batch, onsets in with_onsets(steps, hours, segments, alike, baseline, emissions, bursts):
            mine = lay_out(steps, batch)
            columns = np.array([segment.column for segment in batch])
            from_start = np.array([segment.first == 0 for segment in batch])
            interfered = smooth(
                mine,
                baseline[columns],
                from_start=from_start,
                emissions=emissions,
                bursts=bursts,
                onsets=onsets,
            )
            for position, segment in enumerate(batch):
                found[segment] = tuple(
                    one
                    for one in _stretches(segment, interfered[:, position])
                    if steps.accusing[one.first : one.last + 1, one.column].sum() > b.POOLED_OWN_VOTES
                )
    stretches = sorted((one for some in found.values() for one in some), key=lambda s: (s.column, s.first))
    return Solved(tuple(stretches), baseline, replace(shared, bursts=bursts))


def _bursts_outside(steps: Steps, baseline: Floats, found: Mapping[Segment, Sequence[Stretch]]) -> Bursts:
    """Fit the law of bursts to the series, or to so many of them, outside long stretches of interference."""
    count, series = steps.informative.shape
    some = max(min(series, b.BURST_STEPS // count), 1)
    columns = np.unique(np.linspace(0, series - 1, some).astype(np.int64))
    mine = _columns_of(steps, columns)
    hour = np.cumsum(mine.gap_hours, axis=0, dtype=np.int32)
    held = np.zeros(hour.shape, np.bool_)
    position = {int(column): index for index, column in enumerate(columns)}
    for segment, stretches in found.items():
        at = position.get(segment.column)
        for one in stretches if at is not None else ():
            if hour[one.last, at] - hour[one.first, at] >= b.BURST_LONGEST_HOURS:
                held[max(one.first - b.BURST_MARGIN_STEPS, 0) : one.last + b.BURST_MARGIN_STEPS + 1, at] = (
                    True
                )
    return fit_bursts(mine, baseline[columns], held)


def _batches(columns: Columns, size: int) -> Iterator[Columns]:
    for start in range(0, len(columns), size):
        yield columns[start : start + size]


def _worth_smoothing(one: Steps, baseline: Floats, best: Floats, emissions: Emissions) -> NDArray[np.bool_]:
    """Return the steps of one series that are to be smoothed.

    These are the steps at which a short stretch holds evidence, or the best one has gained within
    `SCREEN_REACH_STEPS`. The long time after a block in which the best one is outweighed need not be
    smoothed.
    """
    near = (
        evidence(one, baseline, reach=t.SCREEN_REACH_STEPS, emissions=emissions)[: len(best), 0]
        >= t.SCREEN_LOG_ODDS
    )
    gains = best >= t.SCREEN_LOG_ODDS
    gains[t.SCREEN_REACH_STEPS :] &= best[t.SCREEN_REACH_STEPS :] > best[: -t.SCREEN_REACH_STEPS]
    return np.asarray(near | gains, np.bool_)


def _columns_of(steps: Steps, columns: Columns) -> Steps:
    informative = steps.informative[:, columns].astype(np.float32)
    longest = max(int((informative > 0).sum(axis=0).max(initial=1)), 1)
    return Steps(
        steps.accusing[:longest, columns].astype(np.float32),
        informative[:longest],
        steps.gap_hours[:longest, columns].astype(np.int32),
    )


def _stretches(segment: Segment, interfered: Floats) -> Iterator[Stretch]:
    """Yield the stretches of one segment in which interference is likelier than not, with both ends dated.

    Around a stretch the probability of interference rises as the distribution function of its onset, and
    falls as that of its end: where it passes through the tails, the brackets end.
    """
    used = segment.last + 1 - segment.first
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
            column=segment.column,
            first=segment.first + first,
            last=segment.first + last,
            onset_low=-1 if first == 0 and segment.first == 0 else segment.first + max(low, 0),
            onset_high=segment.first + high,
            end_low=segment.first + end_low,
            end_high=None if last == used - 1 else segment.first + min(end_high, used - 1),
            probability=peak,
        )


def joined(
    stretches: Sequence[Stretch],
    hours: Sequence[int],
    informative: Sequence[float],
    accusing: Sequence[float],
) -> list[tuple[Stretch, ...]]:
    """Join stretches of one series that have little time, or a single success, between them.

    A day or more in which so many measurements succeeded that the interference of the stretches would hardly
    ever let through is an opening: it keeps them apart.

    Args:
        stretches: the stretches, in order of time.
        hours: the hour of each of the series' steps.
        informative: the informative votes of each step.
        accusing: those of them that accuse.
    """
    together: list[list[Stretch]] = []
    for stretch in stretches:
        before = together[-1][-1] if together else None
        if before is None:
            together.append([stretch])
            continue
        between = slice(before.last + 1, stretch.first)
        votes = sum(informative[between])
        apart = hours[stretch.first] - hours[before.last]
        if votes > t.STRETCH_GAP_VOTES and apart >= t.OPENING_HOURS:
            of_both = [slice(one.first, one.last + 1) for one in (before, stretch)]
            showed = sum(sum(accusing[part]) for part in of_both)
            leaked = max(1 - showed / sum(sum(informative[part]) for part in of_both), t.OPENING_LEAK)
            good = votes - sum(accusing[between])
            is_opening = good > t.OPENING_GOOD_SHARE * votes and -good * log(leaked) >= t.OPENING_NATS
        else:
            is_opening = False
        if (apart < t.STRETCH_GAP_HOURS and not is_opening) or votes <= t.STRETCH_GAP_VOTES:
            together[-1].append(stretch)
        else:
            together.append([stretch])
    return [tuple(group) for group in together]
