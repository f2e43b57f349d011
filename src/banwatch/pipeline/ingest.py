"""Ingest of measurements: every file once and every measurement once, also after a crash."""

import tarfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from banwatch.formats.ooni.decode import MAX_LINE_BYTES
from banwatch.model.errors import WireError
from banwatch.model.progress import Progress
from banwatch.model.receipt import NO_RECEIPT, Receipt, SourceClass
from banwatch.model.reference import Reference
from banwatch.pipeline.commit import Committer, Portion, Tally
from banwatch.pipeline.files import sources
from banwatch.pipeline.files.documents import open_documents
from banwatch.pipeline.line_batch import LineBatch, LineBatchResult
from banwatch.pipeline.lines import LongLine, split_lines
from banwatch.pipeline.lost_lines import to_read_again
from banwatch.pipeline.trust.receipts import split_receipts
from banwatch.pipeline.worker import Worker
from banwatch.pipeline.workers import Workers, start_workers
from banwatch.store import Store
from banwatch.store.backups.join_segments import MANY, join_segments
from banwatch.store.bookkeeping import SourceFile

LINE_BATCH_BYTES = 8 << 20
LINE_BATCH_LINES = 2_000
"""A line batch ends with the first line past either limit."""
INBOX_BATCH_BYTES = 1 << 20
INBOX_BATCH_LINES = 250
INBOX_PORTION = Portion(lines=1_000, raw_bytes=4 << 20, rows=20_000)
"""Limits of line batches and commits of a collector, which serves readers beside it in little memory.

One request may take 64 MiB. With 2,000 lines a batch and 8,000 a commit, a file of 8,000 lines of 1 kB took
75 to 100 MiB; what these limits leave is printed by `bench/adversary.py --attack many_lines`.
"""
_BLANK = b" \t\r\n\xef\xbb\xbf"
"""White space and the byte order mark, which are stripped from a line."""
Receive = Callable[[Sequence[bytes]], tuple[tuple[bytes, ...], tuple[Receipt, ...]]]
"""Function from lines as they are in a file to lines for the archive, with their receipts."""


def _receipts_of(source_class: SourceClass) -> Receive:
    """Give every line the receipt of its class; none where that is the default."""
    receipt = Receipt(source_class=source_class)

    def receive(lines: Sequence[bytes]) -> tuple[tuple[bytes, ...], tuple[Receipt, ...]]:
        return tuple(lines), (receipt,) * len(lines) if receipt != NO_RECEIPT else ()

    return receive


@dataclass(frozen=True, slots=True)
class IngestReport:
    """Counts of ingested measurements, by outcome."""

    accepted: int
    """Measurements that are new."""
    duplicates: int
    """Measurements that the store had already."""
    conflicts: int
    """Measurements that differ from an earlier one of the same id: kept and flagged."""
    quarantined: int
    """Lines and files that could not be read to their end."""
    files: int
    bytes: int
    first_reason: str = ""
    """Reason for which the first line or file could not be read."""
    new_store: str = ""
    """Path of the store, where it was made for this ingest."""
    passed_over: Mapping[str, int] = field(default_factory=dict)
    """Number of files in folders that were not read, by the ending of their names."""

    @property
    def nothing_came(self) -> bool:
        """Whether the store got nothing, and had nothing of it before."""
        return not (self.accepted or self.duplicates or self.conflicts)


@dataclass(slots=True)
class _OpenSource:
    """Source that is being read, with the counts of its lines so far."""

    source: sources.Source
    sha256: str
    """Empty for the standard input, which cannot be resumed."""
    before: SourceFile | None
    """Progress of an earlier run."""
    twin: "_OpenSource | None" = None
    """Source of the same content that this run read before."""
    tally: Tally = field(default_factory=Tally)
    reason: str = ""
    """Reason for which its first line, or the file itself, could not be read."""

    def row(self, lines: int, *, complete: bool) -> SourceFile:
        """Make the row on its progress, of this run and earlier ones together."""
        before, tally = self.before, self.tally
        return SourceFile(
            sha256=self.sha256,
            path=self.source.name,
            size_bytes=self.source.size_bytes,
            lines=lines,
            accepted=tally.accepted + (before.accepted if before else 0),
            duplicates=tally.duplicates + (before.duplicates if before else 0),
            conflicts=tally.conflicts + (before.conflicts if before else 0),
            quarantined=tally.quarantined + (before.quarantined if before else 0),
            complete=complete,
        )


