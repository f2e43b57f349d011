"""Scheduled work: at its intervals, after failures later each time, across restarts, one beside the other."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from banwatch.model.errors import BanwatchError
from banwatch.observatory.schedule.scheduler import Scheduler, Task, next_due
from banwatch.observatory.schedule.state import TaskState, read_states

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _fail() -> str:
    raise BanwatchError("the disk is full", "Free some")


@pytest.mark.parametrize(
    ("every", "failures", "pause"),
    [
        (HOUR, 0, HOUR),
        (timedelta(days=1), 1, timedelta(minutes=1)),
        (timedelta(days=1), 3, timedelta(minutes=4)),
        (timedelta(days=1), 50, HOUR),
        (timedelta(minutes=5), 50, timedelta(minutes=5)),
        (timedelta(seconds=15), 1, timedelta(minutes=1)),
    ],
)
def test_when_a_task_is_due(every: timedelta, failures: int, pause: timedelta) -> None:
    task = Task(name="t", every=every, work=lambda: "")
    assert next_due(task, TaskState(failures=failures), NOW) == NOW + pause


def test_a_state_says_when_it_ran_when_it_is_due_and_how_it_failed(tmp_path: Path) -> None:
    task = Task(name="t", every=HOUR, work=_fail)
    scheduler = Scheduler([task], tmp_path / "s.schedule", lambda: NOW)
    state = scheduler.run_once(task)
    assert (state.last_began, state.last_failure, state.failures) == (NOW, NOW, 1)
    assert state.last_error == "the disk is full. Free some"
    assert state.next_due == NOW + timedelta(minutes=1)
    fine = Task(name="t", every=HOUR, work=lambda: "3 new")
    state = scheduler.run_once(fine)
    assert (state.last_success, state.failures, state.last_error, state.summary) == (NOW, 0, "", "3 new")
    assert state.last_failure == NOW, "that it failed once stays visible"
    assert read_states(tmp_path / "s.schedule") == {"t": state}


def test_a_bug_in_a_task_is_named_without_its_text(tmp_path: Path) -> None:
    def crash() -> str:
        raise RuntimeError("10.1.2.3 said something")

    task = Task(name="t", every=HOUR, work=crash)
    assert Scheduler([task], tmp_path / "s", lambda: NOW).run_once(task).last_error == "RuntimeError"


def test_one_that_fails_stops_no_other_and_a_restart_repeats_nothing(tmp_path: Path) -> None:
    ran = threading.Event()
    count = [0]

    def work() -> str:
        count[0] += 1
        ran.set()
        return ""

    tasks = [Task(name="bad", every=HOUR, work=_fail), Task(name="good", every=HOUR, work=work)]
    with Scheduler(tasks, tmp_path / "s"):
        assert ran.wait(30)
    with Scheduler(tasks, tmp_path / "s") as again:
        assert count == [1], "it is not due"
        assert again.states()["good"].next_due is not None
    ran.clear()
    with Scheduler(tasks, tmp_path / "s", lambda: datetime.now(UTC) + 2 * HOUR):
        assert ran.wait(30), "it is due two hours later"


def test_a_task_can_wait_for_its_first_run(tmp_path: Path) -> None:
    ran = threading.Event()
    waits = Task(name="waits", every=HOUR, first_after=HOUR, work=lambda: "x")

    def go() -> str:
        ran.set()
        return ""

    goes = Task(name="goes", every=HOUR, work=go)
    with Scheduler([waits, goes], tmp_path / "s") as scheduler:
        assert ran.wait(30)
        assert scheduler.states()["waits"] == TaskState()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"t": 1}', b"\xff"])
def test_a_broken_file_of_states_is_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s").write_bytes(content)
    assert read_states(tmp_path / "s") == {}
