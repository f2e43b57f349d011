"""Spool: measurements that are not yet delivered, as sealed files in one folder.

A file's name is random and its content is sealed before it touches the disk, so the folder shows how many
measurements of about which size there are, and when they were made; nothing else. A file appears whole or not
at all; it is removed when the collector has confirmed it.
"""

import os
import secrets
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from banwatch.model.errors import BanwatchError
from banwatch.probe.spool.collector_key import CollectorKey, parse_collector_key
from banwatch.probe.spool.sealing import seal

_KEY_FILE = "collector.key"
_SUFFIX = ".sealed"
_UNFINISHED = ".part"
_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sealed measurement."""

    measurement_id: str
    """Random id, under which the collector accepts it once."""
    path: Path
    size_bytes: int


class Spool:
    """A folder of sealed measurements.

    Args:
        folder: made if it is not there, for its owner's eyes only.
        public_key: the collector's, 64 or 128 hexadecimal digits; remembered in the folder, and read from
            there where None.

    Raises:
        BanwatchError: the folder cannot be used, there is no key, or it has another collector's.
    """

    def __init__(self, folder: Path, public_key: str | None = None) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.collector_key = self._settle_key(public_key)
            for path in folder.glob(f"*{_UNFINISHED}"):
                path.unlink(missing_ok=True)  # left by a crash: at most the measurement in flight
        except OSError as error:
            raise BanwatchError(
                f"The spool {folder} cannot be used: {error.strerror}", "Choose another folder with --spool."
            ) from error

    def _settle_key(self, given: str | None) -> CollectorKey:
        path = self.folder / _KEY_FILE
        kept_key = path.read_text("ascii", "replace") if path.exists() else None
        if kept_key is None and given is None:
            raise BanwatchError(
                f"The spool {self.folder} does not know its collector's key yet",
                "Give it once with --collector-key.",
            )
        key = parse_collector_key(given if given is not None else kept_key or "")
        pinned = parse_collector_key(kept_key) if kept_key is not None else key
        if pinned.sealing != key.sealing:
            raise BanwatchError(
                f"The spool {self.folder} is sealed to another collector's key:\n"
                f"  sealed to: {pinned.words}\n  given:     {key.words}",
                "Deliver or wipe it first, or choose another folder with --spool. If the operator told you "
                "that the key has changed: `banwatch spool pin KEY`.",
            )
        if kept_key is None:
            self.pin(key)
        return pinned

    def pin(self, key: CollectorKey) -> None:
        """Seal to a collector's key from now on; what is sealed already stays as it is."""
        _write_whole(self.folder / _KEY_FILE, key.published.encode("ascii"))
        self.collector_key = key

    def put(self, line: bytes) -> str:
        """Seal a measurement and keep it, safe from a crash from here on; its id.

        Raises:
            BanwatchError: there is no room, or the folder is gone.
        """
        measurement_id = secrets.token_hex(_ID_BYTES)
        try:
            _write_whole(self.folder / f"{measurement_id}{_SUFFIX}", seal(line, self.collector_key.sealing))
        except OSError as error:
            raise BanwatchError(
                f"A measurement cannot be kept in {self.folder}: {error.strerror}",
                "Make room, or choose another folder with --spool.",
            ) from error
        return measurement_id

    def waiting(self) -> Iterator[Waiting]:
        """List what is not delivered yet, in the order of its random names."""
        for path in sorted(self.folder.glob(f"*{_SUFFIX}")):
            with suppress(FileNotFoundError):
                yield Waiting(path.name.removesuffix(_SUFFIX), path, path.stat().st_size)

    def remove(self, one: Waiting) -> None:
        """Forget a measurement that the collector has."""
        one.path.unlink(missing_ok=True)

    def export(self, path: Path) -> int:
        """Write everything into one file to be carried by hand; return the number of measurements.

        They stay in the spool: a carried file may be lost on the way, and the collector accepts each
        measurement once, whichever way it comes.
        """
        number = 0
        part = path.with_name(path.name + _UNFINISHED)
        try:
            part.unlink(missing_ok=True)
            fd = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "w+b") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as bundle:
                for one in self.waiting():
                    entry = zipfile.ZipInfo(f"sealed/{one.measurement_id}")  # without the time of the file
                    bundle.writestr(entry, one.path.read_bytes())
                    number += 1
            os.replace(part, path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise BanwatchError(f"Cannot write {path}: {error.strerror}", "Choose another --out.") from error
        return number

    def wipe(self) -> int:
        """Remove every measurement and the collector's key from the folder; return how many there were."""
        return wipe_folder(self.folder)


def wipe_folder(folder: Path) -> int:
    """Remove every measurement and the key from a folder, whatever state its key is in."""
    number = 0
    for path in list(folder.glob(f"*{_SUFFIX}")):
        path.unlink(missing_ok=True)
        number += 1
    for path in (*folder.glob(f"*{_UNFINISHED}"), folder / _KEY_FILE):
        path.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()  # stays where it holds other files
    return number


def _write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it exists whole or not at all, whenever the power fails."""
    part = path.with_name(path.name + _UNFINISHED)
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(fd, "wb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
