"""Memory that a process may use: a setting, by default a quarter of the machine's.

`BANWATCH_MEMORY` sets it (`2GB`, `512MB`). Half of it is the database's, which then spills to disk; the rest
is for Python and for answers on their way.
"""

import os
import re
from pathlib import Path

from banwatch.model.errors import BanwatchError

SETTING = "BANWATCH_MEMORY"
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_TEXT = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)I?B?", re.IGNORECASE)
_LEAST_BYTES = 256 << 20
"""Least budget: with half of it DuckDB still counts a slice of rollups (`store.rollups`)."""
_MOST_FOR_DATABASE_BYTES = 4 << 30
"""Most that the database takes by default; every query of a page is meant for less."""
_SHARE_OF_MACHINE = 0.25
_SHARE_OF_DATABASE = 0.5
_LIMIT_OF_GROUP = Path("/sys/fs/cgroup/memory.max")


def parse_size(text: str) -> int:
    """Read a size in bytes, such as `2GB` or `512 MB`.

    Raises:
        BanwatchError: the text is no size, or less than the least.
    """
    found = _TEXT.fullmatch(text.strip())
    size = int(float(found[1]) * _UNITS[found[2].upper()]) if found else 0
    if size < _LEAST_BYTES:
        raise BanwatchError(f"{SETTING} is {text!r}", "Set it to a size of 256MB or more, such as 2GB")
    return size


def machine_bytes() -> int:
    """Return the memory of the machine, or of the container where that has less."""
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = _LIMIT_OF_GROUP.read_text("ascii").strip()
    except OSError:
        return size
    return min(size, int(limit)) if limit.isdigit() else size


def process_bytes() -> int:
    """Return the memory that the process may use."""
    text = os.environ.get(SETTING, "")
    return parse_size(text) if text else max(_LEAST_BYTES, int(machine_bytes() * _SHARE_OF_MACHINE))


def database_bytes() -> int:
    """Return the memory that the database may use before it spills to disk."""
    size = int(process_bytes() * _SHARE_OF_DATABASE)
    return size if os.environ.get(SETTING) else min(size, _MOST_FOR_DATABASE_BYTES)


def size_text(size: float) -> str:
    """Write a size for a reader: `1.5 GB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            return f"{size:.0f} {unit}" if unit in ("bytes", "kB", "MB") else f"{size:.1f} {unit}"
        size /= 1024
    raise AssertionError("unreachable")
