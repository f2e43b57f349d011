"""Counts of one day: the verdicts on one target from one vantage, added up from the hourly cells."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date
from enum import StrEnum

from banwatch.model.cell import Cell
from banwatch.model.ids import TargetName
from banwatch.model.rollup import DailyCell
from banwatch.pages.vantages import Vantage


class DayState(StrEnum):
    """State of a target on one day, for a reader."""

    BLOCKED = "blocked"
    PARTLY = "partly"
    OPEN = "open"
    SILENT = "silent"
    """Nothing at all answered, on any measurement."""
    DOWN = "down"
    UNCLEAR = "unclear"
    NONE = "none"
    """No measurement on that day."""


DAY_WORDS = {
    DayState.BLOCKED: "Blocked",
    DayState.PARTLY: "Blocked at times",
    DayState.OPEN: "Reachable",
    DayState.SILENT: "Network silent",
    DayState.DOWN: "Down for everyone",
    DayState.UNCLEAR: "Unclear",
    DayState.NONE: "Not measured",
}


@dataclass(frozen=True, slots=True, order=True)
class DayKey:
    """Key of a day: one target, from one vantage, on one day in UTC."""

    vantage: Vantage
    target: TargetName
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """Numbers of a day's measurements by what they say."""

    interfered: int = 0
    reachable: int = 0
    down: int = 0
    impaired: int = 0
    """Measurements that failed for an unclear cause."""
    unclear: int = 0
    silent: int = 0
    """Measurements, among all of the above, to which nothing at all answered."""

    @property
    def total(self) -> int:
        """Return the number of measurements."""
        return self.interfered + self.reachable + self.down + self.impaired + self.unclear

    @property
    def state(self) -> DayState:
        """Return the state of the day; "unclear" is never shown as reachable, nor as blocked."""
        if not self.total:
            return DayState.NONE
        if self.silent == self.total:
            return DayState.SILENT
        if self.interfered and self.reachable:
            return DayState.PARTLY
        if self.interfered:
            return DayState.BLOCKED
        if self.reachable:
            return DayState.OPEN
        return DayState.DOWN if self.down else DayState.UNCLEAR

    def plus(self, cell: Cell | DailyCell) -> "DayCount":
        """Return the sum with a cell."""
        return replace(
            self,
            interfered=self.interfered + cell.blocked + cell.likely_blocked + cell.tampered,
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
            interfered=before.interfered + count.interfered,
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
