"""Values of options as people type them."""

from datetime import UTC, datetime, timedelta

import pytest
import typer

from banwatch.cli.parsing import (
    parse_country,
    parse_network,
    parse_states,
    parse_target,
    parse_target_at,
    parse_time,
)
from banwatch.model.state import State

NOON = datetime(2016, 4, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2016-04-04T12:00",
        "2016-04-04 12:00",
        "2016-04-04T12:00:00Z",
        "2016-04-04 12:00 UTC",
        "2016-04-04T21:00+09:00",
        "2016-04-04 21:00 +09:00",
    ],
)
def test_one_moment_is_written_in_many_ways(text: str) -> None:
    assert parse_time(text) == NOON


def test_days_and_months_are_their_first_moment() -> None:
    assert parse_time("2016-04-04") == NOON.replace(hour=0)
    assert parse_time("2016-04") == datetime(2016, 4, 1, tzinfo=UTC)
    assert parse_time("2016") == datetime(2016, 1, 1, tzinfo=UTC)


def test_moments_are_counted_back_from_now() -> None:
    now = datetime.now(UTC)
    assert abs(parse_time("7d") - (now - timedelta(days=7))) < timedelta(minutes=1)
    assert parse_time("2 weeks ago") < parse_time("12h") < parse_time("now")
    assert parse_time("yesterday") + timedelta(days=1) == parse_time("today")


@pytest.mark.parametrize("text", ["soon", "2016-13-01", "999999d", "", "31.12.2016"])
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="7d"):
        parse_time(text)


def test_a_country_is_two_letters_or_its_name() -> None:
    assert parse_country("kp") == parse_country("North Korea") == parse_country("DPRK") == "KP"
    assert parse_country("uk") == parse_country("United Kingdom") == "GB"
    with pytest.raises(typer.BadParameter, match="North Korea"):
        parse_country("Norkorea")


def test_a_target_may_be_an_address_of_a_page() -> None:
    assert parse_target("https://www.youtube.com/watch?v=1") == "youtube.com"
    assert parse_target("User@WWW.BBC.co.uk:443/news") == "bbc.co.uk"
    assert parse_target("Telegram") == "telegram"
    assert parse_target("http://192.0.2.1:8080/") == "192.0.2.1"
    assert parse_target("https://[2001:db8::1]:8443/x") == parse_target("2001:db8::1") == "2001:db8::1"
    with pytest.raises(typer.BadParameter, match=r"youtube\.com"):
        parse_target("https:///")


def test_a_target_and_a_moment_stand_together() -> None:
    assert parse_target_at("youtube.com@2016-04-04 12:00") == ("youtube.com", NOON)
    with pytest.raises(typer.BadParameter):
        parse_target_at("youtube.com@")


def test_a_network_is_given_by_its_number() -> None:
    assert parse_network("as131279") == parse_network("131279") == 131279
    with pytest.raises(typer.BadParameter, match="is no network"):
        parse_network("Koryolink")


def test_states_come_in_any_case_and_several_at_once() -> None:
    assert parse_states(None) == ()
    assert parse_states(["Blocked,likely-blocked", "OK", "blocked"]) == (
        State.BLOCKED,
        State.LIKELY_BLOCKED,
        State.OK,
    )
    with pytest.raises(typer.BadParameter, match="Did you mean blocked"):
        parse_states(["bloked"])