@dataclass(frozen=True, slots=True)
class _WorkItem:
    """Item of work: a line batch, an unreadable line or file, or the end of a file."""

    opened: _OpenSource
    lines: int
    """Number of the source's lines that are processed after this item."""
    line_batch: LineBatch | None = None
    unread: tuple[str, int, str, LongLine | None] | None = None
    complete: bool = False


def ingest(
    store: Store,
    paths: Iterable[str | Path],
    reference: Reference,
    *,
    progress: Progress | None = None,
    jobs: int | None = None,
    share: tuple[int, int] = (0, 1),
    source_class: SourceClass = SourceClass.OONI,
    from_inbox: bool = False,
) -> IngestReport:
    """Ingest files of measurements into a store.

    Files that were ingested before are recognised by their content and skipped; a file in which an earlier
    run was stopped is resumed there.

    Args:
        store: open for writing.
        paths: files, folders, patterns, or `-` for the standard input.
        reference: snapshots to weigh measurements against.
        progress: is called with the number of bytes read, and of all; that is 0 where unknown.
        jobs: number of worker processes; this process alone where None.
        share: part that this worker takes, from 0, and number of parts.
        source_class: class of the files' source; what a measurement says of itself never counts.
        from_inbox: whether the files are a collector's own, whose lines end in receipts.

    Raises:
        BanwatchError: a path does not exist, there is no room, or a worker process died.
    """
    found = sources.share_of(sources.find(paths), *share)
    total = sum(source.size_bytes for source in found)
    report = progress or (lambda done, total: None)
    read = 0

    def on_read(size: int) -> None:
        nonlocal read
        read += size
        report(min(read, total) if total else read, total)

    opened: list[_OpenSource] = []
    before = {row.sha256: row for row in store.rows(SourceFile)}
    committer = Committer(store, INBOX_PORTION) if from_inbox else Committer(store)
    if committer.lost:
        before = {sha256: to_read_again(row) for sha256, row in before.items()}
    with ExitStack() as stack:
        workers = stack.enter_context(start_workers(reference, jobs)) if jobs and jobs > 1 else None
        cutting = _Cutting(INBOX_BATCH_BYTES, INBOX_BATCH_LINES, split_receipts)
        if not from_inbox:
            cutting = _Cutting(LINE_BATCH_BYTES, LINE_BATCH_LINES, _receipts_of(source_class))
        items = _items(found, before, opened, on_read, cutting)
        for item, result in _results(items, workers, reference, jobs or 1):
            _commit_item(committer, item, result)
    committer.commit()
    if from_inbox:
        join_segments(store, at_least=MANY)
    report(total or read, total or read)
    return _report(opened, files=len(found), size_bytes=total or read)


def _report(opened: list[_OpenSource], *, files: int, size_bytes: int) -> IngestReport:
    rows = [o.twin.row(0, complete=True) if o.twin else o.before for o in opened]
    done = [row for row in rows if row is not None]
    return IngestReport(
        accepted=sum(o.tally.accepted for o in opened),
        duplicates=sum(o.tally.duplicates for o in opened)
        + sum(row.accepted + row.duplicates + row.conflicts for row in done),
        conflicts=sum(o.tally.conflicts for o in opened),
        quarantined=sum(o.tally.quarantined for o in opened) + sum(row.quarantined for row in done),
        files=files,
        bytes=size_bytes,
        first_reason=next((o.reason for o in opened if o.reason), ""),
    )


def _commit_item(committer: Committer, item: _WorkItem, result: LineBatchResult | None) -> None:
    opened = item.opened
    if item.line_batch is not None and result is not None:
        committer.add(item.line_batch, result, opened.tally)
        if result.unreadable:
            opened.reason = opened.reason or result.unreadable[0].reason
    if item.unread is not None:
        committer.add_unread(*item.unread, opened.tally)
        opened.reason = opened.reason or item.unread[2]
    if opened.sha256:
        committer.note(opened.sha256, partial(opened.row, item.lines, complete=item.complete))
    committer.commit_if_full()


def _items(
    found: Iterable[sources.Source],
    before: dict[str, SourceFile],
    opened: list[_OpenSource],
    on_read: Callable[[int], None],
    cutting: "_Cutting",
) -> Iterator[_WorkItem]:
    """Read every source in order; content that comes under a second name is read once."""
    twins: dict[str, _OpenSource] = {}
    for source in found:
        try:
            sha256 = sources.sha256_of(source)
        except OSError as error:
            sha256 = ""
            opened.append(_OpenSource(source, sha256, None))
            yield _WorkItem(opened[-1], 0, unread=(source.name, 0, f"cannot be read: {error.strerror}", None))
            continue
        earlier, twin = before.get(sha256), twins.get(sha256)
        opened.append(_OpenSource(source, sha256, earlier, twin))
        if twin is not None or (earlier is not None and earlier.complete):
            on_read(source.size_bytes)
            continue
        yield from _items_of(opened[-1], on_read, cutting)
        twins[sha256] = opened[-1]


