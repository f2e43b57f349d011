"""Metrics as Prometheus reads them; no label holds anything that a stranger chose.

Labels are names of routes, tasks and channels, and closed sets of states: all of them the operator's or ours.
"""

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from banwatch import __version__
from banwatch.observatory.health.facts import Health

_HOLDER = "banwatch.answered"
"""Key of the scope under which the innermost middleware tells the outermost one about the route."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


def _gauge(
    name: str, text: str, value: float | None = None, labels: tuple[str, ...] = ()
) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"banwatch_{name}", text, value, labels or None)


class Metrics:
    """Counts of answers, and the facts of an observatory."""

    def __init__(self, health: Health) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self.answers = Counter(
            "banwatch_http_answers",
            "Answers, by route as it is declared, method and class of status.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self.durations = Histogram(
            "banwatch_http_seconds",
            "Time from a request to the end of its answer.",
            ("route",),
            buckets=_BUCKETS_S,
            registry=self.registry,
        )
        self.registry.register(_FactCollector(health))

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return bytes(generate_latest(self.registry))


class CountAnswers:
    """ASGI middleware that counts answers and their time."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0
        holder: dict[str, str] = {}
        scope = {**scope, _HOLDER: holder}

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            route = holder.get("route", "none")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.answers.labels(route, method, f"{status // 100}xx" if status else "none").inc()
            self._metrics.durations.labels(route).observe(time.perf_counter() - began)


class NoteRoute:
    """ASGI middleware within the others that tells the outermost one which route answered.

    Middleware in between hands copies of the scope on, so that what the router notes does not come back.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        finally:
            route = scope.get("route")
            holder = scope.get(_HOLDER)
            if holder is not None and route is not None:
                holder["route"] = route.path  # as it was declared, never as it was asked for


class _FactCollector(Collector):
    """Facts as gauges and counters, read when Prometheus asks."""

    def __init__(self, health: Health) -> None:
        self._health = health

    def describe(self) -> Iterator[GaugeMetricFamily]:
        return iter(())  # asked when it registers: nothing is read then

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        yield from self._of_process()
        yield from self._of_store()
        yield from self._of_collector()
        yield from self._of_tasks()
        yield from self._of_alerts()

    def _of_process(self) -> Iterator[GaugeMetricFamily]:
        version = _gauge("info", "Version that runs.", labels=("version",))
        version.add_metric((__version__,), 1)
        yield version
        yield _gauge("started_seconds", "Start of the process.", self._health.started_at)
        ready = GaugeMetricFamily(
            "banwatch_check_ok", "Whether a check of /readyz is fine.", labels=("check",)
        )
        for name, said in self._health.checks().items():
            ready.add_metric((name,), float(said == "ok"))
        yield ready

    def _of_store(self) -> Iterator[GaugeMetricFamily]:
        facts = self._health.facts()
        yield _gauge("measurements", "Measurements in the store.", facts.measurements)
        yield _gauge("database_bytes", "Size of the database file.", facts.database_bytes)
        yield GaugeMetricFamily(
            "banwatch_archive_bytes", "Size of the archive of raw lines.", facts.archive_bytes
        )
        yield GaugeMetricFamily(
            "banwatch_disk_free_bytes", "Room left on the store's disk.", facts.free_bytes
        )
        incidents = _gauge("incidents", "Incidents.", labels=("belief",))
        incidents.add_metric(("believed",), facts.incidents - facts.unconfirmed)
        incidents.add_metric(("unconfirmed",), facts.unconfirmed)
        yield incidents
        if facts.newest is not None:
            lag = max(0.0, time.time() - facts.newest.timestamp())
            yield _gauge("lag_seconds", "Age of the latest measurement.", lag)
        if (detected_at := self._health.detected_at()) is not None:
            age = max(0.0, time.time() - detected_at)
            yield _gauge("detection_age_seconds", "Time since the last detection.", age)

    def _of_collector(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        receiver = self._health.receiver
        if receiver is None:
            return
        counts = receiver.ingest_thread.counts
        submissions = CounterMetricFamily(
            "banwatch_submissions", "Submissions since the start, by what became of them.", labels=("fate",)
        )
        for fate in ("received", "refused", "new", "duplicates", "quarantined"):
            submissions.add_metric((fate,), getattr(counts, fate))
        yield submissions
        waiting = receiver.inbox.waiting_bytes
        yield _gauge("queue_bytes", "Bytes that wait to be brought in.", waiting)
        files = self._health.facts().waiting_files
        yield _gauge("queue_files", "Files that wait to be brought in.", files)

    def _of_tasks(self) -> Iterator[GaugeMetricFamily]:
        success = GaugeMetricFamily(
            "banwatch_task_success_seconds", "Time of a task's last success.", labels=("task",)
        )
        due = _gauge("task_due_seconds", "Time of a task's next run.", labels=("task",))
        failures = GaugeMetricFamily(
            "banwatch_task_failures", "Failures of a task since its last success.", labels=("task",)
        )
        took = _gauge("task_took_seconds", "Time of a task's last run.", labels=("task",))
        for name, state in self._health.states().items():
            if state.last_success is not None:
                success.add_metric((name,), state.last_success.timestamp())
            if state.next_due is not None:
                due.add_metric((name,), state.next_due.timestamp())
            failures.add_metric((name,), state.failures)
            took.add_metric((name,), state.took_s)
        yield from (success, due, failures, took)

    def _of_alerts(self) -> Iterator[GaugeMetricFamily]:
        facts = self._health.facts()
        sent = GaugeMetricFamily(
            "banwatch_alert_deliveries", "Rows of the log of messages.", labels=("channel", "state")
        )
        for (channel, state), count in sorted(facts.deliveries.items()):
            sent.add_metric((channel, state), count)
        yield sent
        silent = GaugeMetricFamily(
            "banwatch_alert_channels_silent", "Channels that have failed for too long."
        )
        silent.add_metric((), len(facts.silent))
        yield silent
