"""Folder of backups: what was copied before is not copied again, and every byte is named by its hash.

Wire: `objects/<2 digits>/<SHA-256>` holds the bytes of one file; `generations/<number>-<16 digits>.json`
lists the files of one backup, and has the beginning of its own SHA-256 in its name. A generation is written
last, so that a stopped backup leaves the earlier ones as they were, and objects that the next one uses.
"""

import errno
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from banwatch.model.errors import BanwatchError
from banwatch.store.archive import sync_directory

_GENERATION = re.compile(r"([0-9]{8})-([0-9a-f]{16})\.json")
_PIECE_BYTES = 1 << 20


class BackedUpFile(msgspec.Struct, frozen=True, kw_only=True):
    """File of a store in a backup."""

    name: str
    """Ending behind the database's path; empty for the database itself. Folders are parted by slashes."""
    sha256: str
    size_bytes: int


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """List of the files that one backup consists of."""

    number: int
    made_at: datetime
    files: list[BackedUpFile]
    version: int = 1


class DamagedFileError(Exception):
    """File whose bytes are not those that its name or a generation gives."""


class BackupFolder:
    """Folder of backups."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._objects = path / "objects"
        self._generations = path / "generations"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other backups out, and remove what a stopped one left half.

        Raises:
            BanwatchError: another backup is writing, or the folder cannot be written.
        """
        try:
            for folder in (self.path, self._objects, self._generations):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _trouble(self.path, error) from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise BanwatchError(
                    f"another backup is being written to {self.path}", "Wait until it is done"
                ) from error
            for part in (*self._objects.glob("*.part"), *self._generations.glob("*.part")):
                part.unlink(missing_ok=True)
            yield
        finally:
            os.close(handle)

    def put(self, source: Path, name: str, sha256: str = "") -> BackedUpFile:
        """Copy a file, unless its bytes are there.

        Args:
            source: to copy.
            name: of the file in the generation.
            sha256: of its bytes where that is known; they are read again even so.

        Raises:
            DamagedFileError: the bytes are not those of the hash, and no backup has them.
            BanwatchError: there is no room, or the file cannot be read.
        """
        if sha256:
            kept = self._object(sha256)
            if kept.is_file() and (not source.is_file() or kept.stat().st_size == source.stat().st_size):
                return BackedUpFile(name=name, sha256=sha256, size_bytes=kept.stat().st_size)
        part = self._objects / f"{os.getpid()}.part"
        try:
            with source.open("rb") as reading, _private(part) as writing:
                digest, size = hashlib.sha256(), 0
                while piece := reading.read(_PIECE_BYTES):
                    digest.update(piece)
                    size += len(piece)
                    writing.write(piece)
                writing.flush()
                os.fsync(writing.fileno())
            found = digest.hexdigest()
            if sha256 and found != sha256:
                raise DamagedFileError(f"{source.name} is damaged: its bytes hash to {found}")
            target = self._object(found)
            target.parent.mkdir(mode=0o700, exist_ok=True)
            os.replace(part, target)
            sync_directory(target.parent)
        except OSError as error:
            raise _trouble(self.path, error) from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        return BackedUpFile(name=name, sha256=found, size_bytes=size)

    def commit(self, files: list[BackedUpFile], made_at: datetime) -> Generation:
        """Write a generation; the backup counts from then on.

        Raises:
            BanwatchError: there is no room.
        """
        number = max((int(path.name[:8]) for path in self._paths()), default=0) + 1
        generation = Generation(number=number, made_at=made_at, files=sorted(files, key=lambda f: f.name))
        data = msgspec.json.format(msgspec.json.encode(generation), indent=1)
        path = self._generations / f"{number:08}-{hashlib.sha256(data).hexdigest()[:16]}.json"
        part = path.with_suffix(".part")
        try:
            with _private(part) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
            sync_directory(self._generations)
        except OSError as error:
            raise _trouble(self.path, error) from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        return generation

    def prune(self, keep: int) -> int:
        """Remove all but the last generations, and the objects that only they have; return their number."""
        paths = self._paths()
        old = paths[:-keep]
        if not old:
            return 0
        kept = {file.sha256 for path in paths[-keep:] for file in _read(path).files}
        for path in old:
            path.unlink()
        for held in self._objects.glob("??/*"):
            if held.name not in kept:
                held.unlink()
        return len(old)

    def generations(self) -> list[Generation]:
        """Read the generations in order; damaged ones are left out."""
        found = []
        for path in self._paths():
            with suppress(DamagedFileError):
                found.append(_read(path))
        return found

    def problems(self) -> Iterator[str]:
        """Read every byte of every generation, and name what is missing or damaged."""
        wanted: dict[str, BackedUpFile] = {}
        for path in self._paths():
            try:
                wanted |= {file.sha256: file for file in _read(path).files}
            except DamagedFileError as error:
                yield str(error)
        for file in wanted.values():
            try:
                for _ in self.read(file):
                    pass
            except DamagedFileError as error:
                yield str(error)

    def read(self, file: BackedUpFile) -> Iterator[bytes]:
        """Read the bytes of a file.

        Raises:
            DamagedFileError: they are not what was written, which is known after the last of them.
        """
        digest = hashlib.sha256()
        shown = file.name or "the database"
        try:
            with self._object(file.sha256).open("rb") as held:
                while piece := held.read(_PIECE_BYTES):
                    digest.update(piece)
                    yield piece
        except OSError as error:
            raise DamagedFileError(f"{shown} cannot be read: {error.strerror} ({file.sha256})") from error
        if digest.hexdigest() != file.sha256:
            raise DamagedFileError(f"{shown} is damaged: {self._object(file.sha256)}")

    def _object(self, sha256: str) -> Path:
        return self._objects / sha256[:2] / sha256

    def _paths(self) -> list[Path]:
        if not self._generations.is_dir():
            return []
        return sorted(p for p in self._generations.iterdir() if _GENERATION.fullmatch(p.name))


def _read(path: Path) -> Generation:
    named = _GENERATION.fullmatch(path.name)
    assert named is not None
    try:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest()[:16] != named[2]:
            raise DamagedFileError(f"generation {path.name} is damaged")
        return msgspec.json.decode(data, type=Generation)
    except (OSError, msgspec.DecodeError) as error:
        raise DamagedFileError(f"generation {path.name} cannot be read: {error}") from error


def _private(path: Path) -> BinaryIO:
    """Open a new file for its owner alone: a backup has keys in it."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb")


def _trouble(path: Path, error: OSError) -> BanwatchError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        what = f"no space left for the backup {path}"
        return BanwatchError(what, "Make room, and run the same command again: earlier backups are whole")
    return BanwatchError(
        f"the backup {path} cannot be written ({error.strerror or error})", "Check the path and its rights"
    )
