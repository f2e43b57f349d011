"""Backup of a store that may be serving meanwhile."""

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from banwatch.collector import writable
from banwatch.model.errors import BanwatchError
from banwatch.model.progress import Progress
from banwatch.store.archive import SUFFIX, Archive
from banwatch.store.backups.backup_folder import BackedUpFile, BackupFolder, DamagedFileError, Generation
from banwatch.store.backups.restore import restore as restore_store

KEEP = 30
"""Generations that are kept: a month of daily backups."""
_NOT_COPIED = (".wal", ".owner", ".restoring", ".part", ".tmp", "lock")
"""Endings of a store's files that are of one moment only; the database's copy has its log in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupReport:
    """Result of a backup."""

    generation: int
    files: int
    size_bytes: int
    damaged: tuple[str, ...]
    """Segments of the store that are damaged, and in no earlier backup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupCheck:
    """Result of a check of a backup."""

    generations: tuple[int, ...]
    problems: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether there is a backup, and no problem was found in any."""
        return bool(self.generations) and not self.problems


def back_up(
    store: str, folder: Path, *, keep: int = KEEP, progress: Progress = lambda done, total: None
) -> BackupReport:
    """Copy what changed since the last backup.

    The order makes it consistent while measurements come in: first the inbox, then the database, then what
    the database refers to. What is ingested meanwhile is in two of them, and counts once.

    Args:
        store: path of the database.
        folder: of the backups.
        keep: number of generations that stay.
        progress: is called with the number of files done, and of all.

    Raises:
        BanwatchError: the store is no file, or there is no room.
    """
    if store.startswith("clickhouse:/"):
        raise BanwatchError(
            "a store on ClickHouse is backed up with ClickHouse's own BACKUP", "See docs/store.md"
        )
    path = Path(store).resolve()
    if not path.is_file():
        raise BanwatchError(f"there is no store at {store}", "Give its path with --store")
    backup = BackupFolder(folder)
    archive = Archive(path.with_name(path.name + ".archive"))
    damaged: list[str] = []
    files: dict[str, BackedUpFile] = {}
    with backup.locked():
        files |= _put_beside(backup, path, inbox_only=True)
        with tempfile.TemporaryDirectory(prefix=".snapshot-", dir=folder) as temporary:
            copied = Path(temporary) / "database"
            with writable(store) as writer:
                writer.snapshot(str(copied))
            files[""] = backup.put(copied, "")
        names = archive.names()
        for done, name in enumerate(names):
            source = archive.path_of(name)
            ending = f".archive/{name[:2]}/{name}{SUFFIX}"
            try:
                files[ending] = backup.put(source, ending, name)
            except DamagedFileError as error:
                damaged.append(str(error))
            progress(done + 1, len(names))
        files |= _put_beside(backup, path, inbox_only=False)
        generation = backup.commit(list(files.values()), datetime.now(UTC).replace(microsecond=0))
        backup.prune(keep)
    return BackupReport(
        generation=generation.number,
        files=len(files),
        size_bytes=sum(file.size_bytes for file in files.values()),
        damaged=tuple(damaged),
    )


def _put_beside(backup: BackupFolder, store: Path, *, inbox_only: bool) -> dict[str, BackedUpFile]:
    """Copy the files beside a database: keys, logs, reports, and the inbox."""
    found = {}
    for path in sorted(store.parent.glob(f"{store.name}.*")):
        ending = path.name.removeprefix(store.name)
        if ending.endswith(_NOT_COPIED) or (ending == ".inbox") != inbox_only:
            continue
        inner = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        for file in inner:
            if ending == ".archive" and file.name.endswith(SUFFIX):
                continue
            name = ending if file == path else f"{ending}/{file.relative_to(path)}"
            if not name.endswith(_NOT_COPIED) and (inbox_only or file.exists()):
                try:
                    found[name] = backup.put(file, name)
                except BanwatchError:
                    if file.exists():
                        raise  # else it was ingested meanwhile, and is in the database
    return found


def restore(
    folder: Path, store: str, *, number: int | None, progress: Progress = lambda done, total: None
) -> Generation:
    """Write a store from a backup; see `store.backups.restore`."""
    return restore_store(BackupFolder(folder), Path(store), number=number, progress=progress)


def check(folder: Path) -> BackupCheck:
    """Read every byte of a folder of backups."""
    backup = BackupFolder(folder)
    return BackupCheck(
        generations=tuple(one.number for one in backup.generations()), problems=tuple(backup.problems())
    )
