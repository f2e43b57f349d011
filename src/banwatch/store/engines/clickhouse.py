"""Engine for a store in ClickHouse, on one server or a cluster.

Every table is a ReplacingMergeTree that is read with `final`: rows written twice, by an ingest that was
stopped or by two workers that took the same file, count once. There are no transactions: a measurement
counts by its row in `entry`, which is written after all others.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa
from ibis.backends.sql.datatypes import ClickHouseType

from banwatch.store.batch import Batch
from banwatch.store.columns import defaults_of
from banwatch.store.engines.clickhouse_schema import ddl_of
from banwatch.store.prepared import literal_of
from banwatch.store.tables import MEASURED, TABLES, TableDef

_DELETE_AT_ONCE = 5_000
_JUDGED_AT_ONCE = 8_192
_DAY_OF_HOUR = "toDateTime64(toStartOfDay(\"hour\"), 6, 'UTC')"


class Transport(Protocol):
    """Connection to a server over HTTP, or to an engine in this process."""

    location: str

    def command(self, sql: str) -> None:
        """Execute a statement that returns no rows."""

    def query(self, sql: str) -> pa.Table:
        """Return the rows of a query."""

    def stream(self, sql: str) -> Iterator[pa.Table]:
        """Return any number of rows of a query, some at once."""

    def insert(self, table: str, rows: pa.Table) -> None:
        """Add rows."""

    def close(self) -> None:
        """Close the connection."""


class ClickHouseEngine:
    """`Engine` over ClickHouse, behind a transport."""

    dialect = "clickhouse"
    is_transactional = False

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.location = transport.location

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def discard(self) -> None:
        """Close; a database that existed before is left as it is."""
        self.close()

    def table_names(self) -> set[str]:
        """Name the existing tables."""
        found = self._transport.query("SELECT name FROM system.tables WHERE database = currentDatabase()")
        return set(found.column("name").to_pylist()) if found.num_columns else set()

    def create(self, table: TableDef) -> None:
        """Create a table."""
        self._transport.command(ddl_of(table))

    def column_names(self, table: str) -> list[str]:
        """Name the columns of an existing table."""
        found = self._transport.query(
            "SELECT name FROM system.columns WHERE database = currentDatabase() "
            f"AND table = {_literal(table)} ORDER BY position"
        )
        return list(found.column("name").to_pylist()) if found.num_columns else []

    def fit(self, tables: Sequence[TableDef]) -> None:
        """Add missing columns and drop others; on a cluster, on this server alone."""
        for table in tables:
            before = self.column_names(table.name)
            kinds = {n: ClickHouseType.to_string(dtype) for n, dtype in table.layout.schema.items()}
            values = {
                n: f" DEFAULT {_literal(v)}"
                for n, v in defaults_of(table.noun).items()
                if v and isinstance(v, str)
            }
            changes = [
                f'ADD COLUMN "{n}" {kind}{values.get(n, "")}' for n, kind in kinds.items() if n not in before
            ]
            changes += [f'DROP COLUMN "{n}"' for n in before if n not in kinds]
            if changes:
                self._transport.command(f'ALTER TABLE "{table.name}" {", ".join(changes)}')

    def rename(self, old: str, new: str) -> None:
        """Rename a table; on a cluster, on this server alone (docs/store.md says what to do there)."""
        self._transport.command(f'RENAME TABLE "{old}" TO "{new}"')

    def drop(self, table: str) -> None:
        """Drop a table."""
        self._transport.command(f'DROP TABLE "{table}" SYNC')

    def query(self, sql: str) -> pa.Table:
        """Return the rows of a query."""
        return self._transport.query(sql)

    def query_matching(self, sql: str, values: pa.Table) -> pa.Table:
        """Return the rows of a query over a temporary table `wanted` of the given values."""
        self._show_wanted(values)
        return self._transport.query(sql)

    def _show_wanted(self, values: pa.Table) -> None:
        """Create the temporary table `wanted`."""
        columns = ", ".join(f'"{f.name}" {_temporary_type(f.type)}' for f in values.schema)
        self._transport.command("DROP TEMPORARY TABLE IF EXISTS wanted")
        self._transport.command(f"CREATE TEMPORARY TABLE wanted ({columns})")
        self._transport.insert("wanted", values)

    def batches(self, sql: str, rows: int) -> Iterator[pa.Table]:
        """Return any number of rows of a query, some at once."""
        for table in self._transport.stream(sql):
            for start in range(0, table.num_rows, rows):
                yield table.slice(start, rows)

    def insert(self, table: str, rows: pa.Table) -> None:
        """Add rows."""
        self._transport.insert(table, rows)

    def insert_selected(self, table: str, sql: str, wanted: pa.Table | None) -> None:
        """Add the rows of a query, which may read a table `wanted`."""
        if wanted is not None:
            self._show_wanted(wanted)
        listed = ", ".join(f'"{name}"' for name in TABLES[table].layout.column_names)
        self._transport.command(f'INSERT INTO "{table}" ({listed}) {sql}')

    @contextmanager
    def shown_selected(self, name: str, sql: str, wanted: pa.Table | None) -> Iterator[None]:
        """Show the rows of a query as a temporary table while the block lasts."""
        if wanted is not None:
            self._show_wanted(wanted)
        self._transport.command(f"DROP TEMPORARY TABLE IF EXISTS {name}")
        self._transport.command(f"CREATE TEMPORARY TABLE {name} AS {sql}")
        yield
        self._transport.command(f"DROP TEMPORARY TABLE {name}")

    def delete_matching(self, table: str, wanted: pa.Table) -> None:
        """Delete the rows whose columns have the values of a row of `wanted`; some thousand at once."""
        has_day = "day" in TABLES[table].layout.column_names
        names = ", ".join(
            _DAY_OF_HOUR if name == "day" and not has_day else f'"{name}"' for name in wanted.column_names
        )
        for start in range(0, wanted.num_rows, _DELETE_AT_ONCE):
            part = wanted.slice(start, _DELETE_AT_ONCE)
            rows = zip(*(part.column(name).to_pylist() for name in wanted.column_names), strict=True)
            listed = ", ".join(f"({', '.join(literal_of(v, self.dialect) for v in row)})" for row in rows)
            self._transport.command(f'DELETE FROM "{table}" WHERE ({names}) IN ({listed})')

    def keep_in_order(self, *, rebuilt: bool) -> None:
        """Do nothing: MergeTrees keep their rows in order."""

    def insert_batch(self, batch: Batch, entries: pa.Table) -> None:
        """Add new measurements of all tiers, and last their entries, which make them count."""
        for name in MEASURED:
            rows = batch.table(name)
            if rows.num_rows:
                self.insert(name, rows)
        if entries.num_rows:
            self.insert("entry", entries)

    def delete_measurements(self, uids: Sequence[str] | None) -> None:
        """Delete the tier rows of some measurements, or of all."""
        for name in MEASURED:
            if uids is None:
                self.clear(name)
            else:
                self.delete(name, "measurement_uid", uids)

    def rejudge(
        self, evidence_sql: str, since: datetime | None, until: datetime | None
    ) -> "ClickHouseRejudgement":
        """Begin to replace verdicts, row by row."""
        return ClickHouseRejudgement(self, evidence_sql, is_whole=since is None and until is None)

    def delete(self, table: str, column: str, values: Sequence[Any]) -> None:
        """Delete the rows whose column has one of some values."""
        for start in range(0, len(values), _DELETE_AT_ONCE):
            listed = ", ".join(_literal(str(v)) for v in values[start : start + _DELETE_AT_ONCE])
            self._transport.command(f'DELETE FROM "{table}" WHERE "{column}" IN ({listed})')

    def clear(self, table: str) -> None:
        """Delete all rows of a table."""
        self._transport.command(f'TRUNCATE TABLE "{table}"')

    def transaction(self) -> AbstractContextManager[None]:
        """Do nothing: there are no transactions; see the module's docstring."""
        return nullcontext()


