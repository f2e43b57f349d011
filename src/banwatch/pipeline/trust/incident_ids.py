"""Ids of incidents beside the archive: a store whose database was lost gives each incident its id again.

Wire: `<database>.incidents.jsonl`, one id a line with the incident as it was first published; append-only.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from banwatch.model.errors import BanwatchError
from banwatch.store.bookkeeping import PublishedIncident


def incident_ids_path(archive: Path) -> Path:
    """Return the path of a store's ids of incidents, beside its archive."""
    return archive.with_name(archive.name.removesuffix(".archive") + ".incidents.jsonl")


def read_incident_ids(path: Path) -> dict[str, PublishedIncident]:
    """Read every id that was given; a line that was cut short is passed over.

    Raises:
        BanwatchError: the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BanwatchError(f"{path} cannot be read: {error.strerror}", "Check its rights") from error
    found: dict[str, PublishedIncident] = {}
    for line in data.splitlines():
        try:
            row = msgspec.json.decode(line, type=PublishedIncident)
        except msgspec.DecodeError:
            continue
        found.setdefault(row.incident_id, row)
    return found


def add_incident_ids(path: Path, rows: Iterable[PublishedIncident]) -> None:
    """Add ids that are not in the file yet.

    Raises:
        BanwatchError: the file cannot be written.
    """
    before = read_incident_ids(path)
    new = [row for row in rows if row.incident_id not in before]
    if not new:
        return
    try:
        with path.open("ab") as file:
            # a line that a crash cut short ends here
            file.write(b"\n" + b"\n".join(msgspec.json.encode(row) for row in new) + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise BanwatchError(
            f"{path} cannot be written: {error.strerror}", "Make room, then try again"
        ) from error
