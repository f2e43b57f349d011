"""Period of a ban, and the relation of measured interference to it.

Announcements give days, not moments, and seldom a time zone: a day begins somewhere on Earth 14 hours before
it begins in UTC, and is over everywhere 12 hours after it is over there.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from banwatch.bans import thresholds as t
from banwatch.bans.schema import PARTIAL_DATE, precision_of
from banwatch.model.ban import UNSPECIFIED, Ban, Relation
from banwatch.model.incident import Change

_ZONES = timedelta(hours=t.ZONE_MARGIN_HOURS)
Period = tuple[datetime, datetime]


def first_moment(day: str) -> datetime:
    """Return the first moment, in UTC, of a date of any precision."""
    found = PARTIAL_DATE.fullmatch(day)
    if found is None:
        raise ValueError(f"not a date in ISO form: {day}")
    return datetime(int(found[1]), int(found[2] or 1), int(found[3] or 1), tzinfo=UTC)


def last_moment(day: str) -> datetime:
    """Return the moment, in UTC, at which a date of any precision is over."""
    begins = first_moment(day)
    precision = precision_of(day)
    if precision == "day":
        return begins + timedelta(days=1)
    if precision == "month":
        return (begins + timedelta(days=32)).replace(day=1)
    return begins.replace(year=begins.year + 1)


def period_of(ban: Ban) -> Period:
    """Return the time that concerns a ban: `WINDOW_DAYS` before its beginning to as many after its end.

    Where its beginning is unspecified, the first report of it stands in, but for what has recurred for years.
    """
    margin = timedelta(days=t.WINDOW_DAYS)
    earliest, latest = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    if ban.begins is not None:
        earliest = datetime(ban.begins.year, ban.begins.month, ban.begins.day, tzinfo=UTC) - margin
    elif not ban.recurs:  # a ban of which nobody says when it begins was not in force before it was reported
        reported = [source.published for source in ban.sources if source.published is not None]
        if reported:
            first = min(reported)
            earliest = datetime(first.year, first.month, first.day, tzinfo=UTC) - margin
    if ban.ends != UNSPECIFIED:
        latest = last_moment(ban.ends) + margin
    return earliest, latest


def overlaps(change: Change, covered: Period) -> bool:
    """Return whether a change lasted at some time within a period."""
    return change.onset_latest <= covered[1] and (
        change.end_latest is None or change.end_latest >= covered[0]
    )


def relations(ban: Ban, announced: bool, changes: Sequence[Change]) -> tuple[str, ...]:
    """Return the relations of interference on one target, network and tier to the announcement.

    Args:
        ban: the announced ban.
        announced: whether the ban reaches this target, network and tier.
        changes: the stretches of interference, in order of time; at least one.
    """
    found: set[Relation] = set()
    first, last = changes[0], changes[-1]
    if not announced:
        found.add(Relation.BEYOND_ANNOUNCED)
    elif ban.begins is not None:
        begins = datetime(ban.begins.year, ban.begins.month, ban.begins.day, tzinfo=UTC)
        if first.onset_latest < begins - _ZONES:
            found.add(Relation.BEFORE_ANNOUNCED)
    if last.end_latest is not None:
        found.add(Relation.LIFTED)
    if announced and ban.ends != UNSPECIFIED:
        over = last_moment(ban.ends) + _ZONES
        if last.end_earliest is None or last.end_earliest > over:
            found.add(Relation.OUTLASTED)
    return tuple(sorted(found))
