"""Inbox: accepted submissions that are not in the store yet, as journals in one folder.

A submission is on the disk before the probe gets an answer.

Wire: `<database>.inbox/`, for its owner alone: `<number>-<random>.open` is being written, `<number>-<random>
.jsonl` is finished, lines of measurements both; `<number>-<random>.file` is a file of many that was sent
whole; `aside/` has those that twice could not be ingested. A line at the end of an `.open` file without its
newline was never acknowledged; it is cut off when the folder is opened again.
"""

import fcntl
import os
import queue
import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from banwatch.collector.incoming_file import FullError, IncomingFile
from banwatch.model.errors import BanwatchError
from banwatch.store.archive import sync_directory

OPEN, JOURNAL, FILE, _PART = ".open", ".jsonl", ".file", ".part"
_BATCH_BYTES = 16 << 20
"""Bytes written before a sync; the answer to the first line waits for all of them."""
_PIECE_BYTES = 1 << 20
_CLIENT_SHARE = 8
"""One client has at most one part in so many of the inbox."""
_ASIDE = "aside"
_ASIDE_SHARE = 16
"""Files put aside take at most one part in so many of the inbox; past that, the oldest is deleted."""


@dataclass(slots=True)
class _PendingLine:
    data: bytes
    client: bytes = b""
    done: "Future[None]" = field(default_factory=Future)


