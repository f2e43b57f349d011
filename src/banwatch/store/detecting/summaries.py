"""Summaries of cells for detection: counts, voices of each day, and the hours of some targets.

Each is read in pieces, and none grows with the number of cells but the hours of one piece of targets.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from banwatch.model.ids import CountryCode, TargetName
from banwatch.model.receipt import SourceClass
from banwatch.store.queries import cell_rows
from banwatch.store.rollups.voices import CLOCK_AHEAD_S
from banwatch.store.store import Store
from banwatch.store.tables import TABLES

_ROWS = 65_536
HOURS_AT_ONCE = 250_000
"""Cells of targets that are read at once: some tens of megabytes."""


@dataclass(frozen=True, slots=True)
class CellCount:
    """Cells of one country and class of sources."""

    probe_cc: CountryCode
    source_class: SourceClass
    cells: int
    last: datetime | None
    """Last hour of those whose clocks are sound."""


def cells_of_country(store: Store, country: CountryCode) -> pa.Table:
    """Read the cells of one country as columns, in the order of their key."""
    rows = cell_rows(store, equal={"probe_cc": country}, since=None, until=None)
    return store.to_arrow(rows.order_by(list(TABLES["cell"].key)))


def count_by_country(store: Store) -> list[CellCount]:
    """Count the cells of each country and class of sources."""
    rows = cell_rows(store, equal={}, since=None, until=None)
    sound = rows.lag_s.isnull() | (rows.lag_s >= -CLOCK_AHEAD_S)
    found = rows.group_by(["probe_cc", "source_class"]).agg(n=rows.count(), last=rows.hour.max(where=sound))
    return [
        CellCount(
            CountryCode(cc), SourceClass(of), int(n), _in_utc(last) if last and last.year > 1970 else None
        )
        for cc, of, n, last in _values(store.to_arrow(found), "probe_cc", "source_class", "n", "last")
    ]


def voices_by_day(store: Store) -> Iterator[dict[SourceClass, dict[str, datetime]]]:
    """Yield, for each day in order of time, the last hour in which each voice of each class was heard."""
    rows = cell_rows(store, equal={}, since=None, until=None)
    rows = rows.filter(rows.lag_s.isnull() | (rows.lag_s >= -CLOCK_AHEAD_S))
    spoke = rows.select(
        "source_class", "hour", day=rows.hour.truncate("D"), voice=rows.accusers.concat(rows.absolvers)
    )
    spoke = spoke.select("source_class", "hour", "day", voice=spoke.voice.unnest())
    found = spoke.group_by(["day", "source_class", "voice"]).agg(last=spoke.hour.max())
    today: datetime | None = None
    heard: dict[SourceClass, dict[str, datetime]] = {}
    for piece in store.batches(found.order_by(["day", "source_class", "voice"]), _ROWS):
        for day, of, voice, last in _values(piece, "day", "source_class", "voice", "last"):
            if day != today:
                if heard:
                    yield heard
                today, heard = day, {}
            heard.setdefault(SourceClass(of), {})[voice] = _in_utc(last)
    if heard:
        yield heard


def measuring_countries(
    store: Store, targets: Collection[TargetName], classes: Collection[SourceClass]
) -> dict[TargetName, dict[CountryCode, int]]:
    """Return the countries that measure each of some targets, each with its number of cells."""
    rows = cell_rows(store, equal={}, since=None, until=None)
    rows = rows.filter(rows.source_class.isin([of.value for of in classes]))
    counts = rows.group_by(["target", "probe_cc"]).agg(n=rows.count())
    found: dict[TargetName, dict[CountryCode, int]] = {target: {} for target in targets}
    for piece in store.batches(counts, _ROWS):
        for target, cc, n in _values(piece, "target", "probe_cc", "n"):
            if target in found:
                found[target][CountryCode(cc)] = int(n)
    return found


def hours_of_targets(
    store: Store, targets: Collection[TargetName], classes: Collection[SourceClass]
) -> pa.Table:
    """Read the informative cells of some targets, in order of target, country, hour and counts.

    Returns:
        Shape: columns target, probe_cc, hour_number, interfered, informative and accusers.
    """
    rows = cell_rows(store, equal={}, since=None, until=None)
    rows = rows.filter(rows.target.isin(list(targets)) & rows.source_class.isin([of.value for of in classes]))
    interfered = rows.blocked + rows.likely_blocked + rows.tampered
    found = rows.select(
        "target",
        "probe_cc",
        "accusers",
        hour_number=(rows.hour.epoch_seconds() // 3600).cast("int64"),
        interfered=interfered.cast("int64"),
        informative=(interfered + rows.ok).cast("int64"),
    )
    found = found.filter(found.informative > 0)
    return store.to_arrow(
        found.order_by(["target", "probe_cc", "hour_number", "interfered", "informative", "accusers"])
    )


def _values(table: pa.Table, *names: str) -> Iterator[tuple[Any, ...]]:
    yield from zip(*(table.column(name).to_pylist() for name in names), strict=True)


def _in_utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)
