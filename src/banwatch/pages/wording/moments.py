"""Moments and intervals for readers: the time of the place first, then UTC, and how long something took.

A country with several zones is given the time of its capital, by name.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import get_global

from banwatch.pages.wording import words

_CAPITALS = {
    "AR": "America/Argentina/Buenos_Aires",
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CD": "Africa/Kinshasa",
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia",
    "DE": "Europe/Berlin",
    "EC": "America/Guayaquil",
    "ES": "Europe/Madrid",
    "ID": "Asia/Jakarta",
    "KZ": "Asia/Almaty",
    "MN": "Asia/Ulaanbaatar",
    "MX": "America/Mexico_City",
    "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland",
    "PG": "Pacific/Port_Moresby",
    "PS": "Asia/Gaza",
    "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "US": "America/New_York",
    "UZ": "Asia/Tashkent",
}
"""Zones of capitals, or of the cities that share their time, for countries with several zones."""
_HOUR_S = 3600.0
_DAYS_FROM_H = 72
"""Hours from which a length is written in days: below, a day more or less is too coarse."""


@cache
def zone_of(country: str) -> tzinfo | None:
    """Return the zone of a country, or of its capital; None where it is not known."""
    name = _CAPITALS.get(country) or _only_zones().get(country)
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None  # a machine without the table of zones: UTC alone is printed


@cache
def _only_zones() -> Mapping[str, str]:
    """Return the zone of each country that has one alone."""
    found: dict[str, list[str]] = {}
    for zone, country in get_global("zone_territories").items():
        found.setdefault(country, []).append(zone)
    return {country: zones[0] for country, zones in found.items() if len(zones) == 1}


def place_of(zone: tzinfo) -> str:
    """Name the city whose time it is: `Pyongyang`."""
    return str(zone).rpartition("/")[2].replace("_", " ")


def local(at: datetime, country: str) -> datetime:
    """Return a moment in the time of a country; in UTC where that is not known."""
    return at.astimezone(zone_of(country) or UTC)


def moment(at: datetime, country: str) -> str:
    """Write a moment: `1 April 2016, 14:30 in Pyongyang (05:30 UTC)`."""
    zone = zone_of(country)
    if zone is None:
        return f"{words.day(at.astimezone(UTC).date())}, {at.astimezone(UTC):%H:%M} UTC"
    here, there = at.astimezone(zone), at.astimezone(UTC)
    utc = f"{there:%H:%M} UTC"
    if there.date() != here.date():
        utc = f"{words.short_day(there.date())}, {utc}"
    return f"{words.day(here.date())}, {here:%H:%M} in {place_of(zone)} ({utc})"


def between(earliest: datetime, latest: datetime, country: str) -> str:
    """Write an interval as the day, the two days, or the two dates that it lies between, of the place."""
    return words.between_days(local(earliest, country).date(), local(latest, country).date())


def exactly(earliest: datetime, latest: datetime, country: str) -> str:
    """Write an interval to the minute, in the time of the place and in UTC."""
    if earliest == latest:
        return moment(latest, country)
    zone = zone_of(country)
    utc = f"{words.exact(earliest).removesuffix(' UTC')} to {words.exact(latest)}"
    if zone is None:
        return f"between {utc}"
    first, last = earliest.astimezone(zone), latest.astimezone(zone)
    said = f"{words.day(first.date())}, {first:%H:%M}"
    until = f"{last:%H:%M}" if last.date() == first.date() else f"{words.day(last.date())}, {last:%H:%M}"
    return f"between {said} and {until} in {place_of(zone)} ({utc})"


def duration(shortest: timedelta, longest: timedelta) -> str:
    """Write how long something took, with its uncertainty: `18 to 30 hours`, `2 to 3 days`."""
    low, high = (max(0.0, span.total_seconds()) / _HOUR_S for span in (shortest, longest))
    unit, size = ("day", 24.0) if high >= _DAYS_FROM_H else ("hour", 1.0)
    first, last = round(low / size), round(high / size)
    if first == last:
        return words.counted(first, unit) if first else f"less than one {unit}"
    return f"{first:,} to {last:,} {unit}s"


def lasted(
    onset: tuple[datetime, datetime], end: tuple[datetime, datetime] | None, *, onset_known: bool
) -> str:
    """Write how long something lasted, between its brackets; empty where its end was not seen."""
    if end is None:
        return ""
    if not onset_known:
        return f"at least {duration(end[0] - onset[1], end[0] - onset[1])}"
    return duration(end[0] - onset[1], end[1] - onset[0])
