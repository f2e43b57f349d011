"""File of many measurements while it is being sent: kept whole, or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from banwatch.store.archive import sync_directory

if TYPE_CHECKING:
    from banwatch.collector.inbox import Inbox


class FullError(Exception):
    """Submission that cannot be kept at the moment; the text says why."""


class IncomingFile:
    """File while it is being sent: kept whole, or not at all."""

    def __init__(self, inbox: "Inbox", part: Path, whole: Path, client: bytes) -> None:
        self._inbox = inbox
        self._client = client
        self._part = part
        self._whole = whole
        self.size_bytes = 0
        self._is_kept = False
        with _explained():
            self._file = open(part, "wb", opener=_for_owner)  # noqa: SIM115  # closed by `finish` or `drop`

    def write(self, piece: bytes) -> None:
        """Add a piece.

        Raises:
            FullError: there is no room.
        """
        self.size_bytes += len(piece)
        self._inbox.check_room(self.size_bytes, self._client)
        with _explained():
            self._file.write(piece)

    def finish(self) -> None:
        """Keep the file, which is on the disk when this returns.

        Raises:
            FullError: there is no room.
        """
        with _explained(), self._file:
            self._file.flush()
            os.fsync(self._file.fileno())
            os.replace(self._part, self._whole)
            sync_directory(self._whole.parent)
        self._is_kept = True
        self._inbox.count(self._whole, self.size_bytes, self._client)

    def drop(self) -> None:
        """Delete the file, if it was not kept."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)
        if not self._is_kept:
            self._inbox.forget_sender(self._part)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FullError(f"the inbox cannot be written: {error.strerror or error}") from error


def _for_owner(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_EXCL | os.O_CLOEXEC, 0o600)
