"""Committer: drops what came before, then writes a segment, then its rows, in that order.

A segment is on the disk before any row names it. A crash between the two leaves a segment that no row names;
the same lines give the same segment again, so the next run finds it already written.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from banwatch.formats.own_address import scrub_line
from banwatch.model.errors import WireError
from banwatch.model.ids import MeasurementUid
from banwatch.pipeline.line_batch import (
    LineBatch,
    LineBatchResult,
    head_of,
    pack,
    same_content,
)
from banwatch.pipeline.lines import LongLine
from banwatch.pipeline.lost_lines import (
    TakenAgain,
    forget_lost_lines,
    lost_segments,
    same_measurements,
    write_taken_again,
)
from banwatch.pipeline.trust.decisions import Retractions, decisions_path, read_decisions
from banwatch.pipeline.trust.report_facts import ReportFacts
from banwatch.store import Store, queries
from banwatch.store.archive import Frame
from banwatch.store.batch import Batch, join
from banwatch.store.bookkeeping import Entry, Quarantined, Segment, SourceFile
from banwatch.store.originals import note_originals

SEGMENT_BYTES = 64 << 20
"""A segment ends with the first line batch past this many raw bytes: 9,000 lines of 7 kB, 140 of 450 kB."""
SEGMENT_ROWS = 200_000
"""A segment also ends past this many observations, which bounds memory for any measurements."""
SEGMENT_UNREADABLE = 50_000
"""A segment also ends past this many unreadable lines, which may be of two bytes each."""
COMMIT_S = 10.0
"""A segment also ends after so many seconds, so that a slow, often stopped ingest makes progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """Most that is held in memory before it is committed."""

    lines: int
    raw_bytes: int
    rows: int
    """Observations."""


@dataclass(slots=True)
class Tally:
    """Counts of a source's lines, by outcome."""

    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    quarantined: int = 0


@dataclass(frozen=True, slots=True)
class _Copy:
    """Copy of a measurement's line, pending or in the archive."""

    sha256: bytes
    line: bytes | None
    """None for a line in the archive, which is fetched when needed."""
    segment: str = ""
    position: int = 0
    number: int = 0
    """Number of the copy, from 0."""


@dataclass(slots=True)
class _Pending:
    """Content of the next commit."""

    received: list[tuple[LineBatch, LineBatchResult, Tally]] = field(default_factory=list)
    """Line batches whose lines are not compared with the store yet: that takes one look-up for all."""
    received_lines: int = 0
    frames: list[Frame] = field(default_factory=list)
    entries: list[tuple[str, int, int]] = field(default_factory=list)
    """Id, copy and position in the segment, of each line."""
    taken_again: list[TakenAgain] = field(default_factory=list)
    """Lines whose segment was lost."""
    originals: dict[str, str] = field(default_factory=dict)
    """By id, hashes of lines as they came, where an address of the probe was taken out."""
    quarantined: list[Quarantined] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    sources: dict[str, Callable[[], SourceFile]] = field(default_factory=dict)
    lines: int = 0
    raw_bytes: int = 0
    rows: int = 0
    unread: int = 0
    copies: dict[str, list[_Copy]] = field(default_factory=dict)
    """All copies of the ids in this commit."""


