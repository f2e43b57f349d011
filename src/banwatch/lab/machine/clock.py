"""Lab clock: one time for every process of a lab, which can be set to any moment."""

import mmap
import os
import struct
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

_RECORD = struct.Struct("=QdddQ")
"""Version, lab time at the anchor (s since 1970), monotonic time at the anchor (s), scale, version again."""
_TORN_READS = 1_000_000  # a limit, since a writer that died while writing would hang its readers for ever


class LabClock:
    """Lab time = the time it was set to + real time elapsed since, times a scale.

    Shared between processes through 40 bytes of memory: an anonymous mapping, which forked children share,
    or a file at `path`, by which any process can attach (`LabClock.attach`, also what pickling does). Real
    time is the machine's monotonic clock, so that corrections of the wall clock do not move the lab's.

    Args:
        at: aware datetime to start from; by default the machine's own time.
        scale: lab seconds per real second.
        path: file to share it through; an existing one is replaced.
    """

    def __init__(self, at: datetime | None = None, *, scale: float = 1.0, path: Path | None = None) -> None:
        self._path = path
        if path is None:
            self._memory = mmap.mmap(-1, _RECORD.size)
        else:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                os.ftruncate(fd, _RECORD.size)
                self._memory = mmap.mmap(fd, _RECORD.size)
            finally:
                os.close(fd)
        self.set(at or datetime.now(UTC), scale=scale)

    @classmethod
    def attach(cls, path: Path) -> Self:
        """Attach to the clock that another process made at `path`."""
        self = cls.__new__(cls)
        self._path = path
        fd = os.open(path, os.O_RDWR)
        try:
            self._memory = mmap.mmap(fd, _RECORD.size)
        finally:
            os.close(fd)
        return self

    def __reduce__(self) -> tuple[object, ...]:
        if self._path is None:
            raise TypeError("only a LabClock with a path can be pickled: give it one, or fork")
        return LabClock.attach, (self._path,)

    @property
    def path(self) -> Path | None:
        """Return the file that shares it; None where only forked children do."""
        return self._path

    def now_s(self) -> float:
        """Read lab time in seconds since 1970."""
        for _ in range(_TORN_READS):
            version, lab_s, anchor_s, scale, again = _RECORD.unpack_from(self._memory)
            if version == again:
                return float(lab_s + (time.monotonic() - anchor_s) * scale)
        raise RuntimeError("the lab clock's writer died while it set the time")

    def now(self) -> datetime:
        """Read lab time as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.now_s(), UTC)

    @property
    def scale(self) -> float:
        """Return the lab seconds per real second."""
        return float(_RECORD.unpack_from(self._memory)[3])

    def set(self, at: datetime, *, scale: float | None = None) -> None:
        """Move lab time to `at`, for every process at once; it runs on from there.

        Args:
            at: an aware datetime.
            scale: lab seconds per real second from now on; unchanged when None.
        """
        if at.tzinfo is None:
            raise ValueError(f"lab time {at} has no time zone; expected an aware datetime")
        version, *_, old_scale, _ = _RECORD.unpack_from(self._memory)
        scale = float(old_scale) if scale is None else scale
        if not scale > 0:
            raise ValueError(f"lab time cannot run at scale {scale}; expected more than 0")
        struct.pack_into("=Q", self._memory, 0, version + 1)  # readers wait while the two versions differ
        struct.pack_into("=dddQ", self._memory, 8, at.timestamp(), time.monotonic(), scale, version + 1)
