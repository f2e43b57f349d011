"""Rhythm of a network's measurements, and the silences in it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from banwatch.detect import thresholds as t
from banwatch.detect.votes.series import answered_in, hour_number, informative_in
from banwatch.detect.votes.voices import vouched_hours
from banwatch.model.cell import Cell

Nats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_DAY = 24


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Hours of a network, dense from its first measured hour to the end of the data."""

    start: int
    """Hour number of the first."""
    vouched: int
    """Hour number of the first hour that two voices vouch for."""
    live: Flags
    """Hours in which something answered."""
    dark: Flags
    """Hours in which no measurement got an answer, and none contradicts that."""
    heard: dict[int, frozenset[str]]
    """Voices of the live hours."""
    cells: dict[int, list[Cell]]


@dataclass(frozen=True, slots=True)
class Silence:
    """A stretch in which a network was silent, from hour `first` to hour `last` of its rhythm."""

    first: int
    last: int
    nats: float
    """Evidence of absence and of testimony, which counts for no more than absence does."""
    testimony: float
    """Part of the evidence that is testimony."""


def rhythm_of(cells: Sequence[Cell], end: int) -> Rhythm | None:
    """Return a network's cells on a dense grid of hours up to hour number `end`; None without any."""
    of_hour: defaultdict[datetime, list[Cell]] = defaultdict(list)
    for cell in cells:
        of_hour[cell.hour].append(cell)
    spoke = {
        hour: {voice for cell in mine for voice in (*cell.accusers, *cell.absolvers)}
        for hour, mine in of_hour.items()
    }
    vouched = hour_number(vouched_hours(spoke)[0])
    numbers = {hour: hour_number(hour) for hour in of_hour}
    bound = max(vouched - t.STRAY_CLOCK_HOURS, end - t.LONGEST_RHYTHM_HOURS)
    start = min((number for number in numbers.values() if bound <= number <= end), default=None)
    if start is None:
        return None
    live = np.zeros(end - start + 1, np.bool_)
    dark = np.zeros(end - start + 1, np.bool_)
    heard: dict[int, frozenset[str]] = {}
    for hour, mine in of_hour.items():
        here = numbers[hour] - start
        if not 0 <= here < len(live):
            continue
        answered = sum(answered_in(cell) for cell in mine)
        unheard = sum([cell.silent for cell in mine])
        targets = len({cell.target for cell in mine if cell.silent}) if unheard else 0
        # an informative measurement contradicts those without any answer
        mostly = unheard >= t.SILENT_SHARE * (unheard + answered) and targets >= t.SILENT_TARGETS
        dark[here] = mostly and not any(informative_in(cell) for cell in mine)
        live[here] = answered > 0 and not dark[here]
        if live[here]:
            # answers that are not informative name no voice: each such hour is taken for a voice of its own
            heard[here] = frozenset(spoke[hour]) or frozenset({f"hour {numbers[hour]}"})
    by_hour = {numbers[hour]: mine for hour, mine in of_hour.items()}
    return Rhythm(start, vouched, live, dark, heard, by_hour)


