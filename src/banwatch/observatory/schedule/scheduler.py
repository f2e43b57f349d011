"""Scheduler: runs tasks at their intervals, each in a thread of its own."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from banwatch.model.errors import BanwatchError
from banwatch.observatory.schedule.state import TaskState, read_states, write_states

_log = logging.getLogger(__name__)
FIRST_BACKOFF = timedelta(minutes=1)
"""Pause after a first failure; it doubles with each further one."""
LONGEST_BACKOFF = timedelta(hours=1)
_END_S = 10.0
"""Time that running tasks get when the observatory stops; what they had begun is rolled back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Work with an interval."""

    name: str
    every: timedelta
    work: Callable[[], str]
    """Does it, and says in a few words what was done."""
    first_after: timedelta = timedelta(0)
    """Time from the first start of all to the first run."""
    at_once: bool = False
    """Whether it runs at each start, whenever it ran last."""


def next_due(task: Task, state: TaskState, now: datetime) -> datetime:
    """Return the next time of a task: after a failure soon, and later each time."""
    if not state.failures:
        return now + task.every
    pause = min(FIRST_BACKOFF * (1 << min(state.failures - 1, 10)), LONGEST_BACKOFF)
    return now + (pause if pause < task.every or task.every < FIRST_BACKOFF else task.every)


class Scheduler:
    """Runs tasks while its block lasts.

    Args:
        tasks: with different names.
        path: of the file with their states.
        now: time of day.
    """

    def __init__(
        self, tasks: Sequence[Task], path: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._tasks = tasks
        self._path = path
        self._now = now
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._started_at = now()
        self._ran: set[str] = set()
        self._wakes = {task.name: threading.Event() for task in tasks}
        kept = read_states(path)
        self._states = {
            task.name: msgspec.structs.replace(kept.get(task.name, TaskState()), running=False)
            for task in tasks
        }
        self._threads = [
            threading.Thread(target=self._run, args=(task,), name=task.name, daemon=True) for task in tasks
        ]

    def __enter__(self) -> "Scheduler":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for wake in self._wakes.values():
            wake.set()
        until = time.monotonic() + _END_S
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def states(self) -> dict[str, TaskState]:
        """Return the state of each task."""
        with self._lock:
            return dict(self._states)

    def wake(self, name: str) -> None:
        """Let a task run now; nothing happens where there is none of that name."""
        if name in self._wakes:
            self._wakes[name].set()

    def run_once(self, task: Task) -> TaskState:
        """Run a task now, and return its state."""
        began = self._now()
        self._ran.add(task.name)
        clock = time.monotonic()
        self._set(task, msgspec.structs.replace(self._states[task.name], last_began=began, running=True))
        try:
            summary = task.work()
        except Exception as error:
            said = str(error) if isinstance(error, BanwatchError) else type(error).__name__
            state = msgspec.structs.replace(
                self._states[task.name],
                last_failure=self._now(),
                last_error=said[:500],
                failures=self._states[task.name].failures + 1,
            )
            _log.error("scheduled work failed: %s: %s", task.name, said[:500])
        else:
            state = msgspec.structs.replace(
                self._states[task.name],
                last_success=self._now(),
                last_error="",
                failures=0,
                summary=summary[:500],
            )
            if summary:
                _log.info("scheduled work done: %s: %s", task.name, summary)
        state = msgspec.structs.replace(
            state,
            took_s=round(time.monotonic() - clock, 3),
            next_due=next_due(task, state, self._now()),
            running=False,
        )
        self._set(task, state)
        return state

    def _run(self, task: Task) -> None:
        while not self._ended.is_set():
            wait_s = self._wait_s(task)
            if wait_s > 0:
                self._wakes[task.name].wait(wait_s)
            if self._ended.is_set():
                return
            if self._wakes[task.name].is_set() or self._wait_s(task) <= 0:
                self._wakes[task.name].clear()
                self.run_once(task)

    def _wait_s(self, task: Task) -> float:
        state = self._states[task.name]
        due = state.next_due or self._started_at + task.first_after
        if task.at_once and task.name not in self._ran:
            return 0.0
        most = task.every + LONGEST_BACKOFF  # where the clock was set back
        return min((due - self._now()).total_seconds(), most.total_seconds())

    def _set(self, task: Task, state: TaskState) -> None:
        with self._lock:
            self._states[task.name] = state
            with suppress(OSError):  # a full disk stops no task
                write_states(self._path, self._states)
