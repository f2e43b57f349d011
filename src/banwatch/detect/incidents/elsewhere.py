"""Failures of a target in other countries: what fails everywhere at the same time is its own trouble.

Onsets need not agree to the hour for it: a site that is down for a week is seen to fail by networks that are
measured once a day. So shares of failures in the time of a change are compared with those before it, country
by country; a target that other countries block all along fails no more than before.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from statistics import median
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from banwatch.detect import thresholds as t
from banwatch.detect.votes.series import HOUR_S, hour_number, informative_in, interfered_in
from banwatch.model.cell import Cell
from banwatch.model.ids import CountryCode, TargetName
from banwatch.model.incident import Change

_LONGEST = timedelta(days=t.ELSEWHERE_LONGEST_DAYS)
_LEAST = timedelta(days=t.ELSEWHERE_LEAST_DAYS)


@dataclass(frozen=True, slots=True)
class TargetHours:
    """Informative cells of one target in all countries, in order of country, hour and counts.

    Shape: arrays of one length, a row a cell.
    """

    countries: Sequence[CountryCode]
    """Country of each cell."""
    hours: NDArray[np.int64]
    """Hour number of each cell."""
    interfered: NDArray[np.int64]
    """Measurements of each cell that showed interference."""
    informative: NDArray[np.int64]
    """Measurements of each cell that accuse or absolve."""
    accusers: Sequence[Sequence[str]]
    """Voices of each cell that accuse."""


class World(Protocol):
    """Cells of all countries, to be asked about some targets."""

    def countries(self) -> Collection[CountryCode]:
        """Return the countries that have cells."""
        ...

    def measuring(self, targets: Collection[TargetName]) -> Mapping[TargetName, Collection[CountryCode]]:
        """Return the countries that measure each of some targets."""
        ...

    def hours_of(self, targets: Collection[TargetName]) -> Iterator[tuple[TargetName, TargetHours]]:
        """Yield the informative cells of some targets, in order of targets."""
        ...


class Nowhere:
    """No other country: what one country decides by itself is found with it."""

    def countries(self) -> Collection[CountryCode]:
        """Return no country."""
        return ()

    def measuring(self, targets: Collection[TargetName]) -> Mapping[TargetName, Collection[CountryCode]]:
        """Return that no country measures the targets."""
        return dict.fromkeys(targets, ())

    def hours_of(self, targets: Collection[TargetName]) -> Iterator[tuple[TargetName, TargetHours]]:
        """Yield nothing."""
        yield from ()


class WorldOfCells:
    """The cells of all countries, at hand."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        self._measuring: defaultdict[TargetName, set[CountryCode]] = defaultdict(set)
        self._of_target: defaultdict[TargetName, list[Cell]] = defaultdict(list)
        for cell in cells:
            self._measuring[cell.target].add(cell.probe_cc)
            if informative_in(cell):
                self._of_target[cell.target].append(cell)

    def countries(self) -> Collection[CountryCode]:
        """Return the countries that have cells."""
        return {country for mine in self._measuring.values() for country in mine}

    def measuring(self, targets: Collection[TargetName]) -> Mapping[TargetName, Collection[CountryCode]]:
        """Return the countries that measure each of some targets."""
        return {target: self._measuring.get(target, ()) for target in targets}

    def hours_of(self, targets: Collection[TargetName]) -> Iterator[tuple[TargetName, TargetHours]]:
        """Yield the informative cells of some targets, in order of targets."""
        for target in sorted(targets):
            rows = sorted(
                (c.probe_cc, hour_number(c.hour), interfered_in(c), informative_in(c), c.accusers)
                for c in self._of_target.get(target, ())
            )
            yield (
                target,
                TargetHours(
                    [row[0] for row in rows],
                    np.array([row[1] for row in rows], np.int64),
                    np.array([row[2] for row in rows], np.int64),
                    np.array([row[3] for row in rows], np.int64),
                    [row[4] for row in rows],
                ),
            )


class Elsewhere:
    """Cells of one target by country, to hold a change against all countries but its own."""

    def __init__(self, cells: TargetHours) -> None:
        self._cells = cells
        self._sums = np.concatenate([[0.0], np.cumsum(cells.interfered / np.maximum(cells.informative, 1))])
        self._rows: dict[CountryCode, tuple[int, list[int]]] = {}
        """First row and hours of each country."""
        first = 0
        for country, rows in groupby(cells.countries):
            last = first + sum(1 for _ in rows)
            self._rows[country] = first, cells.hours[first:last].tolist()
            first = last

    def failing_as_much(self, change: Change) -> int:
        """Return the number of other countries in which the target failed more than before; 0 if few did.

        The middle country counts, so that two that block a target in the same week hide neither.
        """
        since = change.onset_latest
        until = change.end_earliest or since + _LONGEST
        until = min(max(until, since + _LEAST), since + _LONGEST)
        before = change.onset_earliest - max(until - since, _LEAST)
        since_to, before_to = _full_hours(since, until), _full_hours(before, change.onset_earliest)
        rises = []
        for country, (first, hours) in self._rows.items():
            if country != change.probe_cc:
                during = _within(first, hours, *since_to)
                earlier = _within(first, hours, *before_to)
                if min(len(during), len(earlier)) >= t.ELSEWHERE_LEAST_CELLS:
                    several = self._is_accused_by_several(during)
                    rises.append(self._share(during) - self._share(earlier) if several else 0.0)
        if len(rises) < t.COMMON_CAUSE_COUNTRIES - 1:
            return 0
        enough = t.ELSEWHERE_SHARE * max(change.share - change.baseline, 0.0)
        return sum(rise >= enough for rise in rises) if median(rises) >= enough else 0

    def _share(self, rows: range) -> float:
        return float(self._sums[rows.stop] - self._sums[rows.start]) / len(rows)

    def _is_accused_by_several(self, rows: range) -> bool:
        """Return whether several voices accuse; each hour is one where cells name none."""
        voices: set[str] = set()
        for row in (np.flatnonzero(self._cells.interfered[rows.start : rows.stop]) + rows.start).tolist():
            voices.update(self._cells.accusers[row] or (str(self._cells.hours[row]),))
            if len(voices) >= t.MINIMUM_VOICES:
                return True
        return False


def _full_hours(since: datetime, until: datetime) -> tuple[int, int]:
    """Return the numbers of the first and the last hour that begin in a time, both ends included."""
    return -int(-since.timestamp() // HOUR_S), hour_number(until)


def _within(first: int, hours: list[int], since: int, until: int) -> range:
    """Return the rows of a country, the first of which is `first`, between two hours, both included."""
    return range(first + bisect_left(hours, since), first + bisect_right(hours, until))
