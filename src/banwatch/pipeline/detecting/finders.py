"""Detection in one country's cells, in this process or in worker processes that are handed one at a time.

Each worker is `python -m banwatch.pipeline.detecting`, which ends when its pipe does.

Wire: as in `pipeline.processes`: in, pairs of cells (an Arrow IPC stream) and a `CountryTask`; out, results.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import msgspec
import pyarrow as pa

from banwatch.detect.countries import (
    CountryFindings,
    Nowhere,
    Reach,
    draft,
    find_in_country,
    set_aside_in,
    settle,
    span_of,
)
from banwatch.model.cell import Cell
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import CountryCode
from banwatch.model.incident import Change, Incident
from banwatch.model.receipt import SourceClass
from banwatch.net.linux.capacity import usable_cores
from banwatch.pipeline.detecting.source import CellSource
from banwatch.pipeline.detecting.store_source import StoredCells
from banwatch.pipeline.processes import Processes, pipes_of_parent, receive, send
from banwatch.store.tables import layout_of

WORKERS = 2
"""Worker processes at most: each holds one country's cells, some 2 kB a cell."""
CELLS_FOR_WORKERS = 150_000
"""Cells from which workers are started: each takes a second or two to begin."""
_DIED = BanwatchError(
    "a worker process of detection died, perhaps for lack of memory",
    "Run the same command again, with more memory; what was published stays as it is",
)


@dataclass(frozen=True, slots=True)
class LevelTask:
    """Level of trust at which a country's cells are to be read."""

    classes: frozenset[SourceClass]
    reach: Reach
    before: CountryFindings | None
    """Findings in the same cells when the data reached less far."""


@dataclass(frozen=True, slots=True)
class CountryTask:
    """Levels at which one country's cells are to be read, and the options."""

    levels: tuple[LevelTask, ...]
    through: datetime | None
    continues: bool


@dataclass(frozen=True, slots=True)
class Found:
    """Findings of one country at one level."""

    findings: CountryFindings
    key: str
    """Hash of the changes that its drafts were made of."""
    drafts: tuple[Incident, ...]
    """Incidents without ids that it has if no other country explains anything of it, as in most cases."""


def find_levels_of(cells: Sequence[Cell], task: CountryTask) -> list[Found]:
    """Find what changed in one country's cells, at each level; equal levels are read once."""
    found: list[Found] = []
    last: tuple[int, str] | None = None
    for level in task.levels:
        heard = [cell for cell in cells if cell.source_class in level.classes]
        if found and last == (len(heard), span_text(found[-1].findings, level.reach)):
            found.append(found[-1])
            continue
        mine = find_in_country(
            heard,
            level.reach,
            through=task.through,
            continues=task.continues,
            before=level.before,
        )
        changes = settle({CountryCode(""): mine})[CountryCode("")]
        aside = set_aside_in(changes, Nowhere())
        found.append(Found(mine, hash_of(changes, aside), draft(changes, heard, aside)))
        last = len(heard), span_text(mine, level.reach)
    return found


def span_text(findings: CountryFindings, reach: Reach) -> str:
    """Return the hours on which findings depend, by the country's last hour and the reach of all data."""
    return "" if findings.last is None else "{} {}".format(*span_of(findings.last, reach))


def hash_of(changes: Sequence[Change], aside: Mapping[Change, str]) -> str:
    """Hash changes, with the reasons for which some make no incident."""
    reasons = [aside.get(change, "") for change in changes]
    return hashlib.sha256(msgspec.json.encode((changes, reasons))).hexdigest()


class Finders(Protocol):
    """Processes that find what changed in countries."""

    def submit(self, country: CountryCode, task: CountryTask) -> "Future[list[Found]]":
        """Have a country's cells read."""
        ...


@contextmanager
def start_finders(source: CellSource) -> Iterator[Finders]:
    """Run worker processes while the block lasts, where the cells of a store are many."""
    jobs = min(WORKERS, usable_cores())
    if jobs < 2 or not isinstance(source, StoredCells) or source.count < CELLS_FOR_WORKERS:
        yield _Here(source)
        return
    processes: Processes[list[Found]]
    processes = Processes("banwatch.pipeline.detecting", jobs, gives=list, died=_DIED)
    try:
        yield _Workers(source, processes)
    finally:
        processes.close()


class _Here:
    """This process."""

    def __init__(self, source: CellSource) -> None:
        self._source = source

    def submit(self, country: CountryCode, task: CountryTask) -> "Future[list[Found]]":
        done: Future[list[Found]] = Future()
        done.set_result(find_levels_of(self._source.cells(country), task))
        return done


class _Workers:
    """Worker processes, each country on the first that is free."""

    def __init__(self, source: StoredCells, processes: Processes[list[Found]]) -> None:
        self._source = source
        self._processes = processes

    def submit(self, country: CountryCode, task: CountryTask) -> "Future[list[Found]]":
        return self._processes.submit(lambda: (self._source.stream(country), task))


def work_until_the_end() -> None:
    """Find what changed in countries until there are no more."""
    with pipes_of_parent() as (pipe_in, pipe_out):
        while True:
            stream, task = receive(pipe_in)
            cells = layout_of(Cell).from_arrow(pa.ipc.open_stream(stream).read_all())
            del stream
            found = find_levels_of(cells, task)
            del cells
            send(pipe_out, found)
