"""Reach of some data: the last hour that several voices vouch for, from the voices of each day.

The days are folded one after another, so that cells of any number need the voices of the last days alone.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil

from banwatch.detect import thresholds as t
from banwatch.model.cell import Cell


@dataclass(frozen=True, slots=True)
class Reach:
    """Last hours of some data, in all countries together."""

    vouched: datetime
    """Start of the last hour that several voices vouch for."""
    last: datetime
    """Start of the last hour with a measurement, whatever its clock."""


class VoiceDays:
    """Voices of days that are added in order of time, as far back as the last vouched hour may lie."""

    def __init__(self) -> None:
        self._counts: list[int] = []
        self._some: set[str] = set()
        self._days: deque[Mapping[str, datetime]] = deque()

    def add(self, last_heard: Mapping[str, datetime]) -> None:
        """Add a day's voices, each with the last hour in which it was heard."""
        self._counts.append(len(last_heard))
        if len(self._some) <= t.VOUCHING_VOICES:
            self._some.update(last_heard)
        self._days.append(last_heard)
        enough = max(t.VOUCHING_VOICES, ceil(t.VOUCHING_SHARE * max(self._counts)))
        while len(self._days) > 1 and len(set().union(*list(self._days)[1:])) >= enough:
            self._days.popleft()

    def vouched(self, last: datetime) -> datetime:
        """Return the last vouched hour, as `voices.vouched_span` does; `last` with fewer than two voices."""
        if len(self._some) < 2:
            return last
        usual = sorted(self._counts)[len(self._counts) // 2]
        few = len(self._some) <= t.VOUCHING_VOICES
        enough = 2 if few else max(t.VOUCHING_VOICES, ceil(t.VOUCHING_SHARE * usual))
        heard: dict[str, datetime] = {}
        for day in self._days:
            heard.update(day)
        return sorted(heard.values())[-enough]


def counted(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """Return the cells without those of wrong clocks: what arrived long before it was made has no time."""
    return tuple(cell for cell in cells if cell.lag_s is None or cell.lag_s >= -t.CLOCK_AHEAD_S)


def reach_of(cells: Iterable[Cell]) -> Reach:
    """Return the reach of some cells, of which there is at least one."""
    by_day: defaultdict[date, dict[str, datetime]] = defaultdict(dict)
    last: datetime | None = None
    for cell in cells:
        last = cell.hour if last is None else max(last, cell.hour)
        for voice in (*cell.accusers, *cell.absolvers):
            heard = by_day[cell.hour.date()]
            heard[voice] = max(heard.get(voice, cell.hour), cell.hour)
    if last is None:
        raise ValueError("no cell has no reach")
    days = VoiceDays()
    for day in sorted(by_day):
        days.add(by_day[day])
    return Reach(days.vouched(last), last)