class ClickHouseRejudgement:
    """New verdicts for the rows of an evidence query; see `engine.Rejudgement`."""

    def __init__(self, engine: ClickHouseEngine, evidence_sql: str, *, is_whole: bool) -> None:
        self._engine = engine
        self._sql = evidence_sql
        self._is_whole = is_whole
        counted = engine.query(f"SELECT count(*) AS n FROM ({evidence_sql})")
        self.total = int(counted.column("n")[0].as_py())
        self.measurements = self.total
        if is_whole:
            engine.clear("verdict")

    def evidence(self) -> Iterator[pa.Table]:
        """Read the evidence, some thousand rows at once."""
        yield from self._engine.batches(self._sql, _JUDGED_AT_ONCE)

    def put(self, evidence: pa.Table, verdicts: pa.Table) -> None:
        """Store the verdicts of some rows of `evidence`, in the same order."""
        if not self._is_whole:
            self._engine.delete("verdict", "measurement_uid", evidence.column("measurement_uid").to_pylist())
        self._engine.insert("verdict", verdicts)


def _temporary_type(kind: pa.DataType) -> str:
    """Return the type of a temporary table's column."""
    if pa.types.is_timestamp(kind):
        return "DateTime64(6, 'UTC')"
    return "Int64" if pa.types.is_integer(kind) else "String"


def _literal(text: str) -> str:
    """Quote a string for ClickHouse."""
    return literal_of(text, "clickhouse")
