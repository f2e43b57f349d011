"""Schedules of what recurs, in words: hours, days of the week, exceptions, the next time expected."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from banwatch.detect import thresholds as t
from banwatch.detect.wording.lists import listed

_SLACK = timedelta(hours=t.LONGER_HOURS)
_WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


def render_schedule(windows: Sequence[str]) -> str:
    """Return what recurs as `from 01:00 to 05:35 UTC on 9 of 22 days between 2019-06-09 and 2019-06-30`."""
    if not windows:
        return ""
    every = [[datetime.fromisoformat(moment) for moment in window.split("/")] for window in windows]
    usual = sorted(end - begin for begin, end in every)[len(every) // 2]
    times = [(begin, end) for begin, end in every if end - begin <= max(2 * usual, usual + _SLACK)]
    longer = [(begin, end) for begin, end in every if (begin, end) not in times]
    (begin, end), (last, _) = times[0], times[-1]
    days = [start.date() for start, _ in times]
    weekdays = _weekdays_of(days)
    between = f"between {days[0]} and {days[-1]}"
    spells = [f"{a:%Y-%m-%d %H:%M} to {b:%Y-%m-%d %H:%M} UTC" for a, b in longer]
    besides = f"and without a break from {listed(spells)}, " if spells else ""
    due = f"{besides}and not between (were it to go on, next on {_next(days, weekdays)})"
    if end - begin > timedelta(hours=t.RECURRING_LONGEST_HOURS):
        spans = f"from {begin:%A %H:%M} to {end:%A %H:%M} UTC"
        return f"{spans}, {len(times)} times {between}, {due}"
    hours = f"from {begin:%H:%M} to {end:%H:%M} UTC"
    if weekdays:
        names = listed([_WEEKDAYS[day] for day in sorted(weekdays)])
        return f"{hours} on {names}, {len(times)} times {between}{_exceptions(days, weekdays)}, {due}"
    span = (last.date() - days[0]).days + 1
    of_all = f"{len(times)} of {span} days" if len(times) < span else f"each of {span} days"
    return f"{hours} on {of_all} {between}{_exceptions(days, frozenset(range(7)))}, {due}"


def _weekdays_of(days: Sequence[date]) -> frozenset[int]:
    """Return the days of the week on which something recurs; empty where these are all, or no rule."""
    found = frozenset(day.weekday() for day in days)
    if len(found) > t.RECURRING_LONGEST_DAYS or len(days) < t.RECURRING_TIMES:
        return frozenset()
    possible = _days_between(days[0], days[-1], found)
    weeks = (days[-1] - days[0]).days / 7
    often = len(days) >= t.WEEKDAYS_SHARE * len(possible)
    return found if often and weeks >= t.WEEKDAYS_WEEKS else frozenset()


def _days_between(first: date, last: date, weekdays: frozenset[int]) -> list[date]:
    every = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in every if day.weekday() in weekdays]


def _exceptions(days: Sequence[date], weekdays: frozenset[int]) -> str:
    """Return the days between that were no part of it, where they are few."""
    missing = sorted(set(_days_between(days[0], days[-1], weekdays)) - set(days))
    if not missing or len(missing) > min(t.NAMES_IN_A_LIST, t.EXCEPTIONS_SHARE * len(days)):
        return ""
    return f", not on {listed([str(day) for day in missing])}"


def _next(days: Sequence[date], weekdays: frozenset[int]) -> date:
    if weekdays:
        return _days_between(days[-1] + timedelta(days=1), days[-1] + timedelta(days=7), weekdays)[0]
    steps = sorted((after - before).days or 1 for before, after in pairwise(days))
    return days[-1] + timedelta(days=steps[len(steps) // 2] if steps else 1)
