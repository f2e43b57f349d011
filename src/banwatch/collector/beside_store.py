"""Files that a collector keeps beside its store: the private key and the inbox."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from banwatch.collector.inbox import FILE, JOURNAL, OPEN, inbox_path
from banwatch.collector.keys import Keys, key_path, load_keys
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


def load_keys_of_store(store: str, path: Path | None) -> Keys:
    """Read the collector's keys; make them where there are none and no file is named.

    Raises:
        BanwatchError: the file is no key, can be read by others, or cannot be written.
    """
    return load_keys(path or key_path(store, archive_path(store)), make=path is None)


def measure_inbox(store: str) -> InboxSize:
    """Count the files and bytes in a store's inbox."""
    folder = inbox_path(archive_path(store))
    sizes = [_size_of(p) for p in folder.glob("*") if p.suffix in (OPEN, JOURNAL, FILE)]
    return InboxSize(files=len(sizes), size_bytes=sum(sizes))


def _size_of(path: Path) -> int:
    with suppress(OSError):  # the ingest thread has brought it in meanwhile
        return path.stat().st_size
    return 0
