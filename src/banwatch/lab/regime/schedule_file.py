"""Schedule of a rule from YAML."""

import re

from banwatch.lab.regime.schedule import DAY_MINUTES, Period, Schedule
from banwatch.lab.regime.yaml_file import YamlMapping

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"(\d{1,2})(?::(\d{2}))?-(\d{1,2})(?::(\d{2}))?")
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})")
_MOST_OFFSET_MINUTES = 14 * 60


def read_schedule(schedule: YamlMapping) -> Schedule:
    """Read `begins`, `ends` or several `periods` of them, `days`, `hours` and `utc_offset`."""
    periods = [_read_period(item.mapping()) for item in schedule.items("periods")]
    alone = _read_period(schedule, finish=False)
    if periods and alone != Period():
        raise schedule.location.error("has `periods` beside `begins` or `ends`", "one or the other")
    offset = schedule.take("utc_offset")
    found = Schedule(
        periods=tuple(periods) or (alone,),
        days=frozenset(item.parsed(_day, f"one of {', '.join(DAYS)}") for item in schedule.items("days")),
        windows=tuple(
            item.parsed(_window, "hours of the day such as 18-23 or 22:30-04:15")
            for item in schedule.items("hours")
        ),
        utc_offset_minutes=offset.parsed(_offset, "an offset such as +03:30") if offset else 0,
    )
    schedule.finish()
    return found


def _read_period(period: YamlMapping, *, finish: bool = True) -> Period:
    begins, ends = period.take("begins"), period.take("ends")
    found = Period(begins=begins.moment() if begins else None, ends=ends.moment() if ends else None)
    if finish:
        period.finish()
    if found.begins and found.ends and found.ends <= found.begins:
        raise period.location.error("ends before it begins", "an end after the beginning")
    return found


def _day(text: str) -> int:
    return DAYS.index(text.strip().lower()[:3])


def _window(text: str) -> tuple[int, int]:
    found = _WINDOW.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    first, last = (
        int(hours) * 60 + int(minutes or 0) for hours, minutes in (found.group(1, 2), found.group(3, 4))
    )
    minutes_fit = all(int(part or 0) < 60 for part in found.group(2, 4))
    if not minutes_fit or first == last or first >= DAY_MINUTES or last > DAY_MINUTES:
        raise ValueError(text)
    return first, last


def _offset(text: str) -> int:
    found = _OFFSET.fullmatch(text.strip())
    if found is None or int(found[3]) >= 60:
        raise ValueError(text)
    minutes = int(found[2]) * 60 + int(found[3])
    if minutes > _MOST_OFFSET_MINUTES:
        raise ValueError(text)
    return -minutes if found[1] == "-" else minutes
