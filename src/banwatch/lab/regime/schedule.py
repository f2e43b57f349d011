"""Schedule of a rule: periods, days of the week and times of the day, by the lab clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

DAY_MINUTES = 24 * 60
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Stretch of time; None has no limit on that side."""

    begins: datetime | None = None
    ends: datetime | None = None
    """First moment after the period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Moments at which a rule is in force: in one of the periods, days of the week and windows of the day."""

    periods: tuple[Period, ...] = (Period(),)
    days: frozenset[int] = frozenset()
    """Days of the week, Monday is 0; empty is every day. A window past midnight belongs to the day on which
    it begins."""
    windows: tuple[tuple[int, int], ...] = ()
    """Ranges of minutes of the day, [first, last); past midnight where the last is not after the first. Empty
    is all day."""
    utc_offset_minutes: int = 0
    """Local time less UTC, for days and windows."""

    @property
    def begins(self) -> datetime | None:
        """Return the beginning of the first period; None where it has none."""
        begun = [one.begins for one in self.periods]
        return None if None in begun else min(at for at in begun if at is not None)

    def is_in_force(self, now: datetime) -> bool:
        """Whether the schedule holds at a moment."""
        if not any(
            (one.begins is None or one.begins <= now) and (one.ends is None or now < one.ends)
            for one in self.periods
        ):
            return False
        if not self.days and not self.windows:
            return True
        local = now.astimezone(self._zone)
        minute = local.hour * 60 + local.minute
        today, yesterday = local.weekday(), (local - _DAY).weekday()
        if not self.windows:
            return self._has_day(today)
        for first, last in self.windows:
            if first < last:
                if first <= minute < last and self._has_day(today):
                    return True
            elif (minute >= first and self._has_day(today)) or (minute < last and self._has_day(yesterday)):
                return True
        return False

    def changes_around(self, now: datetime) -> Iterator[datetime]:
        """Give moments before and after one at which the schedule may begin or stop to hold."""
        for period in self.periods:
            yield from (at for at in (period.begins, period.ends) if at is not None)
        if not self.days and not self.windows:
            return
        midnight = now.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)
        minutes = {0} | {minute for window in self.windows for minute in window}
        for day in (-1, 0, 1):
            for minute in minutes:
                yield midnight + timedelta(days=day, minutes=minute)

    @property
    def _zone(self) -> timezone:
        return timezone(timedelta(minutes=self.utc_offset_minutes))

    def _has_day(self, day: int) -> bool:
        return not self.days or day in self.days
