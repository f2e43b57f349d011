"""Audit of a store: the hash of every segment and the place of every row."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import ibis
import msgspec

from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.progress import Progress
from banwatch.store.bookkeeping import Segment
from banwatch.store.store import Store
from banwatch.store.tables import TABLES


@dataclass(frozen=True, slots=True)
class Audit:
    """Counts of the checked rows, and the problems found."""

    segments: int
    lines: int
    measurements: int
    conflicts: int
    quarantined: int
    problems: tuple[str, ...]
    """Lost, doubled or damaged rows and segments, in words; empty where there are none."""
    unreferenced: tuple[str, ...]
    """Segments that no row names: an ingest was stopped there, and its next run uses or replaces them; or the
    database was copied without its write-ahead log, and `banwatch rebuild` takes them in."""
    retracted: int = 0
    """Measurements of the archive that count in no tier, while retractions are in force."""

    @property
    def sound(self) -> bool:
        """Whether no problem was found."""
        return not self.problems


def audit(
    store: Store, progress: Progress = lambda done, total: None, *, has_retractions: bool = False
) -> Audit:
    """Check every segment against its name, and every row against the segments.

    Args:
        store: open.
        progress: called after each segment.
        has_retractions: whether retractions are in force: measurements that have no row in any tier are then
            counted, and are no problem.
    """
    problems: list[str] = []
    segments = store.rows(Segment)
    for done, segment in enumerate(segments):
        problem = _problem_of(store, segment)
        if problem:
            problems.append(problem)
        progress(done + 1, len(segments))
    unreadable = list(_unreadable_tables(store))
    retracted = store.count(_without_rows(store)) if has_retractions and not unreadable else 0
    problems.extend(unreadable or _problems_of_rows(store, has_retractions=has_retractions))
    row_names = {segment.segment for segment in segments}
    entries = store.table("entry")
    return Audit(
        segments=len(segments),
        lines=sum(segment.lines for segment in segments),
        measurements=store.count(store.table("measurement")),
        conflicts=store.count(entries.filter(entries["copy"] > 0)),
        quarantined=store.count(store.table("quarantine")),
        problems=tuple(problems),
        unreferenced=tuple(name for name in store.archive.names() if name not in row_names),
        retracted=retracted,
    )


def _problem_of(store: Store, segment: Segment) -> str:
    """Compare a segment's bytes with its name and its index with its row."""
    found = store.archive.sha256_of(segment.segment)
    if found is None:
        cold = store.archive.cold_folder()
        return f"segment {segment.segment} is missing" + (f", also in the cold store {cold}" if cold else "")
    if found != segment.segment:
        return f"segment {segment.segment} is damaged: its bytes hash to {found}"
    try:
        lines = len(store.archive.index(segment.segment).line_bytes)
    except WireError as error:
        return f"segment {segment.segment}: {error.reason}"
    if lines != segment.lines:
        return f"segment {segment.segment} has {lines} lines, its row says {segment.lines}"
    return ""


def _unreadable_tables(store: Store) -> Iterator[str]:
    """Read every column of every table: a block that is damaged shows itself only when it is read."""
    for name in TABLES:
        try:
            for _ in store.batches(store.table(name), 65_536):
                pass
        except BanwatchError as error:
            yield f"the table {name} cannot be read: {error.what}"


def _without_rows(store: Store) -> ibis.Table:
    """Return the measurements of the archive that have no row in any tier."""
    entries = store.table("entry")
    rest = entries.filter(entries["copy"] == 0).select("measurement_uid")
    for name in ("measurement", "evidence", "verdict"):
        rest = rest.anti_join(store.table(name).select("measurement_uid"), "measurement_uid")
    return rest


def _problems_of_rows(store: Store, *, has_retractions: bool) -> list[str]:
    """Find rows that point nowhere, are doubled, or are missing in one of the tiers."""
    entries, segments = store.table("entry"), store.table("segment")
    problems = []
    lost = store.count(entries.anti_join(segments, "segment"))
    if lost:
        problems.append(f"{lost} entries lie in segments that have no row")
    placed = entries.join(segments.select("segment", "lines"), "segment")
    beyond = store.count(placed.filter((placed.position < 0) | (placed.position >= placed.lines)))
    if beyond:
        problems.append(f"{beyond} entries lie beyond the end of their segment")
    first = entries.filter(entries["copy"] == 0).select("measurement_uid")
    if has_retractions:
        first = first.anti_join(_without_rows(store), "measurement_uid")
    problems.extend(_problems_of_doubles(store))
    for name in ("measurement", "evidence", "verdict"):
        table = store.table(name)
        ids = table.select("measurement_uid")
        keyed = ids if name == "measurement" else table.select("measurement_uid", "target")
        doubled = store.count(keyed) - store.count(keyed.distinct())
        if doubled:
            problems.append(f"{doubled} rows of {name} stand there twice")
        missing = store.count(first.anti_join(ids, "measurement_uid"))
        extra = store.count(ids.anti_join(first, "measurement_uid"))
        if missing:
            problems.append(f"{missing} measurements of the archive have no row in {name}")
        if extra:
            problems.append(f"{extra} rows of {name} belong to no measurement of the archive")
    return problems


def _problems_of_doubles(store: Store) -> Iterator[str]:
    """Check copies that have two places in the archive.

    Two workers on ClickHouse may ingest the same measurement at the same moment: it has two places then, and
    counts once. Both lines must have the same content, and no place may be listed twice.
    """
    entries = store.table("entry")
    keys = ["measurement_uid", "copy"]
    counted = entries.group_by(keys).agg(rows=entries.count())
    doubled = entries.semi_join(counted.filter(counted.rows > 1), keys).order_by(
        [*keys, "segment", "position"]
    )
    rows = (row for batch in store.batches(doubled) for row in TABLES["entry"].layout.from_arrow(batch))
    for (uid, copy), group in groupby(rows, key=lambda row: (row.measurement_uid, row.copy)):
        found = list(group)
        if len({(row.segment, row.position) for row in found}) < len(found):
            yield f"the place of {uid} (copy {copy}) stands there twice"
            continue
        try:
            lines = {store.archive.line(row.segment, row.position) for row in found}
        except WireError as error:
            yield f"{uid}: {error.reason}"
            continue
        if len(lines) > 1 and len({_content_of(line) for line in lines}) > 1:
            yield f"two workers brought in differing measurements of the name {uid} at once"


def _content_of(line: bytes) -> bytes:
    """Encode a line canonically, so that two can be compared; an unreadable one stays as it is."""
    try:
        return msgspec.json.encode(msgspec.json.decode(line), order="sorted")
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return line
