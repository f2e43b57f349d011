"""Voices and their votes: the weight that each probe or report may have.

A voice has one vote an hour on a target, however often it measured. Over a day it may not outvote the others
by measuring in more hours than they do: its votes are scaled so that together they weigh no more than those
of the day's median voice; and all voices of a class that anybody can be in weigh half as much as the vouched
sources of that day. Ten thousand forged measurements by one probe weigh as one voice's day.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import ceil

from banwatch.detect import thresholds as t
from banwatch.model.cell import Cell
from banwatch.model.receipt import OPEN_CLASSES

_OPEN = tuple(f"{name}:" for name in sorted(OPEN_CLASSES))
"""Beginnings of the names of voices that anybody can have."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """The votes of one hour on one target."""

    accusing: float
    informative: float


def ballots(cells: Sequence[Cell]) -> tuple[Ballot, ...]:
    """Count the votes of each hour of one series, cells in order of time."""
    counted: list[Ballot] = []
    start = 0
    while start < len(cells):
        day = cells[start].hour.date()
        stop = start
        while stop < len(cells) and cells[stop].hour.date() == day:
            stop += 1
        counted.extend(_day(cells[start:stop], day))
        start = stop
    return tuple(counted)


def _day(cells: Sequence[Cell], day: date) -> list[Ballot]:
    del day  # the cells are all of one day
    spoke = Counter(voice for cell in cells for voice in set(cell.accusers) | set(cell.absolvers))
    if not spoke:
        return [_hour(cell, {}) for cell in cells]
    ordered = sorted(spoke.values())
    middle = ordered[(len(ordered) - 1) // 2]
    scale = {voice: middle / times for voice, times in spoke.items() if times > middle}
    _cap_open_classes(spoke, scale)
    return [_hour(cell, scale) for cell in cells]


def _cap_open_classes(spoke: Counter[str], scale: dict[str, float]) -> None:
    """Scale the voices of each class that anybody can be in, so that they never outvote vouched sources."""
    of_class: dict[str, list[str]] = {prefix: [] for prefix in _OPEN}
    vouched = 0.0
    for voice, times in spoke.items():
        prefix = next((one for one in _OPEN if voice.startswith(one)), None)
        if prefix is None:
            vouched += times * scale.get(voice, 1.0)
        else:
            of_class[prefix].append(voice)
    for voices in of_class.values():
        weight = sum(spoke[voice] * scale.get(voice, 1.0) for voice in voices)
        if vouched and weight > t.OPEN_SHARE * vouched:
            for voice in voices:
                scale[voice] = scale.get(voice, 1.0) * t.OPEN_SHARE * vouched / weight


def _hour(cell: Cell, scale: dict[str, float]) -> Ballot:
    if not cell.accusers and not cell.absolvers:  # counted without voices: distinct probes bound the votes
        showed = cell.blocked + cell.likely_blocked + cell.tampered
        count = showed + cell.ok
        votes = float(min(count, max(cell.probes, 1)))
        return Ballot(votes * showed / count, votes)
    both = set(cell.accusers) & set(cell.absolvers)
    accusing = 0.0
    informative = 0.0
    for voice in cell.accusers:
        own = scale.get(voice, 1.0)
        accusing += own / 2 if voice in both else own
        informative += own / 2 if voice in both else own
    for voice in cell.absolvers:
        own = scale.get(voice, 1.0)
        informative += own / 2 if voice in both else own
    return Ballot(accusing, informative)


def vouched_span(cells: Sequence[Cell]) -> tuple[datetime, datetime]:
    """Return the first and last hour that enough voices vouch for: some voices' clocks may be wrong.

    Two voices of two or three; three of more, and a quarter of those that a day usually has: so many had been
    heard by the first hour, and so many were heard in the last or later. With fewer than two voices, these
    are the first and last hour of all.
    """
    spoke: defaultdict[datetime, set[str]] = defaultdict(set)
    for cell in cells:
        spoke[cell.hour].update(cell.accusers, cell.absolvers)
    return vouched_hours(spoke)


def vouched_hours(spoke: Mapping[datetime, AbstractSet[str]]) -> tuple[datetime, datetime]:
    """Return the first and last hour that enough voices vouch for; see `vouched_span`.

    Args:
        spoke: voices of each hour with a measurement.
    """
    first: dict[str, datetime] = {}
    last: dict[str, datetime] = {}
    of_day: defaultdict[date, set[str]] = defaultdict(set)
    for hour in sorted(spoke):
        voices = spoke[hour]
        if voices:
            for voice in voices:
                first.setdefault(voice, hour)
            last.update(dict.fromkeys(voices, hour))
            of_day[hour.date()] |= voices
    if len(first) < 2:
        return min(spoke), max(spoke)
    usual = sorted(len(voices) for voices in of_day.values())[len(of_day) // 2]
    enough = 2 if len(first) <= t.VOUCHING_VOICES else max(t.VOUCHING_VOICES, ceil(t.VOUCHING_SHARE * usual))
    return sorted(first.values())[enough - 1], sorted(last.values())[-enough]


def main_accuser(cells: Sequence[Cell]) -> tuple[str, int]:
    """Return the voice that accuses in most hours of a stretch, and the number of accusing voices."""
    accused = Counter(voice for cell in cells for voice in cell.accusers)
    if not accused:
        return "", sum(1 for cell in cells if cell.probes)
    most = max(accused.values())
    return min(voice for voice, times in accused.items() if times == most), len(accused)


def ballots_without(cells: Sequence[Cell], voice: str) -> tuple[Ballot, ...]:
    """Count the votes of a stretch with one voice left out; hours that it alone measured are dropped."""
    return ballots(tuple(without(cells, voice)))


def without(cells: Iterable[Cell], voice: str) -> Iterator[Cell]:
    """Yield cells without one voice; cells of that voice alone are dropped.

    The remaining voices decide whether a cell still accuses or absolves: its counts are not kept by voice.
    """
    for cell in cells:
        if voice not in cell.accusers and voice not in cell.absolvers:
            yield cell
            continue
        accusers = tuple(other for other in cell.accusers if other != voice)
        absolvers = tuple(other for other in cell.absolvers if other != voice)
        if accusers and absolvers:
            yield replace(cell, accusers=accusers, absolvers=absolvers)
        elif accusers:
            yield replace(cell, accusers=accusers, absolvers=(), ok=0)
        elif absolvers:
            yield replace(cell, accusers=(), absolvers=absolvers, blocked=0, likely_blocked=0, tampered=0)
