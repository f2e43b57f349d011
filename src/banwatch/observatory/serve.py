"""Service of a store: the explorer for readers, and the collector for probes."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from fastapi import FastAPI

from banwatch.alerts.feeds import add_feeds
from banwatch.alerts.stream import EventBoard, add_event_stream, board_of
from banwatch.collector import own
from banwatch.collector.beside_store import archive_path, load_keys_of_store
from banwatch.collector.collecting import CollectorSettings, collecting
from banwatch.collector.credential_routes import add_credentials
from banwatch.collector.owner import Owner
from banwatch.collector.receiver import Receiver
from banwatch.collector.routes import add_collector
from banwatch.collector.services.description import describe_collector
from banwatch.collector.services.older_services import add_older_services
from banwatch.collector.services.probe_services import TestHelpers, add_probe_services
from banwatch.explorer.decisions import add_decisions
from banwatch.explorer.serving import ServingSettings, serve
from banwatch.model.errors import BanwatchError
from banwatch.net.linux.capacity import usable_cores
from banwatch.observatory.alerting import alerting_tasks
from banwatch.observatory.health.facts import Health
from banwatch.observatory.health.routes import add_health
from banwatch.observatory.logs import remove_logs, set_up_logs
from banwatch.observatory.schedule.scheduler import Scheduler
from banwatch.observatory.schedule.state import TaskState, schedule_path
from banwatch.observatory.schedule.works import scheduled_tasks
from banwatch.observatory.settings.tables import Settings
from banwatch.probe.spool.collector_key import CollectorKey
from banwatch.store import Store
from banwatch.store.counting import overview


@contextmanager
def _exit_on_signals() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into an exit that runs every `finally`, so that nothing is left behind."""

    def end(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before: dict[int, Any] = {}
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_DFL:
            continue  # a handler is set already: under `nohup` the process outlives the terminal
        with suppress(ValueError):  # not in the main thread
            before[number] = signal.signal(number, end)
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        for changed, handler in before.items():
            signal.signal(changed, handler)


def serve_settings(
    settings: Settings, *, announce: Callable[[str], None], announce_key: Callable[[CollectorKey], None]
) -> None:
    """Serve what the settings say: the explorer, and the collector where it is enabled.

    Args:
        settings: of the observatory.
        announce: called with the address once it is listened on.
        announce_key: called with the collector's public key.

    Raises:
        BanwatchError: there is no store, or no port, it mixes labs with the real world, or (for a collector)
            another process owns the store.
    """
    store = settings.store
    if not settings.collector.enabled:
        Store.open(store, read_only=True).close()  # fails where there is no store; none is made
    refuse_mixed(store)
    if settings.collector.enabled:
        os.umask(0o077)  # files of what strangers measured are for the collector alone
    handler = set_up_logs(settings.log.format, settings.log.level)
    try:
        with _exit_on_signals(), own(store) as owner, ExitStack() as stack:
            running = _start(settings, owner, stack, announce_key)
            _serve(settings, running, announce)
    finally:
        remove_logs(handler)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    """Parts of an observatory that run beside its web server."""

    archive: Path
    receiver: Receiver | None
    board: EventBoard | None
    health: Health
    stopping: threading.Event


def _start(
    settings: Settings, owner: Owner | None, stack: ExitStack, announce_key: Callable[[CollectorKey], None]
) -> _Running:
    """Start collector, tasks and health; the stack ends them in turn.

    Raises:
        BanwatchError: another process owns the store, and there is work that needs it; or a channel cannot
            be opened.
    """
    archive = archive_path(settings.store)
    stopping = threading.Event()
    receiver = None
    if owner is None and _needs_owner(settings):
        Store.open(settings.store).close()  # raises an error that names the process that holds it
        raise BanwatchError(f"{settings.store} cannot be owned", "Run the same command again")
    if owner is not None and settings.collector.enabled:
        keys = load_keys_of_store(
            settings.store, _path(settings.collector.key), settings.collector.public_key
        )
        receiver = stack.enter_context(collecting(owner, keys, _collector_settings(settings)))
        announce_key(keys.public)
    board = None
    states: Callable[[], Mapping[str, TaskState]] = dict
    if owner is not None:
        tasks = list(scheduled_tasks(settings, owner))
        # on ClickHouse several processes may serve one store: only the one with rules sends
        if settings.alerts.rules or settings.digest.channels or not settings.store.startswith("clickhouse:/"):
            board = board_of(owner.store)
            tasks += alerting_tasks(settings, owner, board)
        scheduler = stack.enter_context(Scheduler(tasks, schedule_path(archive)))
        states = scheduler.states
        store = owner.store
    else:
        store = stack.enter_context(Store.open(settings.store, read_only=True))
    health = Health(
        store,
        settings.store,
        settings.alerts,
        receiver=receiver,
        states=states,
        is_stopping=stopping.is_set,
    )
    return _Running(archive=archive, receiver=receiver, board=board, health=health, stopping=stopping)


def _needs_owner(settings: Settings) -> bool:
    return bool(
        settings.collector.enabled
        or settings.ingest.sources
        or settings.alerts.rules
        or settings.digest.channels
    )


def _serve(settings: Settings, running: _Running, announce: Callable[[str], None]) -> None:
    table = settings.serve

    def extend(app: FastAPI) -> None:
        if running.receiver is not None:
            _add_routes(app, running.receiver, _helpers(settings), running.archive)
        else:
            add_decisions(app, running.archive)
        add_feeds(app, lambda request: request.app.state.reader)
        if running.board is not None:
            add_event_stream(app, running.board, running.stopping.is_set)
        add_health(app, running.health, metrics_for_all=table.metrics)

    serve(
        settings.store,
        table.host,
        table.port,
        announce=announce,
        extend=extend,
        certificate=_path(table.certificate),
        settings=ServingSettings(public_url=table.public_url, names=table.names, proxies=table.proxies),
        stopping=running.stopping,
    )


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def _collector_settings(settings: Settings) -> CollectorSettings:
    return CollectorSettings(
        per_minute=settings.collector.per_minute,
        max_waiting_bytes=settings.collector.max_waiting_mib << 20,
        jobs=usable_cores(),
    )


def _helpers(settings: Settings) -> TestHelpers:
    table = settings.collector
    return TestHelpers(web=table.helpers, tcp_echo=table.tcp_echo, headers=table.headers_helpers)


def refuse_mixed(store: str) -> None:
    """Refuse to show measurements of a lab and of the real world on the same pages.

    Raises:
        BanwatchError: the store has both.
    """
    if not store.startswith("clickhouse:/") and not Path(store).exists():
        return  # a collector begins with an empty store
    with Store.open(store, read_only=True) as opened:
        labs = overview.labs(opened)
    made = sorted(name for name in labs if name)
    if made and "" in labs:
        raise BanwatchError(
            f"{store} has {labs['']:,} real measurements beside those of the lab {made[0][:40]!r}",
            "Bring the lab's into a store of their own, and take them out here: `banwatch retract` with "
            "report:... or a window",
        )


def _add_routes(app: FastAPI, receiver: Receiver, helpers: TestHelpers, archive: Path) -> None:
    add_decisions(app, archive)
    add_collector(app, receiver)
    add_credentials(app, receiver)
    add_probe_services(app, receiver, helpers)
    add_older_services(app, receiver)
    describe_collector(app)
