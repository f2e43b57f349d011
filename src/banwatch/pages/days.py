"""Counts of one day: the verdicts on one target from one vantage, added up from the hourly cells."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date

from banwatch.model.cell import Cell
from banwatch.model.ids import TargetName
from banwatch.model.rollup import DailyCell
from banwatch.pages.vantages import Vantage
from banwatch.pages.wording.ladder import Rung, of_counts


@dataclass(frozen=True, slots=True, order=True)
class DayKey:
    """Key of a day: one target, from one vantage, on one day in UTC."""

    vantage: Vantage
    target: TargetName
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """Numbers of a day's measurements by what they say."""

    blocked: int = 0
    likely_blocked: int = 0
    tampered: int = 0
    reachable: int = 0
    down: int = 0
    impaired: int = 0
    """Measurements that failed for an unclear cause."""
    unclear: int = 0
    silent: int = 0
    """Measurements, among all of the above, to which nothing at all answered."""

    @property
    def interfered(self) -> int:
        """Return the number of measurements that show interference."""
        return self.blocked + self.likely_blocked + self.tampered

    @property
    def informative(self) -> int:
        """Return the number of measurements that could tell: the denominator."""
        return self.interfered + self.reachable

    @property
    def total(self) -> int:
        """Return the number of measurements."""
        return self.interfered + self.reachable + self.down + self.impaired + self.unclear

    @property
    def rung(self) -> Rung:
        """Return the state of the day; "not enough to say" is never shown as reachable, nor as blocked."""
        if not self.total:
            return Rung.NOT_MEASURED
        if self.silent == self.total:
            return Rung.SILENT
        if self.interfered and self.reachable:
            return Rung.AT_TIMES
        if self.interfered:
            return of_counts(blocked=self.blocked, likely_blocked=self.likely_blocked, tampered=self.tampered)
        if self.reachable:
            return Rung.OK
        most = max(self.down, self.impaired, self.unclear)
        if self.unclear == most:
            return Rung.INSUFFICIENT
        return Rung.IMPAIRED if self.impaired == most else Rung.DOWN

    def plus(self, cell: Cell | DailyCell) -> "DayCount":
        """Return the sum with a cell."""
        return replace(
            self,
            blocked=self.blocked + cell.blocked,
            likely_blocked=self.likely_blocked + cell.likely_blocked,
            tampered=self.tampered + cell.tampered,
            reachable=self.reachable + cell.ok,
            down=self.down + cell.down,
            impaired=self.impaired + cell.impaired,
            unclear=self.unclear + cell.insufficient,
            silent=self.silent + cell.silent,
        )


def total_of(days: Mapping[DayKey, DayCount]) -> dict[tuple[Vantage, TargetName], DayCount]:
    """Add up all days of each series."""
    totals: dict[tuple[Vantage, TargetName], DayCount] = {}
    for key, count in days.items():
        before = totals.get((key.vantage, key.target), DayCount())
        totals[key.vantage, key.target] = DayCount(
            blocked=before.blocked + count.blocked,
            likely_blocked=before.likely_blocked + count.likely_blocked,
            tampered=before.tampered + count.tampered,
            reachable=before.reachable + count.reachable,
            down=before.down + count.down,
            impaired=before.impaired + count.impaired,
            unclear=before.unclear + count.unclear,
            silent=before.silent + count.silent,
        )
    return totals


def fold_days(cells: Iterable[Cell | DailyCell]) -> dict[DayKey, DayCount]:
    """Add up the cells of each day."""
    days: dict[DayKey, DayCount] = {}
    for cell in cells:
        vantage = Vantage(cell.probe_cc, cell.probe_asn, cell.access_tier)
        at = cell.day if isinstance(cell, DailyCell) else cell.hour
        key = DayKey(vantage, cell.target, at.astimezone(UTC).date())
        days[key] = days.get(key, DayCount()).plus(cell)
    return days
