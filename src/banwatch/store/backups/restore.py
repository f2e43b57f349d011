"""Restoring of a store from a backup, into a place where there is none."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from banwatch.model.errors import BanwatchError
from banwatch.model.progress import Progress
from banwatch.store.archive import sync_directory
from banwatch.store.backups.backup_folder import BackupFolder, DamagedFileError, Generation
from banwatch.store.engines.unfinished import mark_of


def restore(
    backup: BackupFolder,
    store: Path,
    *,
    number: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Generation:
    """Write the files of a generation; every byte is compared with its hash on the way.

    While it goes on, a mark beside the database keeps every command from taking half of a store for one. A
    stopped restore is begun again by the same command.

    Args:
        backup: to read from.
        store: path of the database, which must not exist.
        number: of the generation; the last one that is whole where None.
        progress: is called with the number of files done, and of all.

    Raises:
        BanwatchError: there is a store already, the backup is damaged, or there is no room.
    """
    generation = _choose(backup, number)
    mark = mark_of(store)
    archive = store.with_name(store.name + ".archive")
    if not mark.exists():
        taken = [path for path in (store, archive) if path.exists()]
        if taken:
            raise BanwatchError(
                f"{taken[0]} exists already, and a restore overwrites nothing",
                "Give another path with --store, or move it away",
            )
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        mark.touch(mode=0o600)
        sync_directory(store.parent)
        if archive.is_dir():
            shutil.rmtree(archive)  # of a restore that was stopped
        files = sorted(generation.files, key=lambda file: file.name == "")  # the database comes last
        for done, file in enumerate(files):
            target = store.parent / (store.name + file.name)
            _write(target, lambda write, file=file: [write(piece) for piece in backup.read(file)])  # type: ignore[misc]  # the default binds the file of this round
            progress(done + 1, len(files))
        mark.unlink()
        sync_directory(store.parent)
    except DamagedFileError as error:
        raise BanwatchError(
            f"the backup is damaged: {error}", "Look with `banwatch check`, and restore another --generation"
        ) from error
    except OSError as error:
        raise BanwatchError(
            f"{store} cannot be restored ({error.strerror or error})",
            "Make room or check the rights, and run the same command again",
        ) from error
    return generation


def _choose(backup: BackupFolder, number: int | None) -> Generation:
    found = [one for one in backup.generations() if number in (None, one.number)]
    if not found:
        which = "no backup" if number is None else f"no whole generation {number}"
        raise BanwatchError(f"there is {which} in {backup.path}", "`banwatch check` lists what is there")
    for file in found[-1].files:
        parts = Path(file.name).parts
        if ".." in parts or file.name.startswith("/") or "\0" in file.name:
            raise BanwatchError(
                f"the backup names a file outside of the store: {file.name!r}", "Do not use it"
            )
    return found[-1]


def _write(target: Path, fill: Callable[[Callable[[bytes], object]], object]) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(
        os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb"
    ) as file:
        fill(file.write)
        file.flush()
        os.fsync(file.fileno())
