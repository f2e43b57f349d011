"""Cold store: a folder elsewhere to which the segments of old measurements are moved; their rows stay.

A segment is copied, read back and compared with its name before the archive's copy is deleted, and the other
way round. So a move that is stopped leaves it in one place or in both. Wire: `cold` in the archive holds the
path of the folder, in which segments lie as in the archive.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from banwatch.model.errors import BanwatchError
from banwatch.model.progress import Progress
from banwatch.store.archive import COLD, sync_directory
from banwatch.store.store import Store


@dataclass(frozen=True, slots=True)
class MoveReport:
    """Counts of what was moved."""

    segments: int
    size_bytes: int
    cold: str
    """Path of the cold store."""


def freeze(
    store: Store, folder: Path, before: datetime, progress: Progress = lambda done, total: None
) -> MoveReport:
    """Move the segments of which every measurement started before a time to the cold store.

    Args:
        store: open for writing, so that nobody else moves segments.
        folder: the cold store; one that is in use stays the only one.
        before: the time.
        progress: called with the number of segments done, and of all.

    Raises:
        BanwatchError: there is another cold store, or there is no room.
    """
    archive = store.archive
    folder = folder.absolute()
    earlier = archive.cold_folder()
    if earlier is not None and earlier != folder:
        raise BanwatchError(
            f"the cold store of this archive is {earlier}", "Name that folder, or `archive thaw` it first"
        )
    if folder == archive.folder.absolute() or archive.folder.absolute() in folder.parents:
        raise BanwatchError(f"{folder} is in the archive itself", "Choose a folder on another disk")
    _prepare(archive.folder / COLD, folder)
    names = [name for name in _old_segments(store, before) if archive.is_at_hand(name)]
    moved = 0
    for done, name in enumerate(names):
        moved += _move(name, archive.hot_path(name), archive.cold_path(name, folder))
        archive.forget(name)
        progress(done + 1, len(names))
    return MoveReport(len(names), moved, str(folder))


def thaw(store: Store, progress: Progress = lambda done, total: None) -> MoveReport:
    """Bring all segments back from the cold store.

    Raises:
        BanwatchError: there is no cold store, it is not there, or there is no room.
    """
    archive = store.archive
    folder = archive.cold_folder()
    if folder is None:
        raise BanwatchError("this archive has no cold store", "Nothing was moved")
    if not folder.is_dir():
        raise BanwatchError(f"the cold store {folder} is not there", "Mount it, then run this again")
    names = [s.segment for s in store.segments() if archive.cold_path(s.segment, folder).exists()]
    moved = 0
    for done, name in enumerate(names):
        moved += _move(name, archive.cold_path(name, folder), archive.hot_path(name))
        archive.forget(name)
        progress(done + 1, len(names))
    (archive.folder / COLD).unlink()
    sync_directory(archive.folder)
    return MoveReport(len(names), moved, str(folder))


def _old_segments(store: Store, before: datetime) -> Iterator[str]:
    """Yield the segments of which every measurement started before a time, in the order of commits."""
    entries = store.table("entry")
    starts = store.table("measurement").select("measurement_uid", at="measurement_start_time")
    joined = entries.select("measurement_uid", "segment").inner_join(starts, "measurement_uid")
    rows = store.to_arrow(joined.group_by("segment").agg(last=joined["at"].max()))
    last = dict(zip(*(rows.column(name).to_pylist() for name in ("segment", "last")), strict=True))
    limit = before.replace(tzinfo=None)
    for segment in sorted(store.segments(), key=lambda one: one.ordinal):
        at = last.get(segment.segment)
        if at is not None and at.replace(tzinfo=None) < limit:
            yield segment.segment


def _prepare(note: Path, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = note.with_suffix(".part")
        with open(unfinished, "w", encoding="utf-8") as file:
            file.write(str(folder))
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, note)
        sync_directory(note.parent)
    except OSError as error:
        raise _trouble(folder, error) from error


def _move(name: str, source: Path, to: Path) -> int:
    """Copy a segment, compare the copy with its name, then delete the source; return its size.

    Raises:
        BanwatchError: the segment is damaged, or there is no room.
    """
    unfinished = to.with_name(f".{name}.{os.getpid()}.part")
    try:
        data = source.read_bytes()
        if hashlib.sha256(data).hexdigest() != name:
            raise BanwatchError(
                f"segment {name} in {source.parent} is damaged", "Look with `banwatch archive check`"
            )
        to.parent.mkdir(parents=True, exist_ok=True)
        with open(unfinished, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if hashlib.sha256(unfinished.read_bytes()).hexdigest() != name:
            raise BanwatchError(f"{to.parent} gives back other bytes than were written", "Check that disk")
        os.replace(unfinished, to)
        sync_directory(to.parent)
        source.unlink()
    except OSError as error:
        raise _trouble(to.parent, error) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return len(data)


def _trouble(folder: Path, error: OSError) -> BanwatchError:
    return BanwatchError(
        f"cannot write to {folder}: {error.strerror or error}",
        "Make room or check the rights, then run the same command again: no segment is lost",
    )