def _items_of(
    opened: _OpenSource, on_read: Callable[[int], None], cutting: "_Cutting"
) -> Iterator[_WorkItem]:
    """Cut a source into line batches; an unreadable line or file affects no other."""
    lines = 0  # of the source, in all of its documents
    done = opened.before.lines if opened.before else 0
    try:
        for document in open_documents(opened.source, on_read):
            guarded = _GuardedChunks(document.chunks)
            cutter = _LineBatchCutter(document.name, cutting)
            for batch in split_lines(guarded):
                if guarded.broken:
                    break  # the beginning of a line, whose rest may be read another time
                for line in batch:
                    lines += 1
                    cutter.number += 1
                    if lines <= done:
                        continue
                    if isinstance(line, LongLine):
                        reason = f"line of {line.size_bytes} bytes, at most {MAX_LINE_BYTES} are read"
                        yield _WorkItem(
                            opened, lines, cutter.cut(), (document.name, cutter.number, reason, line)
                        )
                    elif cutter.add(line):
                        yield _WorkItem(opened, lines, cutter.cut())
            trouble = (document.name, 0, guarded.trouble, None) if guarded.trouble else None
            yield _WorkItem(opened, lines, cutter.cut(), trouble)
            if guarded.broken:
                return
    except WireError as error:
        yield _WorkItem(opened, lines, unread=(opened.source.name, 0, error.reason, None))
    except OSError as error:
        yield _WorkItem(opened, lines, unread=(opened.source.name, 0, f"cannot be read: {error}", None))
        return  # not complete: the file may be readable another time
    yield _WorkItem(opened, lines, complete=True)


class _GuardedChunks:
    """Stream of chunks that ends at an error, and then holds its reason."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.trouble = ""
        self.broken = False
        """Whether reading failed, rather than the content being damaged."""

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._chunks
        except WireError as error:
            self.trouble = error.reason
        except (tarfile.TarError, EOFError) as error:
            self.trouble = f"the archive is damaged or cut short: {error}"
        except OSError as error:
            self.trouble, self.broken = f"cannot be read: {error}", True


@dataclass(frozen=True, slots=True)
class _Cutting:
    """Limits of line batches, and how the receipt of a line is found."""

    batch_bytes: int
    batch_lines: int
    receive: Receive


class _LineBatchCutter:
    """Collects the lines of one document into line batches."""

    def __init__(self, name: str, cutting: _Cutting) -> None:
        self.name = name
        self._cutting = cutting
        self.number = 0
        """Number of the last line, from 1."""
        self._numbers: list[int] = []
        self._lines: list[bytes] = []
        self._held = 0

    def add(self, line: bytes) -> bool:
        """Take a line, and return whether the line batch is full."""
        line = line.strip(_BLANK)
        if line:
            self._numbers.append(self.number)
            self._lines.append(line)
            self._held += len(line)
        return self._held >= self._cutting.batch_bytes or len(self._lines) >= self._cutting.batch_lines

    def cut(self) -> LineBatch | None:
        """Return the line batch collected so far, if there is one, and begin the next."""
        if not self._lines:
            return None
        line_batch = LineBatch(self.name, tuple(self._numbers), *self._cutting.receive(self._lines))
        self._numbers, self._lines, self._held = [], [], 0
        return line_batch


def _results(
    items: Iterator[_WorkItem], workers: Workers | None, reference: Reference, jobs: int
) -> Iterator[tuple[_WorkItem, LineBatchResult | None]]:
    """Process line batches, here or in other processes, and return the results in order.

    Raises:
        BanwatchError: a worker process died.
    """
    if workers is None:
        worker = Worker(reference)
        for item in items:
            yield item, worker.work(item.line_batch) if item.line_batch is not None else None
        return
    ahead: deque[tuple[_WorkItem, Future[LineBatchResult] | None]] = deque()
    for item in items:
        line_batch = item.line_batch
        ahead.append((item, workers.submit(line_batch) if line_batch is not None else None))
        while len(ahead) > 2 * jobs:
            first, future = ahead.popleft()
            yield first, future.result() if future is not None else None
    for first, future in ahead:
        yield first, future.result() if future is not None else None
