"""Schedules: periods, days of the week, and times of the day, also past midnight and in local time."""

from datetime import UTC, datetime, timedelta

import pytest

from banwatch.lab.regime.schedule import Schedule
from banwatch.model.errors import BanwatchError
from tests.lab.censor_kit import Talk, censor_of, outcome, regime_of

RULE = "- {id: r, match: {to: [142.250.0.0/16]}, action: drop, mechanism: tcp.timeout, schedule: {%s}}\n"


def schedule_of(text: str) -> Schedule:
    return regime_of(RULE % text).rules[0].schedule


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# 2016-04-04 is a Monday
CASES = {
    "minutes": (
        'hours: ["22:30-23:15"]',
        ["2016-04-04 22:30", "2016-04-04 23:14"],
        ["2016-04-04 22:29", "2016-04-04 23:15"],
    ),
    "several windows": (
        "hours: [1-2, '12:15-12:45']",
        ["2016-04-04 01:59", "2016-04-05 12:20"],
        ["2016-04-04 02:00", "2016-04-04 12:45"],
    ),
    "past midnight": (
        "hours: [22-4]",
        ["2016-04-04 22:00", "2016-04-05 03:59"],
        ["2016-04-04 21:59", "2016-04-05 04:00", "2016-04-05 12:00"],
    ),
    "days": (
        "days: [mon, Friday]",
        ["2016-04-04 00:00", "2016-04-08 23:59"],
        ["2016-04-03 23:59", "2016-04-05 00:00"],
    ),
    "nights of some days": (
        "days: [sun], hours: ['23:30-02:00']",
        ["2016-04-03 23:30", "2016-04-04 01:59"],
        ["2016-04-03 01:00", "2016-04-04 23:45", "2016-04-04 02:00"],
    ),
    "local time": (
        "days: [sat], hours: ['00:00-05:00'], utc_offset: '+03:30'",
        ["2016-04-08 20:30", "2016-04-09 01:29"],
        ["2016-04-08 20:29", "2016-04-09 01:30", "2016-04-09 21:00"],
    ),
    "several periods": (
        "periods: [{begins: '2016-04-01T00:00Z', ends: '2016-04-02T00:00Z'}, {begins: '2016-04-09T06:00Z'}]",
        ["2016-04-01 12:00", "2016-05-01 00:00"],
        ["2016-03-31 23:59", "2016-04-05 00:00", "2016-04-09 05:59"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_moments(name: str) -> None:
    text, during, beyond = CASES[name]
    schedule = schedule_of(text)
    assert [schedule.is_in_force(at(one)) for one in during] == [True] * len(during)
    assert [schedule.is_in_force(at(one)) for one in beyond] == [False] * len(beyond)


@pytest.mark.parametrize("name", CASES)
def test_the_censor_changes_when_the_schedule_does(name: str) -> None:
    """A censor that is asked at every quarter of an hour of two weeks does what the schedule says."""
    text, _, _ = CASES[name]
    schedule, censor = schedule_of(text), censor_of(RULE % text)
    moment = at("2016-03-30 00:00")
    for step in range(2 * 7 * 24 * 4):
        moment += timedelta(minutes=15)
        talk = Talk(censor, sport=1_000 + step)
        talk.now_s = moment.timestamp()
        assert (outcome(talk.out()) == "drop") == schedule.is_in_force(moment), moment


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hours: ['9-9']", ["hours", "22:30-04:15"]),
        ("hours: ['24-3']", ["hours"]),
        ("hours: ['9:75-10']", ["hours"]),
        ("days: [someday]", ["days", "mon"]),
        ("utc_offset: '+15:00'", ["utc_offset", "+03:30"]),
        ("begins: '2016-04-02T00:00Z', ends: '2016-04-01T00:00Z'", ["ends before it begins"]),
        (
            "begins: '2016-04-02T00:00Z', periods: [{ends: '2016-04-01T00:00Z'}]",
            ["periods", "one or the other"],
        ),
    ],
)
def test_what_is_wrong_is_said(text: str, words: list[str]) -> None:
    with pytest.raises(BanwatchError) as caught:
        schedule_of(text)
    assert all(word in str(caught.value) for word in words)
