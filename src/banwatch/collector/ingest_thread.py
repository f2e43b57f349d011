"""Thread that ingests the inbox into the store."""

import logging
import threading
import time
import zipfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import msgspec

from banwatch import reference
from banwatch.bans import load_bans
from banwatch.collector.inbox import FILE, Inbox
from banwatch.collector.intake import (
    MAX_SEALED_BODY_BYTES,
    READ_LIMITS,
    Line,
    hold_sealed_untrusted,
    read_line_untrusted,
    read_sealed_untrusted,
)
from banwatch.collector.keys import Keys
from banwatch.collector.limits.rate_limit import RateLimit
from banwatch.collector.limits.seen_lines import SeenLines
from banwatch.collector.owner import Owner
from banwatch.formats.own_address import scrub_text
from banwatch.formats.zip_directory import check_directory_untrusted
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.receipt import NO_RECEIPT, Receipt, SourceClass, hour_of_receipt
from banwatch.model.reference import Reference
from banwatch.pipeline.commit import Committer, Tally
from banwatch.pipeline.conclude import detect
from banwatch.pipeline.files import sources
from banwatch.pipeline.files.documents import open_documents
from banwatch.pipeline.ingest import ingest
from banwatch.pipeline.lines import HEAD_BYTES, LongLine, split_lines
from banwatch.pipeline.trust.receipts import with_receipt

_log = logging.getLogger(__name__)
SETTLE_S = 1.0
"""Time that the first measurement after a quiet time waits for others."""
EVERY_S = 60.0
"""Interval of ingests under steady load: each ingest makes a segment of the archive."""
AT_ONCE = 30
"""Ingests without that interval, after a quiet time: a person may be waiting for the result."""
FULL_BYTES = 8 << 20
"""Size of a journal that is ingested before the interval ends; rows of more take too much memory."""
MANY_BYTES = 32 << 20
"""Size from which on worker processes are started: 100 MiB each, so that no single request reaches it."""
_WAITING_LINES = 64
_WAITING_BYTES = 4 << 20
"""Lines of a file, and their bytes, that may wait to be written to the journal."""
_AFTER_FAILURE_S = 30.0
"""Pause after an ingest that failed."""
_TRIES = 2
"""Attempts at a file that fails by its own content; then it is put aside."""
_SEEN_AT_MOST = 100_000
"""Hashes of a file's lines, and of their ids, that are remembered to take each line once: 8 MB each."""
MAX_UNPACKED_BYTES = 4 << 30
"""Bytes that a file may unpack to; what comes after is refused."""
_REFUSALS_KEPT = 1_000
_DETECT_SHARE = 20
"""Detection takes at most one part in so many of the time."""
_SEALED = "sealed/"
_BESIDE_HEAD = 128
"""Bytes read beyond the head that is kept, so that an address at its end is recognised."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Refused submission, for the quarantine."""

    source: str
    reason: str
    size_bytes: int
    sha256: str
    head: bytes

    @classmethod
    def of(cls, source: str, reason: str, body: bytes, sender: str = "") -> "Refusal":
        """Describe a refused body, which is not kept; no address in it is."""
        head = scrub_text(body[: HEAD_BYTES + _BESIDE_HEAD], sender)[:HEAD_BYTES]
        said = scrub_text(reason.encode(), sender).decode("utf-8", "replace")
        return cls(source, said, len(body), sha256(body).hexdigest(), head)


@dataclass(slots=True)
class Counts:
    """Counts since the collector was started."""

    received: int = 0
    """Accepted submissions; a repeated one counts again."""
    refused: int = 0
    new: int = 0
    """Measurements that the store did not have yet."""
    duplicates: int = 0
    quarantined: int = 0