class Inbox:
    """Folder of submissions, used by one process at a time; call `keep` from any thread.

    Args:
        folder: created if it does not exist.
        max_bytes: bytes that may wait in it; more are refused for now.

    Raises:
        BanwatchError: another process uses the folder, or it cannot be used.
    """

    def __init__(self, folder: Path, *, max_bytes: int = 4 << 30) -> None:
        self.folder = folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()  # guards the journal and the count of waiting bytes
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._held = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                os.close(self._held)
                raise BanwatchError(
                    f"the inbox {folder} is used by another collector", "Stop that one first"
                ) from error
            self._recover()
        except OSError as error:
            raise BanwatchError(
                f"the inbox {folder} cannot be used: {error.strerror or error}",
                "Check its rights, and the room",
            ) from error
        numbers = (p.name.partition("-")[0] for p in self.waiting())
        self._number = max((int(n) for n in numbers if n.isdecimal()), default=0)
        self._journal: Path | None = None
        self._fd = -1
        self._size = 0
        self._waiting_bytes = sum(path.stat().st_size for path in self.waiting())
        self._owners: dict[str, Counter[bytes]] = {}  # bytes of each client in each file, by its stem
        self._of_client: Counter[bytes] = Counter()
        self._senders: dict[str, str] = {}  # address that each file came from, in memory alone
        self._queue: queue.SimpleQueue[_PendingLine | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="inbox", daemon=True)
        self._thread.start()

    def _recover(self) -> None:
        """Recover after a crash: cut off a line that was not acknowledged, delete unfinished files."""
        for path in self.folder.glob(f"*{_PART}"):
            path.unlink()
        for path in self.folder.glob(f"*{OPEN}"):
            with path.open("rb+") as file:
                size = _after_last_newline(file.fileno())
                file.truncate(size)
                os.fsync(file.fileno())
            if size:
                os.replace(path, path.with_suffix(JOURNAL))
            else:
                path.unlink()
        sync_directory(self.folder)

    def close(self) -> None:
        """Write all lines, and release the folder."""
        self._queue.put(None)
        self._thread.join()
        self.finish_journal()
        os.close(self._held)

    def __enter__(self) -> "Inbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait."""
        return self._waiting_bytes

    @property
    def is_full(self) -> bool:
        """Whether more would be refused for now."""
        return self._waiting_bytes >= self._max_bytes

    @property
    def journal_bytes(self) -> int:
        """Bytes in the journal that is being written."""
        return self._size

    def keep(self, line: bytes, client: bytes = b"") -> "Future[None]":
        """Keep a line, which is on the disk when the future is done.

        Args:
            line: of a measurement, without its newline.
            client: name of the sender, for its share of the inbox; empty where the line needs none.

        Raises:
            FullError: (in the future) there is no room, or the client's share is used up.
        """
        pending = _PendingLine(line + b"\n", client)
        try:
            self.check_room(len(pending.data), client)
            self._queue.put(pending)
        except FullError as error:
            pending.done.set_exception(error)
        return pending.done

    def begin_file(self, client: bytes = b"", sender: str = "") -> "IncomingFile":
        """Begin to keep a file that a client is sending.

        Args:
            client: name of the sender, for its share.
            sender: its address, to take it out of the file's measurements; kept in memory until then.

        Raises:
            FullError: there is no room.
        """
        with self._lock:
            name = self._new_name()
            if sender:
                self._senders[name] = sender
        return IncomingFile(self, self.folder / (name + _PART), self.folder / (name + FILE), client)

    def sender_of(self, path: Path) -> str:
        """Return the address that a file came from; empty where it came before the last start."""
        return self._senders.get(path.stem, "")

    def forget_sender(self, path: Path) -> None:
        """Forget the address that a file came from."""
        self._senders.pop(path.stem, None)

    def check_room(self, size_bytes: int, client: bytes = b"") -> None:
        """Check that so many bytes of a client can be kept.

        Raises:
            FullError: too many wait, of all clients or of this one.
        """
        if client and self._of_client[client] + size_bytes > self._max_bytes // _CLIENT_SHARE:
            raise FullError("too much from one place waits to be brought in")
        if self._waiting_bytes + size_bytes > self._max_bytes:
            raise FullError("too much waits to be brought in")

    def count(self, path: Path, size_bytes: int, client: bytes) -> None:
        """Add a file to the count of waiting bytes."""
        with self._lock:
            self._waiting_bytes += size_bytes
            self._count_of(path, client, size_bytes)

    def _count_of(self, path: Path, client: bytes, size_bytes: int) -> None:
        if client:
            self._owners.setdefault(path.stem, Counter())[client] += size_bytes
            self._of_client[client] += size_bytes

    def finish_journal(self) -> None:
        """Close the journal for ingest; the next line begins another."""
        with self._lock:
            self._finish()

    def waiting(self) -> list[Path]:
        """Return the files that can be ingested, in the order in which they were begun."""
        return sorted(p for p in self.folder.iterdir() if p.suffix in (JOURNAL, FILE))

    def done(self, path: Path) -> None:
        """Delete a file whose content is in the store."""
        with self._lock:
            self._release(path)
            path.unlink()

    def put_aside(self, path: Path) -> None:
        """Move a file that cannot be ingested out of the way of the others, for a person to look at."""
        with self._lock:
            self._release(path)
            aside = self.folder / _ASIDE
            aside.mkdir(mode=0o700, exist_ok=True)
            os.replace(path, aside / path.name)
            sync_directory(aside)
            kept = sorted(aside.iterdir())
            held = sum(one.stat().st_size for one in kept)
            for one in kept[:-1]:
                if held <= self._max_bytes // _ASIDE_SHARE:
                    break
                held -= one.stat().st_size
                one.unlink()

    def aside(self) -> list[Path]:
        """Return the files that were put aside."""
        folder = self.folder / _ASIDE
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def recount(self) -> None:
        """Count anew what waits: somebody may have carried files away."""
        with self._lock:
            paths = self.waiting()
            self._waiting_bytes = self._size + sum(path.stat().st_size for path in paths)
            stems = {path.stem for path in paths} | ({self._journal.stem} if self._journal else set())
            for stem in self._owners.keys() - stems:
                self._of_client.subtract(self._owners.pop(stem))
            self._of_client = +self._of_client

    def _release(self, path: Path) -> None:
        self.forget_sender(path)
        self._waiting_bytes -= path.stat().st_size
        self._of_client.subtract(self._owners.pop(path.stem, Counter()))
        self._of_client = +self._of_client

    def _write(self) -> None:
        """Write lines as they come: all waiting ones at once, then one sync for all of them."""
        ended = False
        while not ended:
            batch = self._next_batch()
            ended = batch[-1] is None
            lines = [line for line in batch if line is not None]
            if not lines:
                continue
            try:
                with self._lock:
                    journal = self._append(b"".join(line.data for line in lines))
                    for line in lines:
                        self._count_of(journal, line.client, len(line.data))
            except OSError as error:
                reason = FullError(f"the inbox cannot be written: {error.strerror or error}")
                for line in lines:
                    line.done.set_exception(reason)
            else:
                for line in lines:
                    line.done.set_result(None)

    def _next_batch(self) -> list[_PendingLine | None]:
        batch: list[_PendingLine | None] = [self._queue.get()]
        size = 0
        while batch[-1] is not None and size < _BATCH_BYTES:
            size += len(batch[-1].data)
            try:
                batch.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return batch

    def _append(self, data: bytes) -> Path:
        """Add to the journal, all bytes or none, and return its path.

        Raises:
            OSError: none were added; the earlier content stays.
        """
        if self._journal is None:
            path = self.folder / (self._new_name() + OPEN)
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            self._journal, self._size = path, 0
            sync_directory(self.folder)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._fd, rest) :]
            os.fsync(self._fd)
        except OSError:
            with suppress(OSError):  # otherwise these lines are ingested too, and count once when sent again
                os.ftruncate(self._fd, self._size)
                os.lseek(self._fd, self._size, os.SEEK_SET)
            with suppress(OSError):
                self._finish()
            raise
        self._size += len(data)
        self._waiting_bytes += len(data)
        return self._journal

    def _new_name(self) -> str:
        """Make a new file name that sorts after those that wait, and does not tell when it was made."""
        self._number += 1
        return f"{self._number:08}-{secrets.token_hex(8)}"

    def _finish(self) -> None:
        if self._journal is None:
            return
        path, size = self._journal, self._size
        os.close(self._fd)
        self._journal, self._fd, self._size = None, -1, 0
        if size:
            os.replace(path, path.with_suffix(JOURNAL))
        else:
            path.unlink()
        sync_directory(self.folder)


def inbox_path(archive: Path) -> Path:
    """Return the path of a store's inbox, beside its archive."""
    return archive.with_name(archive.name.removesuffix(".archive") + ".inbox")


def sealed_path(archive: Path) -> Path:
    """Return the path of a store's sealed measurements, where the private key is on another machine."""
    return archive.with_name(archive.name.removesuffix(".archive") + ".sealed")


def _after_last_newline(fd: int) -> int:
    for start, piece in _pieces_from_behind(fd):
        at = piece.rfind(b"\n")
        if at >= 0:
            return start + at + 1
    return 0


def _pieces_from_behind(fd: int) -> Iterator[tuple[int, bytes]]:
    end = os.fstat(fd).st_size
    while end > 0:
        start = max(0, end - _PIECE_BYTES)
        yield start, os.pread(fd, end - start, start)
        end = start
