"""Service of a store: the explorer for readers, and the collector for probes."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from banwatch.collector import own
from banwatch.collector.beside_store import archive_path, load_keys_of_store
from banwatch.collector.collecting import CollectorSettings, collecting
from banwatch.collector.credential_routes import add_credentials
from banwatch.collector.receiver import Receiver
from banwatch.collector.routes import add_collector
from banwatch.collector.services.older_services import add_older_services
from banwatch.collector.services.probe_services import TestHelpers, add_probe_services
from banwatch.explorer.decisions import add_decisions
from banwatch.explorer.serving import ServingSettings, serve
from banwatch.model.errors import BanwatchError
from banwatch.net.linux.capacity import usable_cores
from banwatch.store import Store, queries


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


def serve_store(
    store: str,
    host: str,
    port: int | None,
    *,
    collector: CollectorSettings | None = None,
    key: Path | None = None,
    helpers: TestHelpers | None = None,
    certificate: Path | None = None,
    settings: ServingSettings | None = None,
    announce: Callable[[str], None],
    announce_key: Callable[[str], None],
) -> None:
    """Serve the explorer, and the collector where there are settings for one.

    Args:
        store: a file, or `clickhouse://user@host/name`.
        host: address to listen on.
        port: port to listen on; None is the first free one.
        collector: settings of the collector; None serves the explorer alone.
        key: file of the collector's private key; None is the file beside the store, made where there is none.
        helpers: addresses of helpers that OONI's probes are given.
        certificate: PEM file with certificate and key, to speak TLS.
        settings: names of the site, and the proxies before it.
        announce: called with the address once it is listened on.
        announce_key: called with the collector's public key.

    Raises:
        BanwatchError: there is no store, or no port, it mixes labs with the real world, or (for a collector)
            another process owns the store.
    """
    site = settings or ServingSettings()
    if collector is None:
        Store.open(store, read_only=True).close()  # fails where there is no store; none is made
    refuse_mixed(store)
    archive = archive_path(store)
    with _exit_on_signals(), own(store) as owner:
        if collector is None:
            serve(
                store,
                host,
                port,
                announce=announce,
                extend=lambda app: add_decisions(app, archive),
                certificate=certificate,
                settings=site,
            )
            return
        if owner is None:
            Store.open(store).close()  # raises an error that names the process that holds it
            raise BanwatchError(f"{store} cannot be owned", "Run the same command again")
        keys = load_keys_of_store(store, key)
        with collecting(owner, keys, replace(collector, jobs=usable_cores())) as receiver:
            announce_key(keys.published)
            serve(
                store,
                host,
                port,
                announce=announce,
                extend=lambda app: _add_routes(app, receiver, helpers or TestHelpers(), archive),
                certificate=certificate,
                settings=site,
            )


def refuse_mixed(store: str) -> None:
    """Refuse to show measurements of a lab and of the real world on the same pages.

    Raises:
        BanwatchError: the store has both.
    """
    if not store.startswith("clickhouse:/") and not Path(store).exists():
        return  # a collector begins with an empty store
    with Store.open(store, read_only=True) as opened:
        labs = queries.labs(opened)
    made = sorted(name for name in labs if name)
    if made and "" in labs:
        raise BanwatchError(
            f"{store} has {labs['']:,} real measurements beside those of the lab {made[0][:40]!r}",
            "Bring the lab's into a store of their own, and take them out here: `banwatch retract` with "
            "report:... or a window",
        )


def _add_routes(app: Any, receiver: Receiver, helpers: TestHelpers, archive: Path) -> None:
    add_decisions(app, archive)
    add_collector(app, receiver)
    add_credentials(app, receiver)
    add_probe_services(app, receiver, helpers)
    add_older_services(app, receiver)
