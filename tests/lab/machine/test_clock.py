"""One time for every process of a lab."""

import os
import pickle
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from banwatch.lab.machine.clock import LabClock

SPRING = datetime(2016, 4, 1, tzinfo=UTC)


def test_lab_time_runs_on_from_where_it_was_set(tmp_path: Path) -> None:
    clock = LabClock(SPRING, path=tmp_path / "clock")
    shared = pickle.loads(pickle.dumps(clock))
    assert timedelta(0) <= shared.now() - SPRING < timedelta(seconds=5)
    shared.set(SPRING + timedelta(days=3))
    assert clock.now().date().day == 4
    assert clock.now().tzinfo is UTC
    first = clock.now_s()
    time.sleep(0.02)
    assert 0.02 <= clock.now_s() - first < 5


def test_a_scale_makes_days_of_minutes() -> None:
    clock = LabClock(SPRING, scale=86_400.0)
    time.sleep(0.02)
    assert clock.now() - SPRING > timedelta(minutes=28)
    assert clock.scale == 86_400.0


def test_a_forked_child_sets_it_for_everybody() -> None:
    clock = LabClock(SPRING)
    pid = os.fork()
    if pid == 0:
        clock.set(SPRING + timedelta(days=9))
        os._exit(0)
    os.waitpid(pid, 0)
    assert clock.now().day == 10
    with pytest.raises(TypeError, match="path"):
        pickle.dumps(clock)


def test_times_without_zone_and_standing_clocks_are_refused() -> None:
    clock = LabClock(SPRING)
    with pytest.raises(ValueError, match="no time zone"):
        clock.set(datetime(2016, 4, 1))  # noqa: DTZ001 # what must be refused
    with pytest.raises(ValueError, match="scale"):
        clock.set(SPRING, scale=0)
