"""A store in ClickHouse: the same tables as MergeTrees, for one server or a cluster.

Every table is a ReplacingMergeTree that is read with `final`: rows written twice, by an ingest that was
stopped or by two workers that took the same file, count once. There are no transactions; what makes a
measurement count is its row in `entry`, which is written after all others.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import pyarrow as pa
from ibis.backends.sql.datatypes import ClickHouseType

from banwatch.model.errors import BanwatchError
from banwatch.store.batch import Batch
from banwatch.store.tables import MEASURED, TABLES, TableDef

SETTINGS: Mapping[str, int | str] = {
    "final": 1,  # rows of the same key count once, merged or not
    "join_use_nulls": 1,  # a missing right side is null, as in every other engine
    "session_timezone": "UTC",
    "mutations_sync": 2,
    "lightweight_deletes_sync": 2,
}
_DELETE_AT_ONCE = 5_000
_JUDGED_AT_ONCE = 8_192
_PARTITIONS = {
    "measurement": "toYYYYMM(measurement_start_time)",
    "evidence": "toYYYYMM(measurement_start_time)",
    "verdict": "toYYYYMM(measurement_start_time)",
}
_ORDERS = {
    "measurement": ("probe_cc", "test_name", "measurement_start_time", "measurement_uid"),
    "evidence": ("probe_cc", "target", "probe_asn", "measurement_start_time", "measurement_uid"),
    "verdict": ("probe_cc", "target", "probe_asn", "measurement_start_time", "measurement_uid"),
    "entry": ("measurement_uid", "copy", "segment", "position"),
    "segment": ("segment",),
}
"""Sorted for what people ask: a country, then a target or nettest, then a time; with the table's key."""


class Transport(Protocol):
    """The way to a server: over the wire, or to the engine in this process."""

    place: str

    def command(self, sql: str) -> None:
        """Do something that gives no rows."""

    def query(self, sql: str) -> pa.Table:
        """Ask for rows."""

    def stream(self, sql: str) -> Iterator[pa.Table]:
        """Ask for any number of rows, some at once."""

    def insert(self, table: str, rows: pa.Table) -> None:
        """Add rows."""

    def close(self) -> None:
        """Let go."""


class ClickHouseEngine:
    """ClickHouse behind a transport. It shows itself as an `Engine`."""

    dialect = "clickhouse"

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.place = transport.place

    def close(self) -> None:
        """Let go of the connection."""
        self._transport.close()

    def discard(self) -> None:
        """Close; a database that was there before us is left as it is."""
        self.close()

    def table_names(self) -> set[str]:
        """Name the tables that are there."""
        found = self._transport.query("SELECT name FROM system.tables WHERE database = currentDatabase()")
        return set(found.column("name").to_pylist()) if found.num_columns else set()

    def create(self, table: TableDef) -> None:
        """Make a table."""
        self._transport.command(ddl_of(table))

    def rename(self, old: str, new: str) -> None:
        """Rename a table; on a cluster, on this server alone (docs/store.md says what to do there)."""
        self._transport.command(f'RENAME TABLE "{old}" TO "{new}"')

    def drop(self, table: str) -> None:
        """Take a table away."""
        self._transport.command(f'DROP TABLE "{table}" SYNC')

    def query(self, sql: str) -> pa.Table:
        """Ask for rows."""
        return self._transport.query(sql)

    def query_matching(self, sql: str, values: pa.Table) -> pa.Table:
        """Ask for rows, with some values at hand as a temporary table named `wanted`."""
        columns = ", ".join(f'"{name}" String' for name in values.column_names)
        self._transport.command("DROP TEMPORARY TABLE IF EXISTS wanted")
        self._transport.command(f"CREATE TEMPORARY TABLE wanted ({columns})")
        self._transport.insert("wanted", values)
        return self._transport.query(sql)

    def batches(self, sql: str, rows: int) -> Iterator[pa.Table]:
        """Ask for any number of rows, some at once."""
        for table in self._transport.stream(sql):
            for start in range(0, table.num_rows, rows):
                yield table.slice(start, rows)

    def insert(self, table: str, rows: pa.Table) -> None:
        """Add rows."""
        self._transport.insert(table, rows)

    def insert_batch(self, batch: Batch, entries: pa.Table) -> None:
        """Add new measurements of all tiers; the entry comes last: a measurement without one comes again."""
        for name in MEASURED:
            rows = batch.table(name)
            if rows.num_rows:
                self.insert(name, rows)
        if entries.num_rows:
            self.insert("entry", entries)

    def delete_measurements(self, uids: Sequence[str] | None) -> None:
        """Take out all that was made of some measurements, or of all."""
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
        """Take out the rows that have one of some values in a column."""
        for start in range(0, len(values), _DELETE_AT_ONCE):
            listed = ", ".join(_literal(str(v)) for v in values[start : start + _DELETE_AT_ONCE])
            self._transport.command(f'DELETE FROM "{table}" WHERE "{column}" IN ({listed})')

    def clear(self, table: str) -> None:
        """Take out all rows."""
        self._transport.command(f'TRUNCATE TABLE "{table}"')

    def transaction(self) -> AbstractContextManager[None]:
        """Nothing: see the module's docstring for what stands in its place."""
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


