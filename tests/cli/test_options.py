"""Options that several commands share."""

from datetime import UTC, datetime

import pytest
import typer

from banwatch.cli.options import as_utc, parse_network, parse_time, refuse_together
from banwatch.model.errors import BanwatchError


def test_a_network_is_given_by_its_number() -> None:
    assert parse_network(None) is None
    assert parse_network("as131279") == 131279
    with pytest.raises(BanwatchError, match="is no network"):
        parse_network("Koryolink")


def test_times_without_a_zone_are_utc() -> None:
    expected = datetime(2016, 4, 4, 12, tzinfo=UTC)
    assert parse_time("2016-04-04T12:00") == parse_time("2016-04-04T21:00+09:00") == expected
    assert as_utc(datetime(2016, 4, 4, 12)) == expected  # noqa: DTZ001  # as an option without a zone comes
    assert as_utc(None) is None
    with pytest.raises(typer.BadParameter):
        parse_time("yesterday")


def test_options_that_exclude_each_other_are_refused_together() -> None:
    refuse_together({"--explain": True, "--diff": False, "--defects": False})
    with pytest.raises(BanwatchError, match="--explain, --diff and --defects exclude each other"):
        refuse_together({"--explain": True, "--diff": True, "--defects": False})
