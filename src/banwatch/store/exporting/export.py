"""Export of a tier to Parquet, CSV or JSON lines, with a data package beside it."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from banwatch.model.errors import BanwatchError
from banwatch.store.archive import sync_directory
from banwatch.store.columns import Layout
from banwatch.store.exporting.data_package import companions
from banwatch.store.filters import filtered
from banwatch.store.queries import cell_rows
from banwatch.store.store import Store
from banwatch.store.tables import TABLES

FORMATS = ("parquet", "csv", "jsonl")
TIERS = (
    "measurement",
    "observation",
    "evidence",
    "verdict",
    "cell",
    "daily_cell",
    "change",
    "incident",
    "comparison",
)
_TIMES = {
    "change": "onset_latest",
    "incident": "onset_latest",
    "comparison": "since_latest",
    "daily_cell": "day",
}
"""Column that `since` and `until` refer to, where it is not `measurement_start_time`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFilter:
    """Filter of exported rows: those that match every value that is given."""

    probe_cc: str | None = None
    probe_asn: int | None = None
    target: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def described(self) -> dict[str, str]:
        """Describe the values that are given, for a reader."""
        named = {name: getattr(self, name) for name in self.__slots__}
        return {name: str(value) for name, value in named.items() if value is not None}


@dataclass(slots=True)
class ExportReport:
    """Files and rows that were written."""

    tier: str
    rows: int = 0
    files: list[str] = field(default_factory=list)


def export(store: Store, tier: str, format_name: str, folder: Path, wanted: ExportFilter) -> ExportReport:
    """Write a tier into a folder, with `datapackage.json`, `LICENSE.txt` and `CITATION.cff` beside it.

    The same store and filters give the same bytes.

    Raises:
        BanwatchError: there is no such tier or format, or the folder cannot be written.
    """
    if tier not in TIERS:
        raise BanwatchError(f"there is no tier {tier!r} to export", f"Choose one of {', '.join(TIERS)}")
    if format_name not in FORMATS:
        raise BanwatchError(f"there is no format {format_name!r}", f"Choose one of {', '.join(FORMATS)}")
    layout: Layout[Any] = TABLES[tier].layout
    done = ExportReport(tier)
    data = folder / f"{tier}.{format_name}"
    unfinished = folder / f".{data.name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        done.rows = _WRITERS[format_name](unfinished, layout, _batches(store, tier, wanted))
        unfinished.replace(data)
        done.files.append(data.name)
        for name, text in companions(tier, key_of(tier), data, layout, wanted.described(), done.rows).items():
            (folder / name).write_text(text, encoding="utf-8")
            done.files.append(name)
        sync_directory(folder)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise BanwatchError(
            f"cannot write to {folder}: {error.strerror or error}", "Make room, or give another --out"
        ) from error
    return done


def key_of(tier: str) -> tuple[str, ...]:
    """Name the columns that identify a row."""
    return TABLES[tier].key


def _batches(store: Store, tier: str, wanted: ExportFilter) -> Iterator[pa.Table]:
    """Read the rows in their order, some thousands at once."""
    if tier == "cell":
        rows = cell_rows(store, equal=_equal(wanted), since=wanted.since, until=wanted.until)
        yield from store.batches(rows.order_by(list(TABLES["cell"].key)))
        return
    table = store.table(tier)
    if tier == "observation":
        chosen = _filtered(store.table("measurement"), wanted, "measurement_start_time")
        table = table.semi_join(chosen.select("measurement_uid"), "measurement_uid")
        table = table.select(*TABLES[tier].layout.column_names)
    else:
        table = _filtered(table, wanted, _TIMES.get(tier, "measurement_start_time"))
    yield from store.batches(table.order_by(list(TABLES[tier].key)))


def _equal(wanted: ExportFilter) -> Mapping[str, object]:
    return {"probe_cc": wanted.probe_cc, "probe_asn": wanted.probe_asn, "target": wanted.target}


def _filtered(table: ibis.Table, wanted: ExportFilter, at: str) -> ibis.Table:
    """Filter by the columns that the table has; a list matches where it holds the value."""
    columns = set(table.columns)
    if "targets" in columns:  # an incident has several targets and networks
        if wanted.target is not None:
            table = table.filter(table.targets.contains(wanted.target))
        if wanted.probe_asn is not None:
            table = table.filter(table.asns.contains(wanted.probe_asn))
    equal = {name: value for name, value in _equal(wanted).items() if name in columns}
    return filtered(table, equal=equal, since=wanted.since, until=wanted.until, at=at)


def _write_parquet(path: Path, layout: Layout[Any], batches: Iterator[pa.Table]) -> int:
    """Write Parquet: times in UTC, lists as lists."""
    rows = 0
    schema = pa.schema([pa.field(f.name, _zoned(f.type), f.nullable) for f in layout.arrow])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            columns = layout.plain(batch).columns
            writer.write_table(pa.Table.from_arrays([c.cast(_zoned(c.type)) for c in columns], schema=schema))
            rows += batch.num_rows
    return rows


def _zoned(kind: pa.DataType) -> pa.DataType:
    return pa.timestamp("us", "UTC") if pa.types.is_timestamp(kind) else kind


def _write_csv(path: Path, layout: Layout[Any], batches: Iterator[pa.Table]) -> int:
    """Write CSV: an empty field is null, lists are JSON, times RFC 3339."""
    rows = 0
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(layout.column_names)
        for values in _plain_rows(layout, batches):
            writer.writerow([json.dumps(v, ensure_ascii=False) if isinstance(v, list) else v for v in values])
            rows += 1
    return rows


def _write_jsonl(path: Path, layout: Layout[Any], batches: Iterator[pa.Table]) -> int:
    """Write one JSON object a line."""
    rows = 0
    with open(path, "w", encoding="utf-8") as file:
        for values in _plain_rows(layout, batches):
            row = dict(zip(layout.column_names, values, strict=True))
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
            rows += 1
    return rows


def _plain_rows(layout: Layout[Any], batches: Iterator[pa.Table]) -> Iterator[list[Any]]:
    """Convert rows to JSON's own types."""
    for batch in batches:
        plain = layout.plain(batch)
        columns = [plain.column(name).to_pylist() for name in layout.column_names]
        for values in zip(*columns, strict=True):
            yield [_plain(value) for value in values]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if hasattr(value, "isoformat") else value


_Writer = Callable[[Path, Layout[Any], Iterator[pa.Table]], int]
_WRITERS: dict[str, _Writer] = {"parquet": _write_parquet, "csv": _write_csv, "jsonl": _write_jsonl}
