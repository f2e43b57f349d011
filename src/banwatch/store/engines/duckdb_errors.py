"""Errors of DuckDB as one true sentence with a remedy."""

import os
import re
import shutil
from pathlib import Path

import duckdb

from banwatch.model.errors import UnavailableError
from banwatch.store.engines.budget import SETTING, database_bytes, size_text

_HOLDER = re.compile(r"held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
_LOCKED = re.compile(r"Could not set lock on file|Conflicting lock is held", re.IGNORECASE)
_SPILL_FULL = re.compile(r"max_temp_directory_size|failed to offload", re.IGNORECASE)
_BLOCK = re.compile(r"block (?:with id )?(\d+)|in block (\d+)|at location (\d+)", re.IGNORECASE)
_LESS = "a country, a target, a shorter time"
NO_ROOM = re.compile(r"No space left|Could not write file|Disk quota|File too large")


class StoreInUseError(UnavailableError):
    """Database file that another process holds."""


_HEAD_BYTES = 4096
_MAGIC = b"DUCK"
"""Bytes 8 to 11 of every DuckDB file."""
_OTHERS = {
    b"PAR1": "a Parquet file, such as an export",
    b"PK\x03\x04": "a zip archive, such as an evidence bundle",
    b"\x1f\x8b": "a gzip file, such as measurements",
    b"\x28\xb5\x2f\xfd": "a zstandard file, such as a segment of an archive",
    b"SQLite format 3": "a database of SQLite",
}
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def _name_of_process(pid: int, otherwise: str) -> str:
    """Name a process by its command line."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return otherwise
    return " ".join(Path(w).name if i < 2 else w for i, w in enumerate(words) if w)[:120] or otherwise


def _locked(path: Path, text: str) -> UnavailableError:
    held = _HOLDER.search(text)
    if not held:
        return StoreInUseError(
            f"{path} is in use by another process", "Wait until it has finished, then try again"
        )
    pid = int(held["pid"])
    if pid == os.getpid():
        return StoreInUseError(
            f"{path} is already open in this process in another way",
            "Close it there before opening it here",
        )
    return StoreInUseError(
        f"{path} is in use by process {pid} ({_name_of_process(pid, held['program'])})",
        "Wait until it has finished, or stop it, then run the same command again",
    )


def _free(path: Path) -> str:
    """Say how much room there is beside a file."""
    folder = path.absolute().parent
    try:
        return f"{size_text(shutil.disk_usage(folder).free)} are free in {folder}"
    except OSError:
        return f"{folder} cannot be asked for its free space"


def _other_file(path: Path) -> str:
    """Name the kind of a file that never was a database; empty for one that is, or was before a damage."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return ""
    if head[8:12] == _MAGIC or not head.strip(b"\0"):
        return ""
    if found := next((words for magic, words in _OTHERS.items() if head.startswith(magic)), ""):
        return found
    return "" if _BINARY.search(head) else "a text, such as an export or measurements"


def explain(path: Path, error: Exception) -> UnavailableError:
    """Convert an error of DuckDB to one that says what is wrong and what to do."""
    text = str(error)
    first = (text.splitlines() or [""])[0]
    if _LOCKED.search(text) or _HOLDER.search(text):
        return _locked(path, text)
    if isinstance(error, duckdb.OutOfMemoryException) and not NO_ROOM.search(text):
        limit = size_text(database_bytes())
        if _SPILL_FULL.search(text):
            return UnavailableError(
                f"a query over {path} needs more than {limit} of memory, and more room on disk than there is "
                f"({_free(path)})",
                f"Make room there, set {SETTING} higher, or ask for less: {_LESS}",
            )
        return UnavailableError(
            f"a query over {path} needs more memory than the {limit} that the database may use",
            f"Set {SETTING} higher (half of it is the database's), or ask for less: {_LESS}",
        )
    if NO_ROOM.search(text):
        return UnavailableError(
            f"no space left for {path}: {_free(path)}", "Make room, then run the same command again"
        )
    if "Permission denied" in text or "Cannot open file" in text or "Read-only file system" in text:
        return UnavailableError(f"{path} cannot be opened: {first}", "Check the path and its rights")
    if other := _other_file(path):
        return UnavailableError(
            f"{path} is no database of Banwatch, but {other}",
            "Give the database with --store; `banwatch ingest` brings measurements in, and tables of "
            "verdicts are read by `banwatch detect --verdicts`",
        )
    block = _BLOCK.search(text)
    place = f", in block {next(n for n in block.groups() if n)}" if block else ""
    return UnavailableError(
        f"{path} is not a database that can be read{place} ({type(error).__name__}: {first[:200]})",
        f"Move it away; `banwatch rebuild --store {path}` then makes it again from the archive beside it"
        if place or path.with_name(path.name + ".archive").is_dir()
        else "There is no archive beside it to make it from: check the path, or restore a backup",
    )
