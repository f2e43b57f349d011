"""Paths that Banwatch writes to: a store with all that lies beside it, and a person's own files."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from banwatch.probe.consent import default_path
from banwatch.reference.snapshots import default_data_dir

_BESIDE_STORE = {
    "": "database: everything that was concluded",
    ".wal": "database: the last changes",
    ".archive": "archive: measurements as they came",
    ".inbox": "inbox: measurements that are not brought in yet",
    ".reports.jsonl": "readers' reports",
    ".tokens.jsonl": "tokens of the API, hashed",
    ".voices.json": "pseudonyms of probes, hashed with a key",
    ".incidents.jsonl": "log of what was announced, for feeds",
    ".owner": "socket of the process that has the store open",
    ".lock": "lock of the store",
}
"""Files beside a store, by what is added to its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenPath:
    """A path that Banwatch writes to."""

    path: Path
    holds: str
    size_bytes: int | None
    """Bytes on the disk, with everything in a folder; None where it is not there."""


def written_paths(store: str, environment: Mapping[str, str]) -> list[WrittenPath]:
    """List the paths of a store, and those of a person.

    Args:
        store: the database file; of a server's address only the person's own paths are listed.
        environment: variables, of which some name folders.
    """
    found = [] if store.startswith("clickhouse:/") else _of_store(Path(store))
    found.append(_row(default_path(), "consent to measure: the day, nothing else"))
    found.append(_row(default_data_dir(), "reference data that was imported"))
    for name, holds in (
        ("BANWATCH_SPOOL", "spool: sealed measurements that are not delivered"),
        ("BANWATCH_BANS", "bans of your own"),
        ("BANWATCH_CONFIG", "settings file"),
    ):
        if environment.get(name):
            found.append(_row(Path(environment[name]), holds))
    return found


def _of_store(store: Path) -> list[WrittenPath]:
    present = sorted(store.parent.glob(f"{store.name}*")) if store.parent.is_dir() else []
    return [
        _row(path, _BESIDE_STORE.get(path.name.removeprefix(store.name), "further file of the store"))
        for path in present
    ] or [_row(store, _BESIDE_STORE[""])]


def _row(path: Path, holds: str) -> WrittenPath:
    return WrittenPath(path=path, holds=holds, size_bytes=_size_of(path))


def _size_of(path: Path) -> int | None:
    try:
        if not path.is_dir():
            return path.stat().st_size
        files = (Path(folder) / name for folder, _, names in os.walk(path) for name in names)
        return sum(file.lstat().st_size for file in files)
    except OSError:
        return None
