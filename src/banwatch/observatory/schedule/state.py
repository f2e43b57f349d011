"""State of scheduled work, kept beside the store so that a restart repeats nothing."""

import os
from datetime import datetime
from pathlib import Path

import msgspec

MAX_FILE_BYTES = 1 << 20


class TaskState(msgspec.Struct, frozen=True, kw_only=True):
    """State of one task."""

    last_began: datetime | None = None
    last_success: datetime | None = None
    last_failure: datetime | None = None
    last_error: str = ""
    """Error of the last run; empty where it succeeded."""
    summary: str = ""
    """Result of the last success, in words."""
    failures: int = 0
    """Failures since the last success."""
    took_s: float = 0.0
    """Time that the last run took."""
    next_due: datetime | None = None
    running: bool = False


def schedule_path(archive: Path) -> Path:
    """Return the path of a store's state of scheduled work, beside its archive."""
    return archive.with_name(archive.name.removesuffix(".archive") + ".schedule")


def read_states(path: Path) -> dict[str, TaskState]:
    """Read the states; a file that cannot be read is as none."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(MAX_FILE_BYTES), type=dict[str, TaskState])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}


def write_states(path: Path, states: dict[str, TaskState]) -> None:
    """Replace the file of states.

    Raises:
        OSError: it cannot be written.
    """
    part = path.with_name(path.name + ".part")
    part.write_bytes(msgspec.json.encode(states))
    os.replace(part, path)
