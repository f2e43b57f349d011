"""Failures of a target in other countries: what fails everywhere at the same time is its own trouble.

Onsets need not agree to the hour for it: a site that is down for a week is seen to fail by networks that are
measured once a day. So shares of failures in the time of a change are compared with those before it, country
by country; a target that other countries block all along fails no more than before.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from banwatch.detect import thresholds as t
from banwatch.detect.votes.series import informative_in, interfered_in
from banwatch.model.cell import Cell
from banwatch.model.ids import CountryCode, TargetName
from banwatch.model.incident import Change

_LONGEST = timedelta(days=t.ELSEWHERE_LONGEST_DAYS)
_LEAST = timedelta(days=t.ELSEWHERE_LEAST_DAYS)


@dataclass(slots=True)
class _Record:
    """Cells of one target in one country, in order of time."""

    hours: list[datetime] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)

    def within(self, since: datetime, until: datetime) -> Sequence[Cell]:
        return self.cells[bisect_left(self.hours, since) : bisect_right(self.hours, until)]


class Elsewhere:
    """Cells of targets by country, to hold a change against all countries but its own."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        """Sort cells, given in any order."""
        self._of_target: defaultdict[TargetName, dict[CountryCode, _Record]] = defaultdict(dict)
        for cell in sorted(cells, key=lambda cell: cell.hour):
            if informative_in(cell):
                record = self._of_target[cell.target].setdefault(cell.probe_cc, _Record())
                record.hours.append(cell.hour)
                record.cells.append(cell)

    def failing_as_much(self, change: Change) -> int:
        """Return the number of other countries in which the target failed more than before; 0 if few did.

        The middle country counts, so that two that block a target in the same week hide neither.
        """
        since = change.onset_latest
        until = change.end_earliest or since + _LONGEST
        until = min(max(until, since + _LEAST), since + _LONGEST)
        before = change.onset_earliest - max(until - since, _LEAST)
        rises = []
        for country, record in self._of_target[change.target].items():
            if country != change.probe_cc:
                during = record.within(since, until)
                earlier = record.within(before, change.onset_earliest)
                if min(len(during), len(earlier)) >= t.ELSEWHERE_LEAST_CELLS:
                    several = _voices(during) >= t.MINIMUM_VOICES
                    rises.append(_share(during) - _share(earlier) if several else 0.0)
        if len(rises) < t.COMMON_CAUSE_COUNTRIES - 1:
            return 0
        enough = t.ELSEWHERE_SHARE * max(change.share - change.baseline, 0.0)
        return sum(rise >= enough for rise in rises) if median(rises) >= enough else 0


def _share(cells: Sequence[Cell]) -> float:
    return sum(interfered_in(cell) / informative_in(cell) for cell in cells) / len(cells)


def _voices(cells: Sequence[Cell]) -> int:
    """Count the voices that accuse; each hour is one where cells name none."""
    failing = [cell for cell in cells if interfered_in(cell)]
    return len({voice for cell in failing for voice in cell.accusers or (str(cell.hour),)})
