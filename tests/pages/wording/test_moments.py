"""Moments: the time of the place first, then UTC; how long something took, with its uncertainty."""

from datetime import UTC, datetime, timedelta

import pytest
from babel.core import get_global

from banwatch.pages.wording import moments


def at(day: int, hour: int, minute: int = 0, month: int = 4) -> datetime:
    return datetime(2016, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "country", "said"),
    [
        (at(1, 6), "KP", "1 April 2016, 14:30 in Pyongyang (06:00 UTC)"),
        (at(31, 18, month=3), "KP", "1 April 2016, 02:30 in Pyongyang (31 Mar, 18:00 UTC)"),
        (at(1, 6), "RU", "1 April 2016, 09:00 in Moscow (06:00 UTC)"),
        (at(1, 6), "ZZ", "1 April 2016, 06:00 UTC"),
    ],
)
def test_the_time_of_the_place_comes_first(moment: datetime, country: str, said: str) -> None:
    assert moments.moment(moment, country) == said


def test_days_are_those_of_the_place() -> None:
    night = (at(31, 18, month=3), at(1, 0))
    assert moments.between(*night, "KP") == "1 April 2016"
    assert moments.between(*night, "BR") == "31 March 2016"
    assert moments.between(*night, "ZZ") == "31 March or 1 April 2016"
    assert moments.exactly(*night, "KP") == (
        "between 1 April 2016, 02:30 and 08:30 in Pyongyang (2016-03-31 18:00 to 2016-04-01 00:00 UTC)"
    )


@pytest.mark.parametrize(
    ("shortest", "longest", "said"),
    [
        (18, 30, "18 to 30 hours"),
        (24, 24, "24 hours"),
        (0, 0.2, "less than one hour"),
        (1, 1, "one hour"),
        (60, 96, "2 to 4 days"),
        (30, 71, "30 to 71 hours"),
    ],
)
def test_durations(shortest: float, longest: float, said: str) -> None:
    assert moments.duration(timedelta(hours=shortest), timedelta(hours=longest)) == said


def test_how_long_it_lasted() -> None:
    onset, end = (at(8, 0), at(8, 6)), (at(9, 0), at(9, 6))
    assert moments.lasted(onset, end, onset_known=True) == "18 to 30 hours"
    assert moments.lasted(onset, end, onset_known=False) == "at least 18 hours"
    assert moments.lasted(onset, None, onset_known=True) == ""


def test_every_country_of_several_zones_that_has_many_people_has_a_zone() -> None:
    countries = set(get_global("zone_territories").values())
    without = {cc for cc in countries if moments.zone_of(cc) is None}
    assert without == {"001", "AQ", "FM", "GL", "KI", "MH", "PF", "UM", "ZZ"}
