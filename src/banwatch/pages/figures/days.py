"""Days: what one place saw of one target on one day, counted from the hourly cells."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date
from enum import StrEnum

from banwatch.model.cell import Cell
from banwatch.model.ids import TargetName
from banwatch.pages.places import Place


class DayState(StrEnum):
    """What a day looked like, for a reader."""

    BLOCKED = "blocked"
    PARTLY = "partly"
    OPEN = "open"
    SILENT = "silent"
    """Nothing at all answered, on any measurement."""
    DOWN = "down"
    UNCLEAR = "unclear"
    NONE = "none"
    """Nobody measured."""


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
    """One target, seen from one place, on one day (UTC)."""

    place: Place
    target: TargetName
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """How many measurements of the day said what."""

    interfered: int = 0
    reachable: int = 0
    down: int = 0
    impaired: int = 0
    """Not working, and nobody can be blamed for it."""
    unclear: int = 0
    silent: int = 0
    """Among all of the above: nothing at all answered."""

    @property
    def total(self) -> int:
        """Every measurement of the day."""
        return self.interfered + self.reachable + self.down + self.impaired + self.unclear

    @property
    def state(self) -> DayState:
        """Sum the day up. "Unclear" is never shown as reachable, nor as blocked."""
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

    def plus(self, cell: Cell) -> "DayCount":
        """Add an hour."""
        return replace(
            self,
            interfered=self.interfered + cell.blocked + cell.likely_blocked + cell.tampered,
            reachable=self.reachable + cell.ok,
            down=self.down + cell.down,
            impaired=self.impaired + cell.impaired,
            unclear=self.unclear + cell.insufficient,
            silent=self.silent + cell.silent,
        )


def total_of(days: Mapping[DayKey, DayCount]) -> dict[tuple[Place, TargetName], DayCount]:
    """Count all days of each series together."""
    totals: dict[tuple[Place, TargetName], DayCount] = {}
    for key, count in days.items():
        before = totals.get((key.place, key.target), DayCount())
        totals[key.place, key.target] = DayCount(
            interfered=before.interfered + count.interfered,
            reachable=before.reachable + count.reachable,
            down=before.down + count.down,
            impaired=before.impaired + count.impaired,
            unclear=before.unclear + count.unclear,
            silent=before.silent + count.silent,
        )
    return totals


def fold_days(cells: Iterable[Cell]) -> dict[DayKey, DayCount]:
    """Count the hours of each day together."""
    days: dict[DayKey, DayCount] = {}
    for cell in cells:
        place = Place(cell.probe_cc, cell.probe_asn, cell.access_tier)
        key = DayKey(place, cell.target, cell.hour.astimezone(UTC).date())
        days[key] = days.get(key, DayCount()).plus(cell)
    return days
