"""What `banwatch serve` and `banwatch collector` do."""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from banwatch.collector import own
from banwatch.collector.collecting import CollectorSettings, collecting
from banwatch.collector.inbox import FILE, JOURNAL, OPEN, inbox_path
from banwatch.collector.keys import Keys, key_path, load_keys
from banwatch.collector.probe_services import add_probe_services
from banwatch.collector.receiving import Receiver, add_collector
from banwatch.explorer.serving import serve
from banwatch.model.errors import BanwatchError
from banwatch.store import Store
from banwatch.store.engines.clickhouse import parse_address


def archive_of(store: str) -> Path:
    """Where a store keeps its raw lines: other things of its lie beside."""
    if store.startswith("clickhouse:/"):
        return Path(parse_address(store).archive)
    return Path(store + ".archive")


def keys_of(store: str, path: Path | None) -> Keys:
    """Read the collector's keys; made where there are none and no file was named."""
    return load_keys(path or key_path(store, archive_of(store)), make=path is None)


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Let the end that is asked for by a signal go through every `finally`: nothing is left behind."""

    def end(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before: dict[int, Any] = {}
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_DFL:
            continue  # somebody wants it otherwise: under `nohup` it outlives the terminal
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
    collector: CollectorSettings | None,
    key: Path | None,
    helpers: Sequence[str],
    certificate: Path | None,
) -> None:
    """Serve the explorer, and the collector where there are settings for one.

    Raises:
        BanwatchError: there is no store, or no port, or (for a collector) another process owns the store.
    """

    def announce(address: str) -> None:
        print(f"Banwatch is at {address} (Ctrl-C ends it)", file=sys.stderr, flush=True)

    if collector is None:
        Store.open(store, read_only=True).close()  # nothing is made where there is nothing to show
    with _ending_in_order(), own(store) as owner:
        if collector is None:
            serve(store, host, port, announce=announce, certificate=certificate)
            return
        if owner is None:
            Store.open(store).close()  # says who holds it, or what is wrong
            raise BanwatchError(f"{store} cannot be owned", "Run the same command again")
        keys = keys_of(store, key)
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        with collecting(owner, keys, replace(collector, jobs=cores)) as receiver:
            print(f"It collects; probes need --collector-key {keys.published}", file=sys.stderr, flush=True)
            serve(
                store,
                host,
                port,
                announce=announce,
                extend=lambda app: _extend(app, receiver, helpers),
                certificate=certificate,
            )


def _extend(app: Any, receiver: Receiver, helpers: Sequence[str]) -> None:
    add_collector(app, receiver)
    add_probe_services(app, receiver, helpers)


def waiting_in(store: str) -> tuple[int, int]:
    """Count what waits in a store's inbox: files and bytes."""
    folder = inbox_path(archive_of(store))
    sizes = [_size_of(p) for p in folder.glob("*") if p.suffix in (OPEN, JOURNAL, FILE)]
    return len(sizes), sum(sizes)


def _size_of(path: Path) -> int:
    with suppress(OSError):  # brought in meanwhile
        return path.stat().st_size
    return 0