class IngestThread:
    """Ingests journals and files in order; each stays in the inbox until the store has all of it."""

    def __init__(
        self,
        owner: Owner,
        inbox: Inbox,
        keys: Keys,
        *,
        jobs: int = 1,
        sealed_store: Inbox | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._owner = owner
        self._inbox = inbox
        self._keys = keys
        self._jobs = jobs
        self._sealed_store = sealed_store
        self._clock = clock
        self._refusals: deque[Refusal] = deque(maxlen=_REFUSALS_KEPT)
        self._failed: dict[Path, int] = {}
        self._ended = threading.Event()
        self._ingest_limit = RateLimit(round(60 / EVERY_S), AT_ONCE, clock)
        self._began_at: float | None = None
        self._detect_at = 0.0
        self._sealed_at = 0.0
        self._needs_detection = False
        self.counts = Counts()
        self.detected_at: float | None = None
        """Time of the last detection, in seconds since 1970; None before the first."""
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)

    @cached_property
    def _reference(self) -> Reference:
        return reference.load()

    def __enter__(self) -> "IngestThread":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def refuse(self, refusal: Refusal) -> None:
        """Record a refused submission; of very many, the last ones."""
        self.counts.refused += 1
        self._refusals.append(refusal)

    def _run(self) -> None:
        pause_s = 0.2
        while not self._ended.wait(pause_s):
            pause_s = 0.2
            try:
                self._step()
            except BanwatchError as error:
                _log.error("what was received is not brought in: %s", error)
                pause_s = _AFTER_FAILURE_S
            except Exception:
                _log.exception("what was received is not brought in")
                pause_s = _AFTER_FAILURE_S

    def _step(self) -> None:
        now = self._clock()
        if self._inbox.journal_bytes and self._began_at is None:
            self._began_at = now
        if self._began_at is not None and self._is_due(now):
            self._inbox.finish_journal()
            self._began_at = None
            self._ingest_limit.charge("", 0)
        if self._sealed_store is not None and now - self._sealed_at >= EVERY_S:
            self._sealed_at = now
            self._sealed_store.finish_journal()  # what was carried away counts no more
            self._sealed_store.recount()
        if self._refusals:
            self._note_refusals()
        for path in self._in_order():
            if self._ended.is_set():
                return  # the rest is ingested after the next start
            self._ingest_or_postpone(path)
        if self._needs_detection and self._clock() >= self._detect_at:
            self._detect()

    def _is_due(self, now: float) -> bool:
        if self._inbox.journal_bytes >= FULL_BYTES:
            return True
        began = self._began_at if self._began_at is not None else now
        return now - began >= SETTLE_S and not self._ingest_limit.wait_s("")

    def _in_order(self) -> list[Path]:
        """List what waits, with those last that failed before: others must not wait for them."""
        return sorted(self._inbox.waiting(), key=lambda path: self._failed.get(path, 0))

    def ingest_all(self) -> None:
        """Ingest all that waits now."""
        self._inbox.finish_journal()
        while paths := self._inbox.waiting():
            for path in paths:
                self._ingest(path)
            self._inbox.finish_journal()
        self._note_refusals()

    def _ingest_or_postpone(self, path: Path) -> None:
        try:
            self._ingest(path)
        except BanwatchError:
            self._failed[path] = self._failed.get(path, 0) + 1
            raise  # the disk or the store: the file is tried again, however often
        except Exception as error:
            self._failed[path] = self._failed.get(path, 0) + 1
            if self._failed[path] < _TRIES:
                raise
            _log.error("%s is put aside: %s: %s", path.name, type(error).__name__, str(error)[:200])
            size = path.stat().st_size
            self._inbox.put_aside(path)
            reason = f"put aside after {_TRIES} attempts: {type(error).__name__}"
            self.refuse(Refusal(f"(sent file) {path.name}", reason, size, "", b""))
        self._failed.pop(path, None)

    def _ingest(self, path: Path) -> None:
        if path.suffix == FILE:
            self._open_file(path)
            return
        size = path.stat().st_size
        with self._owner.turn:
            report = ingest(
                self._owner.store,
                [path],
                self._reference,
                jobs=self._jobs if size >= MANY_BYTES else 1,
                from_inbox=True,
            )
        self.counts.new += report.accepted
        self.counts.duplicates += report.duplicates
        self.counts.quarantined += report.quarantined
        self._needs_detection = self._needs_detection or bool(report.accepted)
        self._inbox.done(path)

    def _open_file(self, path: Path) -> None:
        """Ingest the measurements of a file through journals, one full journal at a time.

        So a file that unpacks to a thousand times its size never fills the inbox.

        A repeated line counts once.
        """
        waiting: deque[tuple[Future[None], int]] = deque()
        waiting_bytes = 0
        received_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        receipt = Receipt(
            received_at=hour_of_receipt(received_at),
            source_class=SourceClass.ANONYMOUS,
            voice=path.stem,  # who sends a file is one voice, however many probes it names
        )
        seen = SeenLines(_SEEN_AT_MOST)
        for line in self._lines_of(path, receipt):
            self.counts.received += 1
            if seen.came_before(line.measurement_uid.encode()):
                self.counts.duplicates += 1
                continue
            data = with_receipt(line.data, receipt)
            waiting.append((self._inbox.keep(data), len(data)))
            waiting_bytes += len(data)
            while len(waiting) > _WAITING_LINES or waiting_bytes > _WAITING_BYTES:
                kept, size = waiting.popleft()
                waiting_bytes -= size
                kept.result()
            if self._inbox.journal_bytes >= FULL_BYTES:
                self._ingest_journals()
        for kept, _ in waiting:
            kept.result()
        self._inbox.done(path)

    def _ingest_journals(self) -> None:
        """Ingest what is in journals now, in the middle of a long file."""
        self._inbox.finish_journal()
        for path in self._inbox.waiting():
            if path.suffix != FILE:
                self._ingest_or_postpone(path)

    def _lines_of(self, path: Path, receipt: Receipt = NO_RECEIPT) -> Iterator[Line]:
        """Read a file of sealed or plain measurements; an unreadable one is recorded and affects no other."""
        name, sender = f"(sent file) {path.name}", self._inbox.sender_of(path)
        if zipfile.is_zipfile(path):
            try:
                with path.open("rb") as file:
                    check_directory_untrusted(file, READ_LIMITS.zip_directory_bytes)
            except WireError as error:
                self.refuse(Refusal.of(name, error.reason, b""))
                return
            with suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
                sealed = [m for m in archive.infolist() if m.filename.startswith(_SEALED)]
                if sealed:
                    yield from self._opened(name, archive, sealed, receipt, sender)
                    return
        source = sources.Source(name, path, path.stat().st_size, limits=READ_LIMITS)
        seen = SeenLines(_SEEN_AT_MOST)
        unpacked = 0
        try:
            for document in open_documents(source, lambda size: None):
                for lines in split_lines(document.chunks, max_line_bytes=READ_LIMITS.line_bytes):
                    for line in lines:
                        unpacked += line.size_bytes if isinstance(line, LongLine) else len(line)
                        if unpacked > MAX_UNPACKED_BYTES:
                            raise WireError(f"a file that unpacks to more than {MAX_UNPACKED_BYTES} bytes")
                        if isinstance(line, bytes) and seen.came_before(line):
                            self.counts.received += 1
                            self.counts.duplicates += 1
                            continue  # copies of a line are known before they are read
                        yield from self._read(document.name, line, sender)
        except WireError as error:
            self.refuse(Refusal.of(name, error.reason, b""))

    def _opened(
        self,
        name: str,
        archive: zipfile.ZipFile,
        members: list[zipfile.ZipInfo],
        receipt: Receipt,
        sender: str,
    ) -> Iterator[Line]:
        for member in members:
            try:
                if member.file_size > MAX_SEALED_BODY_BYTES:
                    raise WireError("sealed measurement too long")
                body = archive.read(member)
            except (
                WireError,
                zipfile.BadZipFile,
                NotImplementedError,
                RuntimeError,
                OSError,
                EOFError,
            ) as error:
                self.refuse(Refusal.of(name, f"a member cannot be read: {error}"[:200], b""))
                continue
            try:
                if self._sealed_store is not None:  # the private key is on another machine
                    held = hold_sealed_untrusted(body)
                    self._sealed_store.keep(with_receipt(held.data, receipt)).result()
                    self.counts.received += 1
                else:
                    yield read_sealed_untrusted(body, self._keys.private, sender)
            except WireError as error:
                self.refuse(Refusal.of(name, error.reason, body, sender))

    def _read(self, name: str, line: bytes | LongLine, sender: str = "") -> Iterator[Line]:
        if isinstance(line, LongLine):
            reason = f"line of {line.size_bytes} bytes"
            head = scrub_text(line.head, sender)
            self.refuse(Refusal(name, reason, line.size_bytes, line.sha256, head))
            return
        if not line.strip():
            return
        try:
            fields = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
            yield read_line_untrusted(line.strip(), fields, sender)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self.refuse(Refusal.of(name, f"no measurement: {str(error)[:120]}", line, sender))
        except WireError as error:
            self.refuse(Refusal.of(name, error.reason, line, sender))

    def _note_refusals(self) -> None:
        noted = list(self._refusals)
        if not noted:
            return
        with self._owner.turn:
            committer = Committer(self._owner.store)
            for refusal in noted:
                what = LongLine(refusal.size_bytes, refusal.sha256, refusal.head)
                committer.add_unread(refusal.source, 0, refusal.reason, what, Tally())
            committer.commit()
        for _ in noted:
            self._refusals.popleft()

    def _detect(self) -> None:
        """Run detection, at intervals that leave time for other work."""
        self._needs_detection = False
        began = self._clock()
        with self._owner.turn:
            detect(self._owner.store, load_bans().values(), now=datetime.now(UTC))
        self.detected_at = time.time()
        took = self._clock() - began
        self._detect_at = self._clock() + max(EVERY_S, _DETECT_SHARE * took)
