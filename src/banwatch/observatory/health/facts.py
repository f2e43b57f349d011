"""Facts about a running observatory, read at most every few seconds however often they are asked for."""

import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from banwatch.alerts.occasion import silent_channels
from banwatch.alerts.settings import AlertSettings
from banwatch.collector.receiver import Receiver
from banwatch.model.delivery import Delivery
from banwatch.model.errors import BanwatchError
from banwatch.observatory.schedule.state import TaskState
from banwatch.store import Store, queries
from banwatch.store.counting.overview import count_all

_FRESH_S = 10.0
"""Age up to which facts are given again."""
_LEAST_FREE_BYTES = 256 << 20
"""Room on the disk below which the observatory is not ready: an ingest needs some of it at once."""
_MOST_FAILURES = 3
"""Failures in a row after which a task counts as broken: one or two mend themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Facts of one moment."""

    at: float
    measurements: int = 0
    newest: datetime | None = None
    """Start of the latest measurement."""
    incidents: int = 0
    unconfirmed: int = 0
    database_bytes: int = 0
    archive_bytes: int = 0
    free_bytes: int = 0
    waiting_files: int = 0
    deliveries: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Messages by channel and state."""
    silent: tuple[str, ...] = ()
    """Channels that have failed for too long."""
    problem: str = ""
    """Why the store did not answer; empty where it did."""


class Health:
    """Asks store, inbox and tasks how they are.

    Args:
        store: that is served.
        path: of its database, as it was given.
        alerts: channels of the settings.
        receiver: of measurements; None where none are received.
        states: returns the state of each task.
        is_stopping: whether the observatory was asked to end.
    """

    def __init__(
        self,
        store: Store,
        path: str,
        alerts: AlertSettings,
        *,
        receiver: Receiver | None,
        states: Callable[[], Mapping[str, TaskState]],
        is_stopping: Callable[[], bool],
    ) -> None:
        self._store = store
        self._path = path
        self._alerts = alerts
        self._states = states
        self._is_stopping = is_stopping
        self._lock = threading.Lock()
        self._facts: Facts | None = None
        self.receiver = receiver
        self.started_at = time.time()

    def states(self) -> Mapping[str, TaskState]:
        """Return the state of each task."""
        return self._states()

    def detected_at(self) -> float | None:
        """Return the time of the last detection of this process, or of the last scheduled one."""
        state = self._states().get("detect")
        found = state.last_success.timestamp() if state and state.last_success else None
        own = self.receiver.ingest_thread.detected_at if self.receiver else None
        return max((at for at in (found, own) if at is not None), default=None)

    def facts(self) -> Facts:
        """Return facts that are at most some seconds old."""
        with self._lock:
            if self._facts is None or time.monotonic() - self._facts.at > _FRESH_S:
                self._facts = self._read()
            return self._facts

    def checks(self) -> dict[str, str]:
        """Return each check by name: `ok`, or what is wrong."""
        found = {"store": "ok", "disk": "ok", "inbox": "ok", "tasks": "ok", "alerts": "ok", "stopping": "ok"}
        facts = self.facts()
        if facts.problem:
            found["store"] = facts.problem
        if facts.free_bytes and facts.free_bytes < _LEAST_FREE_BYTES:
            found["disk"] = "full"
        if self.receiver is not None and self.receiver.inbox.is_full:
            found["inbox"] = "full"
        broken = [name for name, state in self._states().items() if state.failures >= _MOST_FAILURES]
        if broken:
            found["tasks"] = f"failing: {', '.join(broken)}"
        if facts.silent:
            found["alerts"] = f"silent: {', '.join(facts.silent)}"
        if self._is_stopping():
            found["stopping"] = "it is ending"
        return found

    def is_ready(self) -> bool:
        """Whether requests and submissions can be answered; a failing task does not matter."""
        checks = self.checks()
        return all(checks[name] == "ok" for name in ("store", "disk", "inbox", "stopping"))

    def _read(self) -> Facts:
        at = time.monotonic()
        try:
            count = count_all(self._store)
            incidents = queries.incidents(self._store)
            log = self._store.rows(Delivery)
        except (BanwatchError, OSError) as error:
            return Facts(at=at, problem=f"does not answer: {type(error).__name__}")
        deliveries: Counter[tuple[str, str]] = Counter((row.channel, str(row.state)) for row in log)
        archive = Path(self._store.archive.folder)
        return Facts(
            at=at,
            measurements=count.measurements,
            newest=count.newest,
            incidents=len(incidents),
            unconfirmed=sum(one.unconfirmed for one in incidents),
            database_bytes=_size(Path(self._path)),
            archive_bytes=count.archive_bytes,
            free_bytes=_free(archive.parent),
            waiting_files=len(self.receiver.inbox.waiting()) if self.receiver else 0,
            deliveries=dict(deliveries),
            silent=tuple(silent_channels(self._alerts, log, datetime.now(UTC))),
        )


def _size(path: Path) -> int:
    with suppress(OSError):
        return os.stat(path).st_size
    return 0


def _free(folder: Path) -> int:
    with suppress(OSError):
        return shutil.disk_usage(folder).free
    return 0
