"""Files that a collector keeps beside its store: the private key and the inbox."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from banwatch.collector.inbox import FILE, JOURNAL, OPEN, inbox_path
from banwatch.collector.keys import Keys, Rotation, key_path, load_keys, public_keys, rotate_key
from banwatch.probe.spool.collector_key import parse_collector_key
from banwatch.store.engines.clickhouse_http import parse_address


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxSize:
    """Amount that was taken and is not in the store yet."""

    files: int
    size_bytes: int


def archive_path(store: str) -> Path:
    """Name the folder of a store's raw lines; its other files lie beside it."""
    if store.startswith("clickhouse:/"):
        return Path(parse_address(store).archive)
    return Path(store + ".archive")


def load_keys_of_store(store: str, path: Path | None, public_key: str = "") -> Keys:
    """Read the collector's keys; make them where there are none and no file is named.

    Args:
        store: path of the database.
        path: of the private key; None is the file beside the store.
        public_key: where the private key is on another machine.

    Raises:
        BanwatchError: the file is no key, can be read by others, or cannot be written.
    """
    named = path or key_path(store, archive_path(store))
    if public_key:
        return public_keys(parse_collector_key(public_key), named)
    return load_keys(named, make=path is None, today=datetime.now(UTC).date())


def rotate_key_of_store(store: str, path: Path | None) -> Rotation:
    """Make a new key for a collector; the old one signs it, and opens for some time more.

    Raises:
        BanwatchError: there is no key, or it cannot be written.
    """
    return rotate_key(path or key_path(store, archive_path(store)), datetime.now(UTC).date())


def measure_inbox(store: str) -> InboxSize:
    """Count the files and bytes in a store's inbox."""
    folder = inbox_path(archive_path(store))
    sizes = [_size_of(p) for p in folder.glob("*") if p.suffix in (OPEN, JOURNAL, FILE)]
    return InboxSize(files=len(sizes), size_bytes=sum(sizes))


def _size_of(path: Path) -> int:
    with suppress(OSError):  # the ingest thread has brought it in meanwhile
        return path.stat().st_size
    return 0
