"""The days that a page of a place counts: the last thirty up to the last measurement there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from banwatch.model.ids import CountryCode, TargetName
from banwatch.model.incident import Incident
from banwatch.model.rollup import CountryDay
from banwatch.pages.days import DayCount, DayKey, fold_days
from banwatch.pages.reader import Reader
from banwatch.pages.vantages import Vantage
from banwatch.pages.wording import words
from banwatch.pages.wording.ladder import Rung

_DAY = timedelta(days=1)
RECENT_DAYS = 30
"""Days that a page counts: enough for a rate where little is measured, and few enough to be about now."""
AT_TIMES_SHARE = 0.1
"""Share of interference, 0 to 1, from which many days together are called "blocked at times": below, single
failures among many measurements would accuse; the count is printed all the same."""
_OPEN_SHARE = 0.1
"""Share of measurements that reached the target, 0 to 1, below which many days are not "at times"."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days from the first to the last, both included."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        """Return the start of the first day."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def until(self) -> datetime:
        """Return the end of the last day."""
        return datetime.combine(self.last, time(), UTC) + timedelta(days=1)

    def __str__(self) -> str:
        return f"{words.day(self.first)} to {words.day(self.last)}"


def period_to(last: date, first: date) -> Period:
    """Return the recent days up to the last one, not before the first that was measured."""
    return Period(max(first, last - timedelta(days=RECENT_DAYS - 1)), last)


def recent_period(days: Sequence[CountryDay]) -> Period | None:
    """Return the recent days of a country; None where nothing was measured."""
    if not days:
        return None
    dates = [day.day.astimezone(UTC).date() for day in days]
    return period_to(max(dates), min(dates))


def rung_of_days(count: DayCount) -> Rung:
    """Return the rung of many days together; single failures among many measurements accuse nobody."""
    rung = count.rung
    if rung is not Rung.AT_TIMES:
        return rung
    share = count.interfered / count.informative
    if share < AT_TIMES_SHARE:
        return Rung.OK
    if share > 1 - _OPEN_SHARE:
        only = DayCount(blocked=count.blocked, likely_blocked=count.likely_blocked, tampered=count.tampered)
        return only.rung
    return Rung.AT_TIMES


@dataclass(frozen=True, slots=True)
class Standing:
    """State of a target from one vantage as last measured, with the counts that say so."""

    count: DayCount
    """Counts of the days that it rests on: since interference began that lasts, else all recent ones."""
    since: date | None = None
    """First day of interference that lasts; None where none does."""

    @property
    def rung(self) -> Rung:
        """Return its rung."""
        return rung_of_days(self.count)


def standings(
    days: Mapping[DayKey, DayCount], incidents: Iterable[Incident]
) -> dict[tuple[Vantage, TargetName], Standing]:
    """Return how each target stands: days before interference began that lasts do not soften it."""
    onset: dict[tuple[Vantage, TargetName], date] = {}
    for one in incidents:
        for member in one.members if one.end_latest is None else ():
            if member.end_latest is None and member.target:
                key = (Vantage(one.probe_cc, member.probe_asn, member.access_tier), member.target)
                # the day of the onset has measurements from before it: the next one is whole
                day = (member.onset_latest.astimezone(UTC) + timedelta(days=1)).date()
                day = day if member.onset_known and member.onset_latest.time() != time() else day - _DAY
                onset[key] = min(day, onset.get(key, day))
    found: dict[tuple[Vantage, TargetName], list[tuple[date, DayCount]]] = {}
    for day_key, count in days.items():
        found.setdefault((day_key.vantage, day_key.target), []).append((day_key.day, count))
    result = {}
    for key, counts in found.items():
        since = onset.get(key)
        lately = [count for day, count in counts if since is not None and day >= since]
        result[key] = (
            Standing(added_up(lately), since) if lately else Standing(added_up(c for _, c in counts))
        )
    return result


def recent_counts(
    reader: Reader, country: CountryCode, targets: Sequence[TargetName], period: Period
) -> dict[DayKey, DayCount]:
    """Read the counts of each recent day of some targets in a country."""
    cells = reader.daily_cells(country, targets=sorted(targets), since=period.since, until=period.until)
    return fold_days(cells)


def added_up(counts: Iterable[DayCount]) -> DayCount:
    """Add counts up."""
    total: Mapping[str, int] = {}
    for count in counts:
        total = {name: total.get(name, 0) + getattr(count, name) for name in DayCount.__slots__}
    return DayCount(**total)