class Committer:
    """Takes line batches with their results in order and commits them, a segment at a time."""

    def __init__(
        self, store: Store, portion: Portion | None = None, *, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        self._store = store
        self._portion = portion or Portion(lines=SEGMENT_ROWS, raw_bytes=segment_bytes, rows=SEGMENT_ROWS)
        segments = store.rows(Segment)
        self._ordinal = max((s.ordinal for s in segments), default=-1) + 1
        self.lost = lost_segments(store, segments)
        """Segments that rows name and that are gone; lines of theirs are taken again."""
        self._pending = _Pending()
        self._report_facts = ReportFacts(store)
        self._committed_at = time.monotonic()
        self._retractions = Retractions(read_decisions(decisions_path(store.archive.folder)))

    def add(self, line_batch: LineBatch, result: LineBatchResult, tally: Tally) -> None:
        """Take a line batch with its result; its lines are counted in the tally when they are committed."""
        pending = self._pending
        pending.received.append((result.kept(line_batch), result, tally))
        pending.received_lines += len(line_batch.lines)
        pending.raw_bytes += result.raw_bytes
        pending.rows += result.batch.steps.num_rows
        pending.unread += len(result.unreadable)

    def _take_received(self) -> None:
        """Compare the lines that were received with the store, and keep those that are new."""
        pending = self._pending
        self._load_copies({uid for _, result, _ in pending.received for uid in result.uids if uid})
        for line_batch, result, tally in pending.received:
            dropped, repeated = self._classify(line_batch, result, tally)
            for position, (_, original) in result.scrubbed.items():
                if position not in dropped and result.uids[position]:
                    pending.originals[result.uids[position]] = original
            kept = len(line_batch.lines) - len(dropped)
            if kept:
                frames = (
                    pack(line_batch, set(range(len(result.uids))) - dropped) if dropped else result.frames
                )
                pending.frames.extend(frames)
                pending.lines += kept
                self._add_rows(result, repeated)

    def adopt(self, line_batch: LineBatch, result: LineBatchResult, start: int, tally: Tally) -> None:
        """Take lines of an existing segment, which `write_adopted` then names."""
        self._load_copies({uid for uid in result.uids if uid})
        _, repeated = self._classify(line_batch, result, tally, start=start)
        self._add_rows(result, repeated)

    def write_adopted(self, row: Segment) -> None:
        """Write the rows of an existing segment; call it inside a transaction."""
        pending, self._pending = self._pending, _Pending()
        self._write(pending, row)

    def _add_rows(self, result: LineBatchResult, repeated: set[str]) -> None:
        left_out = repeated.union(self._retractions.uids_in(result.batch.rows))
        batch = result.batch.without(sorted(left_out)) if left_out else result.batch
        if batch.size:
            self._pending.batches.append(batch)

    def add_unread(self, source: str, number: int, reason: str, what: LongLine | None, tally: Tally) -> None:
        """Quarantine a line over the limit, or (number 0) a file that cannot be read to its end."""
        tally.quarantined += 1
        self._pending.unread += 1
        self._pending.quarantined.append(
            Quarantined(
                source=source,
                line=number,
                reason=reason,
                size_bytes=what.size_bytes if what else 0,
                sha256=what.sha256 if what else "",
                head=head_of(scrub_line(what.head)) if what else "",
                segment="",
                position=-1,
            )
        )

    def commit_if_full(self) -> None:
        """Commit when a segment is full."""
        pending = self._pending
        if (
            pending.raw_bytes >= self._portion.raw_bytes
            or pending.rows >= self._portion.rows
            or pending.unread >= min(SEGMENT_UNREADABLE, self._portion.lines)
            or pending.received_lines >= self._portion.lines
            or (pending.sources and time.monotonic() - self._committed_at >= COMMIT_S)
        ):
            self.commit()

    def note(self, sha256: str, row: Callable[[], SourceFile]) -> None:
        """Record how far a file was processed; the row is made and written with the next commit."""
        self._pending.sources[sha256] = row

    def _load_copies(self, uids: set[str]) -> None:
        """Load the copies of ids that the store has already."""
        copies = self._pending.copies
        found = self._store.matching(Entry, "measurement_uid", uids - copies.keys())
        for entry in sorted(found, key=lambda e: (e.measurement_uid, e.copy)):
            try:
                digest = self._store.archive.index(entry.segment).sha256(entry.position)
            except WireError:
                digest = b""  # damaged: equal to no line, so that the new line is kept too
            copies.setdefault(entry.measurement_uid, []).append(
                _Copy(digest, None, entry.segment, entry.position, entry.copy)
            )

    def _classify(
        self, line_batch: LineBatch, result: LineBatchResult, tally: Tally, *, start: int | None = None
    ) -> tuple[set[int], set[str]]:
        """Classify lines as new, duplicate, conflicting or unreadable.

        Args:
            line_batch: the lines.
            result: their processing result.
            tally: counts to add to.
            start: position of the first line in the segment that holds them; None where none does.

        Returns:
            Positions of lines that are dropped, and ids whose rows are, because the store has others.
        """
        pending = self._pending
        dropped: set[int] = set()
        hashes = [digest for frame in result.frames for digest in frame.line_sha256]
        unreadable = {u.position: u for u in result.unreadable}
        repeated = {uid for uid in result.uids if uid in pending.copies}
        again = same_measurements(self._store, result, self._lost_uids(repeated))
        at = pending.lines if start is None else start
        for position, uid in enumerate(result.uids):
            line = line_batch.lines[position]
            if not uid:
                found = unreadable[position]
                tally.quarantined += 1
                pending.quarantined.append(
                    Quarantined(
                        source=line_batch.source,
                        line=line_batch.numbers[position],
                        reason=found.reason,
                        size_bytes=len(line),
                        sha256=hashes[position].hex(),
                        head=found.head,
                        segment="",
                        position=at,
                    )
                )
                at += 1
                continue
            copies = pending.copies.setdefault(uid, [])
            if uid in self._retractions.redacted or any(
                self._is_same(copy, hashes[position], line) for copy in copies
            ):
                tally.duplicates += 1
                dropped.add(position)
                at += start is not None
                continue
            if uid in again:
                (copy,) = (one for one in copies if one.segment in self.lost)
                again.discard(uid)
                copies.remove(copy)
                copies.append(_Copy(hashes[position], line, number=copy.number))
                pending.taken_again.append(TakenAgain(uid, copy.number, at))
                tally.duplicates += 1
                at += 1
                continue
            tally.accepted += not copies
            tally.conflicts += bool(copies)
            pending.entries.append((uid, len(copies), at))
            copies.append(_Copy(hashes[position], line))
            at += 1
        return dropped, repeated

    def _lost_uids(self, uids: set[str]) -> set[str]:
        """Return the ids of which one copy's segment is lost."""
        copies = self._pending.copies
        return {uid for uid in uids if sum(one.segment in self.lost for one in copies[uid]) == 1}

    def _is_same(self, copy: _Copy, digest: bytes, line: bytes) -> bool:
        if copy.sha256 == digest:
            return True
        try:
            other = (
                copy.line if copy.line is not None else self._store.archive.line(copy.segment, copy.position)
            )
        except WireError:
            return False  # the archive is damaged there, so this copy is kept too
        return same_content(other, line)

    def commit(self) -> None:
        """Write the pending lines: the segment first, then every row in one transaction."""
        self._take_received()
        pending, self._pending = self._pending, _Pending()
        self._committed_at = time.monotonic()
        row = None
        note_originals(self._store.archive.folder, pending.originals)
        if pending.frames:
            segment, size = self._store.archive.write(self._ordinal, pending.frames)
            row = Segment(
                segment=segment,
                ordinal=self._ordinal,
                lines=pending.lines,
                raw_bytes=sum(sum(f.line_bytes) for f in pending.frames),
                size_bytes=size,
            )
        if row or pending.quarantined or pending.sources:
            with self._store.transaction():
                self._write(pending, row)
        self._ordinal += row is not None

    def _write(self, pending: _Pending, row: Segment | None) -> None:
        store = self._store
        segment = row.segment if row else ""
        store.append("quarantine", self._new_quarantine(pending.quarantined, segment))
        store.append("segment", [row] if row else [])
        write_taken_again(store, segment, pending.taken_again, self.lost)
        batch = join(pending.batches) if pending.batches else None
        store.append_batch(batch, _entries_of(segment, pending.entries))
        if batch is not None:
            self._report_facts.note_rows(batch)
        store.replace("source_file", "sha256", [row() for row in pending.sources.values()])

    def _new_quarantine(self, rows: Sequence[Quarantined], segment: str) -> list[Quarantined]:
        """Drop rows on a line of a file that is in quarantine already."""
        if not rows:
            return []
        named = [replace(row, segment=segment) if row.position >= 0 else row for row in rows]
        before = queries.quarantined_at(self._store, {(row.source, row.line) for row in named})
        earlier = {(row.source, row.line, row.sha256) for row in before if row.segment not in self.lost}
        distinct = {(row.source, row.line, row.sha256): row for row in named}
        forget_lost_lines(self._store, before, self.lost)
        return [row for key, row in distinct.items() if key not in earlier]


def _entries_of(segment: str, entries: Iterable[tuple[str, int, int]]) -> list[Entry]:
    """Make the entries for places of lines."""
    return [
        Entry(measurement_uid=MeasurementUid(uid), copy=copy, segment=segment, position=position)
        for uid, copy, position in entries
    ]