def _literal(text: str) -> str:
    """Quote a string for ClickHouse."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _columns_of(table: TableDef) -> str:
    columns = [f'"{name}" {ClickHouseType.to_string(dtype)}' for name, dtype in table.layout.schema.items()]
    if "measurement_uid" in table.layout.column_names and _order_of(table)[0] != "measurement_uid":
        columns.append("INDEX by_uid measurement_uid TYPE bloom_filter(0.001) GRANULARITY 1")
    return ", ".join(columns)


def _order_of(table: TableDef) -> tuple[str, ...]:
    order = _ORDERS.get(table.name, table.key)
    return (*order, *(name for name in table.key if name not in order))


def ddl_of(table: TableDef) -> str:
    """Write the statement that makes a table on one server."""
    return _create(table, table.name, "", "ReplacingMergeTree")


def _create(table: TableDef, name: str, cluster: str, engine: str) -> str:
    partition = f" PARTITION BY {_PARTITIONS[table.name]}" if table.name in _PARTITIONS else ""
    order = ", ".join(f'"{column}"' for column in _order_of(table))
    return (
        f'CREATE TABLE IF NOT EXISTS "{name}"{cluster} ({_columns_of(table)}) '
        f"ENGINE = {engine}{partition} ORDER BY ({order})"
    )


def server_ddl(database: str = "banwatch") -> list[str]:
    """Write the statements that make every table on one server."""
    _check_names(database)
    tables = [
        ddl_of(table).replace(f'"{table.name}"', f'{database}."{table.name}"', 1) for table in TABLES.values()
    ]
    return [f"CREATE DATABASE IF NOT EXISTS {database}", *tables]


def _check_names(*names: str) -> None:
    for name in names:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", name):
            raise BanwatchError(f"{name!r} is no name for a cluster or database", "Use letters, digits and _")


def cluster_ddl(cluster: str, database: str = "banwatch") -> list[str]:
    """Write the statements that make every table on a cluster: replicated parts, and one name for them all.

    Rows of one measurement lie on one shard, by the hash of its id, so that joins stay local.

    Raises:
        BanwatchError: a name that would need quoting.
    """
    _check_names(cluster, database)
    on = f" ON CLUSTER {cluster}"
    statements = [f"CREATE DATABASE IF NOT EXISTS {database}{on}"]
    for table in TABLES.values():
        part = f"{table.name}_part"
        engine = (
            f"ReplicatedReplacingMergeTree('/clickhouse/tables/{{shard}}/{database}/{part}', '{{replica}}')"
        )
        made = _create(table, part, on, engine).replace(f'"{part}"', f'{database}."{part}"', 1)
        key = "measurement_uid" if "measurement_uid" in table.layout.column_names else table.key[0]
        statements.append(made)
        statements.append(
            f'CREATE TABLE IF NOT EXISTS {database}."{table.name}"{on} AS {database}."{part}" '
            f'ENGINE = Distributed({cluster}, {database}, "{part}", cityHash64("{key}"))'
        )
    return statements


@dataclass(frozen=True, slots=True)
class Address:
    """Where a ClickHouse store is: `clickhouse://user@host:port/database?archive=FOLDER&secure=1`."""

    host: str
    port: int
    user: str
    database: str
    archive: str
    secure: bool

    @property
    def place(self) -> str:
        """The address, fit to be shown."""
        return f"clickhouse://{self.user}@{self.host}:{self.port}/{self.database}"


def parse_address(text: str) -> Address:
    """Read the address of a store; a slash that a path has swallowed is put back.

    Raises:
        BanwatchError: it is no such address.
    """
    parts = urlsplit(re.sub(r"^clickhouse:/+", "clickhouse://", text))
    options = parse_qs(parts.query)
    database = parts.path.strip("/")
    secure = options.get("secure", ["0"])[0] == "1"
    try:
        port = parts.port or (8443 if secure else 8123)
    except ValueError:
        port = 0
    if not parts.hostname or not port or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", database):
        raise BanwatchError(
            f"{text!r} is no address of a store", "Write it as clickhouse://user@host/database"
        )
    user = unquote(parts.username or "default")
    archive = options.get("archive", [f"{database}.archive"])[0]
    return Address(parts.hostname, port, user, database, archive, secure)


class HttpTransport:
    """ClickHouse's HTTP interface, through clickhouse-connect."""

    def __init__(self, address: Address) -> None:
        """Connect, and make the database where there is none.

        Raises:
            BanwatchError: the client is not installed, or the server does not answer.
        """
        try:
            import clickhouse_connect
            from clickhouse_connect.driver.exceptions import ClickHouseError
        except ImportError as error:
            raise BanwatchError(
                "a store in ClickHouse needs clickhouse-connect", "Install banwatch[clickhouse]"
            ) from error
        self.place = address.place
        self._errors: type[Exception] = ClickHouseError
        try:
            self._client: Any = clickhouse_connect.get_client(
                host=address.host,
                port=address.port,
                username=address.user,
                password=os.environ.get("CLICKHOUSE_PASSWORD", ""),
                secure=address.secure,
                settings=dict(SETTINGS),
            )
            self._client.command(f'CREATE DATABASE IF NOT EXISTS "{address.database}"')
            self._client.database = address.database
        except (ClickHouseError, OSError) as error:
            raise BanwatchError(
                f"{self.place} does not answer: {str(error).splitlines()[0][:200]}",
                "Check the address; the password is read from CLICKHOUSE_PASSWORD",
            ) from error

    def command(self, sql: str) -> None:
        """Do something that gives no rows."""
        with self._explained():
            self._client.command(sql)

    def query(self, sql: str) -> pa.Table:
        """Ask for rows."""
        with self._explained():
            return self._client.query_arrow(sql, use_strings=True)

    def stream(self, sql: str) -> Iterator[pa.Table]:
        """Ask for any number of rows, some at once."""
        with self._explained(), self._client.query_arrow_stream(sql, use_strings=True) as blocks:
            for block in blocks:
                yield block if isinstance(block, pa.Table) else pa.Table.from_batches([block])

    def insert(self, table: str, rows: pa.Table) -> None:
        """Add rows."""
        with self._explained():
            self._client.insert_arrow(table, rows)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say in our words what a server says, or that it has gone."""
        try:
            yield
        except (self._errors, OSError) as error:
            said = (str(error).splitlines() or [type(error).__name__])[0][:300]
            raise BanwatchError(
                f"{self.place} failed: {said}",
                "Look at the server, then run the same command again: what was done is kept",
            ) from error

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()
