"""How a play is divided, and what its conductor refuses."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banwatch.lab.play import play
from banwatch.lab.play.part import divide, probe_of_round, rounds_between
from banwatch.model.errors import BanwatchError

START = datetime(2016, 3, 27, tzinfo=UTC)


def test_rounds_begin_at_the_start_and_end_before_the_end():
    rounds = rounds_between(START, START + timedelta(days=14, hours=6), timedelta(hours=6))
    assert len(rounds) == 57
    assert (rounds[0], rounds[-1]) == (START, datetime(2016, 4, 10, tzinfo=UTC))
    assert rounds_between(START, START, timedelta(hours=6)) == ()
    assert len(rounds_between(START, START + timedelta(hours=7), timedelta(hours=6))) == 2
    with pytest.raises(ValueError, match="more than nothing"):
        rounds_between(START, START, timedelta(0))


@given(st.integers(0, 60), st.integers(1, 20))
def test_division_keeps_every_round_once_and_in_order(count: int, pieces: int):
    rounds = [START + timedelta(hours=i) for i in range(count)]
    runs = divide(rounds, pieces)
    assert [at for run in runs for at in run] == rounds
    assert len(runs) == min(pieces, count)
    assert not runs or max(map(len, runs)) - min(map(len, runs)) <= 1


def test_probes_take_turns_and_none_has_an_hour_of_its_own():
    days = [[probe_of_round("visitor", day * 4 + hour) for hour in range(4)] for day in range(4)]
    assert all(len(set(day)) == 4 for day in days)
    assert all(len({day[hour] for day in days}) == 4 for hour in range(4))


def test_what_cannot_be_played_is_said_before_anything_starts(tmp_path: Path):
    with pytest.raises(BanwatchError, match=r"no tier 'tourist'.*official, visitor, citizen"):
        play("dprk-2016", out_dir=tmp_path / "a", tiers=["tourist"])
    with pytest.raises(BanwatchError, match="no timeline"):
        play("open", out_dir=tmp_path / "a")
    with pytest.raises(BanwatchError, match="no round"):
        play("dprk-2016", out_dir=tmp_path / "a", end=START)
    with pytest.raises(BanwatchError, match="nothing to measure"):
        play("dprk-2016", out_dir=tmp_path / "a", inputs=[])
    (tmp_path / "file").touch()
    with pytest.raises(BanwatchError, match="cannot be made"):
        play("dprk-2016", out_dir=tmp_path / "file")
    assert not (tmp_path / "a").exists()
