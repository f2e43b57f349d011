"""Rebuild of tiers from the tier below, to the same content."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from banwatch.judge import judge as current_judge
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.evidence import Evidence
from banwatch.model.progress import Progress
from banwatch.model.reference import Reference
from banwatch.model.verdict import Verdict
from banwatch.pipeline.commit import Committer, Tally
from banwatch.pipeline.line_batch import LineBatch, without_collector
from banwatch.pipeline.trust.decisions import Retractions, decisions_path, read_decisions
from banwatch.pipeline.trust.receipts import receipts_of
from banwatch.pipeline.trust.report_facts import ReportFacts
from banwatch.pipeline.worker import Worker
from banwatch.store import Store, rebuilding
from banwatch.store.backups.join_segments import finish_join
from banwatch.store.backups.salvage import Salvage, put_aside, salvage
from banwatch.store.batch import join
from banwatch.store.bookkeeping import Entry, Segment
from banwatch.store.tables import TABLES

FROM = ("observation", "evidence", "verdict")
"""Tiers that a rebuild may start from; from the first, everything is made again."""


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """Counts of what a rebuild made again."""

    measurements: int
    segments: int
    quarantined: int = 0
    """Lines that still cannot be read."""
    salvaged: tuple[Salvage, ...] = ()
    """Segments that were damaged: what is whole of them was used."""
    adopted: int = 0
    """Segments that the archive had and the database did not know."""


def rebuild(
    store: Store,
    reference: Reference,
    *,
    from_tier: str = "observation",
    since: datetime | None = None,
    until: datetime | None = None,
    progress: Progress | None = None,
) -> RebuildReport:
    """Make every tier from one on upwards again, in one transaction.

    Args:
        store: open for writing.
        reference: snapshots to weigh measurements against.
        from_tier: one of `FROM`; `verdict` reads stored evidence, the others the archive.
        since: only measurements that started then or later.
        until: only measurements that started before.
        progress: is called with the number of segments done, and of all.

    Raises:
        BanwatchError: there is no such tier, a segment is damaged, or there is no room.
    """
    if from_tier not in FROM:
        raise BanwatchError(
            f"there is no tier {from_tier!r} to rebuild from", f"Choose one of {', '.join(FROM)}"
        )
    if from_tier == "verdict":
        return rejudge(store, since=since, until=until, progress=progress)
    if from_tier == FROM[0] and since is None and until is None:
        return _from_archive(store, reference, progress)
    segments = sorted(store.rows(Segment), key=lambda s: (s.ordinal, s.segment))
    report = progress or (lambda done, total: None)
    worker = Worker(reference)
    measurements = 0
    wanted = None if since is None and until is None else rebuilding.uids_between(store, since, until)
    places = {s.segment: rebuilding.first_copies(store, s.segment, wanted) for s in segments}
    retractions = Retractions(read_decisions(decisions_path(store.archive.folder)))
    report_facts = ReportFacts(store)
    with store.transaction():
        store.delete_measurements(None if wanted is None else sorted(wanted))
        for done, segment in enumerate(segments):
            entries = places.pop(segment.segment)
            parts = [worker.work(p).batch for p in line_batches(store, segment.segment, entries)]
            if parts:
                batch = join(parts)
                batch = batch.without(retractions.uids_in(batch.rows)) if retractions else batch
                measurements += batch.size
                store.append_batch(batch, entries)
                report_facts.note_rows(batch)
            report(done + 1, len(segments))
    return RebuildReport(measurements, len(segments))


def _from_archive(store: Store, reference: Reference, progress: Progress | None) -> RebuildReport:
    """Make every table again, with entries and quarantine.

    Lines that were unreadable before may be readable now. Of a damaged segment the whole lines are used.

    Raises:
        BanwatchError: a segment is missing, or there is no room.
    """
    report = progress or (lambda done, total: None)
    finish_join(store)
    order, adopted = _segments_of(store)
    salvaged: list[Salvage] = []
    whole: list[tuple[int, str]] = []
    for ordinal, name in order:
        found = store.archive.sha256_of(name)
        if found is None:  # a disk that is not there must not empty the tables
            raise _damaged(WireError(f"segment {name} is missing"))
        if found != name:
            salvaged.append(salvage(store.archive, name, ordinal))
            name = salvaged[-1].replaced_by
        if name:
            whole.append((ordinal, name))
    try:
        with store.transaction():
            store.delete_measurements()
            for table in ("segment", "entry"):
                store.clear(table)
            store.delete("quarantine", "segment", [name for _, name in order])
            committer, worker, tally = Committer(store), Worker(reference), Tally()
            for done, (ordinal, name) in enumerate(whole):
                for start, line_batch in _whole_frames(store, name):
                    committer.adopt(line_batch, worker.work(line_batch), start, tally)
                committer.write_adopted(_row_of(store, name, ordinal))
                report(done + 1, len(whole))
    except WireError as error:
        raise _damaged(error) from error
    for one in salvaged:
        put_aside(store.archive, one.segment)
    return RebuildReport(tally.accepted, len(whole), tally.quarantined, tuple(salvaged), adopted)


def _segments_of(store: Store) -> tuple[list[tuple[int, str]], int]:
    """List the segments in the order of commits, and count those that only the archive knew.

    A database that was lost, or copied without its write-ahead log, has no rows of some segments. One in the
    place of another was written by a scrub or a redaction that was stopped, and is not used.
    """
    rows = {row.segment: row.ordinal for row in store.rows(Segment)}
    taken = set(rows.values())
    others: list[tuple[int, str]] = []
    for name in store.archive.names():
        if name in rows:
            continue
        try:
            ordinal = store.archive.index(name).ordinal
        except WireError:
            ordinal = max([*taken, -1]) + 1  # its place is lost with its index
        if not rows or ordinal not in taken:
            others.append((ordinal, name))
    return sorted([*((ordinal, name) for name, ordinal in rows.items()), *others]), len(others) if rows else 0


def _whole_frames(store: Store, segment: str) -> Iterator[tuple[int, LineBatch]]:
    """Read all lines of a segment, each frame with the position of its first line."""
    index = store.archive.index(segment)
    for source, (start, lines) in zip(index.frame_sources, store.archive.frames(segment), strict=True):
        numbers = tuple(index.line_numbers[start : start + len(lines)])
        receipts = receipts_of(index, source, range(start, start + len(lines)))
        yield start, LineBatch(source, numbers, tuple(lines), receipts)


def _row_of(store: Store, segment: str, ordinal: int) -> Segment:
    index = store.archive.index(segment)
    return Segment(
        segment=segment,
        ordinal=ordinal,
        lines=len(index.line_bytes),
        raw_bytes=sum(index.line_bytes),
        size_bytes=store.archive.path_of(segment).stat().st_size,
    )


def line_batches(store: Store, segment: str, entries: Iterable[Entry]) -> Iterator[LineBatch]:
    """Read the lines of a segment that tiers are made from: the first copy of each measurement."""
    positions = {entry.position for entry in entries}
    try:
        source = store.archive.index(segment)
        for frame, (start, lines) in enumerate(store.archive.frames(segment)):
            chosen = [i for i in range(len(lines)) if start + i in positions]
            if chosen:
                numbers = tuple(source.line_numbers[start + i] for i in chosen)
                name = source.frame_sources[frame]
                receipts = receipts_of(source, name, [start + i for i in chosen])
                yield LineBatch(segment, numbers, tuple(lines[i] for i in chosen), receipts)
    except WireError as error:
        raise _damaged(error) from error


def _damaged(error: WireError) -> BanwatchError:
    return BanwatchError(
        f"the archive is damaged: {error.reason}",
        "Look with `banwatch archive check`, and put the segment back from a backup",
    )


def rejudge(
    store: Store,
    *,
    judge: Callable[[Evidence], Verdict] = current_judge,
    since: datetime | None = None,
    until: datetime | None = None,
    progress: Progress | None = None,
) -> RebuildReport:
    """Judge again from stored evidence, in one transaction.

    Verdicts by another ruleset that are replaced stay readable: `queries.past_verdicts`.

    Args:
        store: open for writing.
        judge: applies the rules; those of the current ruleset where none is given.
        since: only measurements that started then or later.
        until: only measurements that started before.
        progress: is called with the number of rows done, and of all.
    """
    report = progress or (lambda done, total: None)
    evidence_layout, verdict_layout = TABLES["evidence"].layout, TABLES["verdict"].layout
    first = rebuilding.any_evidence(store, since, until)
    ruleset = judge(first).ruleset if first is not None else ""
    done = 0
    with store.transaction():
        for past in rebuilding.replaced_verdicts(store, ruleset, since, until):
            store.append_arrow("past_verdict", past)
        rejudgement = store.rejudge(since, until)
        for evidence in rejudgement.evidence():
            with without_collector():
                verdicts = verdict_layout.to_arrow(map(judge, evidence_layout.from_arrow(evidence)))
            rejudgement.put(evidence, verdicts)
            done += evidence.num_rows
            report(done, rejudgement.total)
    return RebuildReport(rejudgement.measurements, 0)
