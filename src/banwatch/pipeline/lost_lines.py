"""Lines whose segment was lost, taken again from the file that they came from.

A line of the same id is that line where its measurement is the one in the store, column by column: an id is
public, and anybody could send another line under it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from banwatch.model.measurement import Measurement
from banwatch.pipeline.line_batch import LineBatchResult
from banwatch.store import Store
from banwatch.store.batch import MEASUREMENT
from banwatch.store.bookkeeping import Entry, Quarantined, Segment, SourceFile


@dataclass(frozen=True, slots=True)
class TakenAgain:
    """Line that has a place again."""

    uid: str
    copy: int
    position: int


def lost_segments(store: Store, segments: Iterable[Segment]) -> frozenset[str]:
    """Return the segments that rows name and that are neither in the archive nor in its cold store.

    While the cold store is away nothing is lost.
    """
    cold = store.archive.cold_folder()
    if cold is not None and not cold.is_dir():
        return frozenset()
    return frozenset(s.segment for s in segments if not store.archive.path_of(s.segment).exists())


def to_read_again(row: SourceFile) -> SourceFile:
    """Return the row of a file that is read from its beginning once more."""
    return replace(row, lines=0, accepted=0, duplicates=0, conflicts=0, quarantined=0, complete=False)


def same_measurements(store: Store, result: LineBatchResult, uids: Collection[str]) -> set[str]:
    """Return those of some ids of which a line batch has the measurement that the store has."""
    wanted = set(uids) & set(result.uids)
    if not wanted:
        return set()
    stored = {str(row.measurement_uid): row for row in store.matching(Measurement, "measurement_uid", wanted)}
    read = MEASUREMENT.from_arrow(result.batch.rows)
    return {str(row.measurement_uid) for row in read if stored.get(str(row.measurement_uid)) == row}


def forget_lost_lines(store: Store, rows: Collection[Quarantined], lost: frozenset[str]) -> None:
    """Delete the rows of unreadable lines in lost segments that came again; call it inside a transaction."""
    again = {(row.source, row.line, row.sha256) for row in rows if row.segment in lost}
    segments = sorted({row.segment for row in rows if row.segment in lost})
    rest = [
        row
        for row in (store.matching(Quarantined, "segment", segments) if segments else ())
        if (row.source, row.line, row.sha256) not in again
    ]
    store.delete("quarantine", "segment", segments)
    store.append("quarantine", rest)


def write_taken_again(store: Store, segment: str, lines: Iterable[TakenAgain], lost: frozenset[str]) -> None:
    """Give lines their new place, and drop lost segments that no row needs; call it inside a transaction."""
    places = {(line.uid, line.copy): line.position for line in lines}
    if not places:
        return
    uids = sorted({uid for uid, _ in places})
    entries = store.matching(Entry, "measurement_uid", uids)
    store.delete("entry", "measurement_uid", uids)
    store.append(
        "entry",
        [
            replace(e, segment=segment, position=places[e.measurement_uid, e.copy])
            if (e.measurement_uid, e.copy) in places
            else e
            for e in entries
        ],
    )
    needed = {entry.segment for entry in store.matching(Entry, "segment", lost)}
    unneeded = sorted(lost - needed)
    store.delete("segment", "segment", unneeded)
    store.delete("quarantine", "segment", unneeded)