def absence(rhythm: Rhythm, last: int) -> Nats | None:
    """Return the evidence of each hour if it is empty, in nats; None where the network has no rhythm.

    Days without any measurement are left out of the count: whether these are usual is a condition of its own.

    Args:
        rhythm: the network's rhythm.
        last: hour number of the last hour that the data cover.
    """
    hours = len(rhythm.live)
    days = -(-hours // _DAY)
    live = np.zeros(days * _DAY, np.bool_)
    live[:hours] = rhythm.live
    by_day = live.reshape(days, _DAY)
    active: Flags = np.asarray(by_day.any(axis=1), np.bool_)
    if not active.any():
        return None
    measuring = np.zeros(days * _DAY, np.bool_)
    measuring[:hours] = rhythm.live | rhythm.dark  # a measurement without any answer is a measurement
    measured = measuring.reshape(days, _DAY)
    # days after the last hour that two voices vouch for may come of one wrong clock
    vouched = np.flatnonzero(active & (_DAY * np.arange(days) + rhythm.start <= last))
    if not len(vouched):
        return None
    covered = measured[vouched[0] : vouched[-1] + 1]
    if float(np.median(by_day[active].sum(axis=1))) < t.USUAL_HOURS_A_DAY:
        return None
    days_with: Flags = np.asarray(covered.any(axis=1), np.bool_)
    if float(days_with.sum()) < t.USUAL_DAYS_SHARE * (len(days_with) - _longest_gap(days_with)):
        return None
    vacant: Flags = active[:, None] & ~by_day
    # each hour is compared with the other days: it must not lower its own evidence
    days_else = active.sum() - active[:, None]
    chance = (vacant.sum(axis=0) - vacant + 1) / (days_else + 2)
    nats = np.empty((days, _DAY))
    for day in range(7):
        mine = np.arange(days) % 7 == day
        empty = vacant[mine].sum(axis=0) - vacant[mine]
        counted = active[mine].sum() - active[mine][:, None]
        nats[mine] = -np.log((empty + t.WEEKDAY_PRIOR_DAYS * chance[mine]) / (counted + t.WEEKDAY_PRIOR_DAYS))
    return nats.reshape(-1)[:hours]


def _longest_gap(days_with: Flags) -> int:
    """Return the longest run of empty days: it may be the shutdown that is searched for."""
    edges = np.flatnonzero(np.concatenate([[True], days_with, [True]]))
    return int(np.diff(edges).max()) - 1


def silences(rhythm: Rhythm, nats: Nats) -> list[Silence]:
    """Return every stretch of silence with its evidence.

    A few stray answers do not end a silence. Neither does a lone newcomer, however much it measures, where
    the network usually has several voices: hours with no other voice count as empty.
    """
    newcomers = lone_newcomer_hours(rhythm)
    found: list[Silence] = []
    total, peak, first, testimony = 0.0, 0.0, 0, 0.0
    best: Silence | None = None
    for i in range(len(nats)):
        if total <= 0 or peak - total >= t.SHUTDOWN_NATS:
            if best is not None:
                found.append(best)
            total, peak, first, testimony, best = 0.0, 0.0, i, 0.0, None
        voices = rhythm.heard.get(i, frozenset())
        if voices and i not in newcomers:
            total -= t.STRAY_NATS * len(voices)
            continue
        total += float(nats[i])
        peak = max(peak, total)
        testimony += float(nats[i]) if rhythm.dark[i] else 0.0
        weight = total + min(testimony, total)
        if total > 0 and (best is None or weight >= best.nats):
            best = Silence(first, i, weight, min(testimony, total))
    return [*found, best] if best is not None else found


def lone_newcomer_hours(rhythm: Rhythm) -> frozenset[int]:
    """Return the hours in which a newcomer alone was heard, on a network that usually has several voices."""
    if _voices_a_day(rhythm) < t.USUAL_VOICES_A_DAY:
        return frozenset()
    since: dict[str, int] = {}
    found: set[int] = set()
    for hour in sorted(rhythm.heard):
        voices = rhythm.heard[hour]
        if _is_lone_newcomer(voices, since, hour):
            found.add(hour)
            continue
        for voice in voices:
            since.setdefault(voice, hour)
    return frozenset(found)


def _is_lone_newcomer(voices: frozenset[str], since: dict[str, int], hour: int) -> bool:
    """Return whether the only voice heard is one that came shortly before, and measured before.

    Voices of the first days of the measuring are no newcomers.
    """
    came = [since.get(voice, hour) for voice in voices]
    return len(came) == 1 and t.NEWCOMER_HOURS <= came[0] < hour < came[0] + t.NEWCOMER_HOURS


def _voices_a_day(rhythm: Rhythm) -> float:
    """Return the median number of distinct voices in a day."""
    by_day: defaultdict[int, set[str]] = defaultdict(set)
    for hour, voices in rhythm.heard.items():
        by_day[hour // _DAY] |= voices
    return float(np.median([len(voices) for voices in by_day.values()])) if by_day else 0.0


def missed_by(nats: Nats, hours: range, otherwise: int) -> int:
    """Return the first of the hours by which absence adds up to `EDGE_NATS`, else `otherwise`."""
    total = 0.0
    for hour in hours:
        total += float(nats[hour])
        if total >= t.EDGE_NATS:
            return hour
    return otherwise


def last_answer(cells: Sequence[Cell]) -> datetime:
    """Return the last moment of an hour at which something surely answered."""
    heard = [cell for cell in cells if answered_in(cell)]
    return max(cell.first_at if cell.insufficient else cell.last_at for cell in heard)


def first_answer(cells: Sequence[Cell]) -> datetime:
    """Return the first moment of an hour by which something surely answered."""
    heard = [cell for cell in cells if answered_in(cell)]
    return min(cell.last_at if cell.insufficient else cell.first_at for cell in heard)
