"""Days: what one place saw of one target on one day, counted from the hourly cells."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date
from enum import StrEnum

from banwatch.explorer.columns import Place
from banwatch.model.cell import Cell
from banwatch.model.ids import TargetName


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
    unclear: int = 0
    silent: int = 0
    """Among all of the above: nothing at all answered."""

    @property
    def total(self) -> int:
        """Every measurement of the day."""
        return self.interfered + self.reachable + self.down + self.unclear

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
            unclear=self.unclear + cell.impaired + cell.insufficient,
            silent=self.silent + cell.silent,
        )


def fold_days(cells: Iterable[Cell]) -> dict[DayKey, DayCount]:
    """Count the hours of each day together."""
    days: dict[DayKey, DayCount] = {}
    for cell in cells:
        place = Place(cell.probe_cc, cell.probe_asn, cell.access_tier)
        key = DayKey(place, cell.target, cell.hour.astimezone(UTC).date())
        days[key] = days.get(key, DayCount()).plus(cell)
    return days
