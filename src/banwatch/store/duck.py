"""A store in one DuckDB file: opening it, with clear words where that fails, and writing all or nothing."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow as pa

from banwatch.model.errors import BanwatchError

_HOLDER = re.compile(r"held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
MEMORY_LIMIT = "400MB"
"""What DuckDB may hold before it spills to disk; the process as a whole stays under a gigabyte with it."""


def _name_of_process(pid: int, otherwise: str) -> str:
    """Name a process by its command line, as people know it."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return otherwise
    return " ".join(Path(w).name if i < 2 else w for i, w in enumerate(words) if w)[:120] or otherwise


def explain(path: Path, error: Exception) -> BanwatchError:
    """Say what is wrong with a database file, and what to do about it."""
    text = str(error)
    held = _HOLDER.search(text)
    if held:
        pid = int(held["pid"])
        if pid == os.getpid():
            return BanwatchError(
                f"{path} is already open in this process in another way",
                "Close it there before opening it here",
            )
        return BanwatchError(
            f"{path} is in use by process {pid} ({_name_of_process(pid, held['program'])})",
            "Wait until it has finished, or stop it, then run the same command again",
        )
    if "lock" in text.lower() and "set" in text.lower():
        return BanwatchError(
            f"{path} is in use by another process", "Wait until it has finished, then try again"
        )
    if isinstance(error, duckdb.OutOfMemoryException) or "No space left" in text:
        return BanwatchError(f"no space left for {path}", "Make room, then run the same command again")
    if "Permission denied" in text or "Cannot open file" in text or "Read-only file system" in text:
        return BanwatchError(
            f"{path} cannot be opened: {text.splitlines()[0]}", "Check the path and its rights"
        )
    return BanwatchError(
        f"{path} is not a database that can be read ({type(error).__name__}: {text.splitlines()[0][:200]})",
        f"Move it away; `banwatch rebuild --store {path}` then makes it again from the archive beside it",
    )


def connect(path: Path, *, read_only: bool) -> tuple[Any, bool]:
    """Open the file.

    Returns:
        Ibis' connection, and whether the file was made by this call.

    Raises:
        BanwatchError: it cannot be opened; the message says who holds it, or what it is instead.
    """
    made = not path.exists()
    if made and read_only:
        raise BanwatchError(
            f"there is no store at {path}", f"Make one with `banwatch ingest FILE... --store {path}`"
        )
    if path.is_dir():
        raise BanwatchError(
            f"{path} is a folder", f"Give the path of a database file, such as {path}/banwatch.duckdb"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        raw = duckdb.connect(str(path), read_only=read_only)
    except duckdb.ConnectionException as error:
        if "different configuration" not in str(error):
            raise explain(path, error) from error
        # The same process has it open in the other mode; DuckDB shares one instance, and we keep the promise
        # of reading only by ourselves.
        try:
            raw = duckdb.connect(str(path), read_only=not read_only)
        except duckdb.Error as second:
            raise explain(path, second) from second
    except (duckdb.Error, OSError) as error:
        raise explain(path, error) from error
    raw.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    raw.execute("SET TimeZone = 'UTC'")
    return ibis.duckdb.from_connection(raw), made


def table_names(raw: Any) -> set[str]:
    """Name the tables in the file (Ibis 12 asks DuckDB 2 for this in a way that it no longer answers)."""
    return {name for (name,) in raw.execute("SHOW TABLES").fetchall()}


def delete(raw: Any, table: str, column: str, values: pa.Table) -> None:
    """Delete the rows that have one of some values in a column (Ibis has no word for it)."""
    raw.register("doomed", values)
    raw.execute(f'DELETE FROM "{table}" WHERE "{column}" IN (SELECT "value" FROM doomed)')
    raw.unregister("doomed")


@contextmanager
def transaction(raw: Any, path: Path) -> Iterator[None]:
    """Do all of it or nothing.

    Raises:
        BanwatchError: there was no room, or the file is damaged.
    """
    raw.begin()
    try:
        yield
    except BaseException as error:
        with suppress(
            duckdb.Error
        ):  # DuckDB may have rolled back by itself; the first error is the one to tell
            raw.rollback()
        if isinstance(error, (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException)):
            raise explain(path, error) from error
        raise
    try:
        raw.commit()
    except duckdb.Error as error:
        raise explain(path, error) from error
