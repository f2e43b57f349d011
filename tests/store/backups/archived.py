"""Stores with one small segment for each file, for tests."""

from pathlib import Path

from banwatch import reference
from banwatch.pipeline.ingest import ingest
from banwatch.store import Store
from banwatch.store.bookkeeping import Entry
from tests.pipeline.measurement_lines import line, write


def fill(store: Store, folder: Path, *, files: int = 3, lines: int = 4) -> None:
    """Ingest files one after another; file n is of day n+1, and has an unreadable line."""
    loaded = reference.load()
    for day in range(files):
        path = folder / f"{day}.jsonl"
        some = [line(10 * day + number, day=day + 1) for number in range(lines)]
        write(path, [*some, b"{not a measurement"])
        ingest(store, [path], loaded)


def raw_lines(store: Store) -> dict[str, bytes]:
    """Return the raw line of each measurement."""
    return {str(e.measurement_uid): store.archive.line(e.segment, e.position) for e in store.rows(Entry)}
