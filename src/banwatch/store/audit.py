"""Proof that nothing was lost or doubled: every segment's hash, every row's place."""

from collections.abc import Callable
from dataclasses import dataclass

from banwatch.model.errors import WireError
from banwatch.store.rows import Segment
from banwatch.store.store import Store


@dataclass(frozen=True, slots=True)
class Audit:
    """What was looked at, and what is wrong."""

    segments: int
    lines: int
    measurements: int
    conflicts: int
    quarantined: int
    problems: tuple[str, ...]
    """What is lost, doubled or damaged, in words; empty where all is well."""
    unreferenced: tuple[str, ...]
    """Segments that no row speaks of: an ingest was stopped there; its next run uses or replaces them."""

    @property
    def sound(self) -> bool:
        """Whether all is well."""
        return not self.problems


def audit(store: Store, progress: Callable[[int, int], None] = lambda done, total: None) -> Audit:
    """Check every segment against its name, and every row against the segments."""
    problems: list[str] = []
    segments = store.rows(Segment)
    for done, segment in enumerate(segments):
        problem = _problem_of(store, segment)
        if problem:
            problems.append(problem)
        progress(done + 1, len(segments))
    problems.extend(_problems_of_rows(store))
    known = {segment.segment for segment in segments}
    entries = store.table("entry")
    return Audit(
        segments=len(segments),
        lines=sum(segment.lines for segment in segments),
        measurements=store.count(store.table("measurement")),
        conflicts=store.count(entries.filter(entries["copy"] > 0)),
        quarantined=store.count(store.table("quarantine")),
        problems=tuple(problems),
        unreferenced=tuple(name for name in store.archive.names() if name not in known),
    )


def _problem_of(store: Store, segment: Segment) -> str:
    """Compare a segment's bytes with its name and its index with its row."""
    found = store.archive.sha256_of(segment.segment)
    if found is None:
        return f"segment {segment.segment} is missing"
    if found != segment.segment:
        return f"segment {segment.segment} is damaged: its bytes hash to {found}"
    try:
        lines = len(store.archive.index(segment.segment).line_bytes)
    except WireError as error:
        return f"segment {segment.segment}: {error.reason}"
    if lines != segment.lines:
        return f"segment {segment.segment} has {lines} lines, its row says {segment.lines}"
    return ""


def _problems_of_rows(store: Store) -> list[str]:
    """Look for rows that point nowhere, stand twice, or are missing in one of the tiers."""
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
    for name, table in (
        ("entry", first),
        *((n, store.table(n)) for n in ("measurement", "evidence", "verdict")),
    ):
        ids = table.select("measurement_uid")
        keyed = table.select("measurement_uid", "target") if name in ("evidence", "verdict") else ids
        doubled = store.count(keyed) - store.count(keyed.distinct())
        if doubled:
            problems.append(f"{doubled} rows of {name} stand there twice")
        if name != "entry":
            missing = store.count(first.anti_join(ids, "measurement_uid"))
            extra = store.count(ids.anti_join(first, "measurement_uid"))
            if missing:
                problems.append(f"{missing} measurements of the archive have no row in {name}")
            if extra:
                problems.append(f"{extra} rows of {name} belong to no measurement of the archive")
    return problems
