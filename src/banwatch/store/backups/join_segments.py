"""Joining of small archive segments: a journal brought in each minute leaves a segment each minute.

The joined segment is on the disk before any row names it, and the small ones are deleted after the rows are.
Wire: `joining.json` in the archive names both from before the rows change until the small ones are deleted,
so that the next run, or a rebuild, removes those that no row names.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from banwatch.model.errors import BanwatchError, WireError
from banwatch.store.archive import Archive, Frame, pack_frame, sync_directory
from banwatch.store.bookkeeping import Entry, Quarantined, Segment
from banwatch.store.store import Store

SMALL_BYTES = 4 << 20
"""Raw bytes below which a segment is joined with its neighbours: a minute's journal is smaller."""
JOINED_BYTES = 64 << 20
"""Raw bytes that a joined segment has at most, as one of an ingest (`pipeline.commit.SEGMENT_BYTES`)."""
MANY = 64
"""Small segments from which a collector joins them: about an hour of journals."""
_FRAME_BYTES = 1 << 20
_INTENT = "joining.json"


class _Intent(msgspec.Struct, frozen=True, kw_only=True):
    new: str
    old: list[str]


@dataclass(frozen=True, slots=True)
class JoinReport:
    """Counts of what was joined."""

    before: int
    """Small segments that were joined."""
    after: int
    """Segments that they became."""
    lines: int


def join_segments(store: Store, *, at_least: int = 2) -> JoinReport:
    """Join runs of small segments, in the order of commits.

    Args:
        store: open for writing.
        at_least: number of small segments below which nothing is done.

    Raises:
        BanwatchError: a segment is damaged, or there is no room.
    """
    finish_join(store)
    before = after = lines = 0
    runs = list(_runs(store))
    if sum(map(len, runs)) >= at_least:
        for run in runs:
            _join(store, run)
            before, after = before + len(run), after + 1
            lines += sum(segment.lines for segment in run)
    return JoinReport(before, after, lines)


def finish_join(store: Store) -> None:
    """Finish or undo a join that was stopped: of its segments, those stay that rows name."""
    path = store.archive.folder / _INTENT
    try:
        intent = msgspec.json.decode(path.read_bytes(), type=_Intent)
    except (FileNotFoundError, msgspec.DecodeError):  # cut short: no row was changed yet
        return
    named = {segment.segment for segment in store.segments()}
    for segment in (intent.new, *intent.old):
        if segment not in named and (intent.new in named or segment == intent.new):
            store.archive.remove(segment)
    path.unlink()


def _runs(store: Store) -> Iterator[list[Segment]]:
    """Yield neighbours in the order of commits that fit into one segment together, two or more."""
    run: list[Segment] = []
    for segment in sorted(store.segments(), key=lambda one: (one.ordinal, one.segment)):
        is_small = segment.raw_bytes < SMALL_BYTES and store.archive.is_at_hand(segment.segment)
        full = sum(one.raw_bytes for one in run) + segment.raw_bytes > JOINED_BYTES
        if run and (not is_small or full):
            if len(run) > 1:
                yield run
            run = []
        if is_small:
            run.append(segment)
    if len(run) > 1:
        yield run


def _join(store: Store, run: Sequence[Segment]) -> None:
    archive = store.archive
    try:
        frames = list(_frames(archive, run))
    except WireError as error:
        raise BanwatchError(
            f"the archive is damaged: {error.reason}",
            "Look with `banwatch archive check`, and put the segment back from a backup",
        ) from error
    name, size = archive.write(run[0].ordinal, frames)
    old = [segment.segment for segment in run]
    new = Segment(
        segment=name,
        ordinal=run[0].ordinal,
        lines=sum(segment.lines for segment in run),
        raw_bytes=sum(segment.raw_bytes for segment in run),
        size_bytes=size,
    )
    starts = {}
    at = 0
    for segment in run:
        starts[segment.segment] = at
        at += segment.lines
    entries = [
        replace(e, segment=name, position=e.position + starts[e.segment])
        for e in store.matching(Entry, "segment", old)
    ]
    quarantined = [
        replace(q, segment=name, position=q.position + starts[q.segment])
        for q in store.matching(Quarantined, "segment", old)
    ]
    _note(archive.folder / _INTENT, _Intent(new=name, old=old))
    with store.transaction():
        store.delete("segment", "segment", old)
        store.append("segment", [new])
        for table, rows in (("entry", entries), ("quarantine", quarantined)):
            store.delete(table, "segment", old)
            store.append(table, rows)
    finish_join(store)


def _frames(archive: Archive, run: Sequence[Segment]) -> Iterator[Frame]:
    """Yield the lines of some segments in their order, those of one file in frames of a mebibyte or more."""
    source = ""
    numbers: list[int] = []
    lines: list[bytes] = []
    receipts: list[str] = []

    def packed() -> Frame:
        return pack_frame(source, numbers, lines, receipts if any(receipts) else ())

    for segment in run:
        index = archive.index(segment.segment)
        for name, (start, mine) in zip(index.frame_sources, archive.frames(segment.segment), strict=True):
            if lines and (name != source or sum(map(len, lines)) >= _FRAME_BYTES):
                yield packed()
                numbers, lines, receipts = [], [], []
            source = name
            numbers += index.line_numbers[start : start + len(mine)]
            lines += mine
            receipts += [index.receipt_of(start + at) for at in range(len(mine))]
    if lines:
        yield packed()


def _note(path: Path, intent: _Intent) -> None:
    unfinished = path.with_suffix(".part")
    with open(unfinished, "wb") as file:
        file.write(msgspec.json.encode(intent))
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)
    sync_directory(path.parent)
