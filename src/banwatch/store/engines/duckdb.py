"""Engine for a store in one DuckDB file, with errors that say what to do."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from banwatch.model.errors import BanwatchError
from banwatch.store.batch import Batch
from banwatch.store.columns import defaults_of
from banwatch.store.engines.budget import database_bytes
from banwatch.store.engines.duckdb_errors import NO_ROOM, explain
from banwatch.store.engines.duckdb_file import BLOCK_BYTES, keep_in_order
from banwatch.store.engines.duckdb_fit import fit_columns
from banwatch.store.engines.duckdb_rejudge import DuckDbRejudgement
from banwatch.store.engines.duckdb_schema import READING_ORDERS, STORED_PREFIX, TIER_VIEWS, column_types
from banwatch.store.engines.duckdb_tiers import TierTables
from banwatch.store.tables import TABLES, TableDef

CHECKPOINT_AFTER = "256MB"
"""Size of the write-ahead log at which DuckDB checkpoints: each one rewrites the last row groups."""
CHECKPOINT_OF_SERVICE = "8MB"
"""The same while strangers send: rows that are not checkpointed are in memory, several times as large."""
_RELEASE_AFTER = "1MB"
"""Memory freed by a thread after which the allocator gives it back; 128 MB by default."""
LAMBDAS_OF_IBIS = "SET GLOBAL lambda_syntax = 'ENABLE_SINGLE_ARROW'"
"""Setting for functions over lists as Ibis 12 writes them, which DuckDB 2 takes only on request."""
_NO_ROWS = pa.table({"none": pa.array([], pa.string())})
_EXPLAINED_ERRORS = (
    duckdb.IOException,
    duckdb.OutOfMemoryException,
    duckdb.FatalException,
    duckdb.SerializationException,
    duckdb.InternalException,
)


def _connect(path: Path, *, read_only: bool) -> Any:
    """Open the file.

    Raises:
        BanwatchError: the file cannot be opened; the message says which process holds it, or why.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not read_only:
            _make_whole(path)
        return duckdb.connect(str(path), read_only=read_only)
    except duckdb.ConnectionException as error:
        if "different configuration" not in str(error):
            raise explain(path, error) from error
    except (duckdb.Error, OSError) as error:
        raise explain(path, error) from error
    # The same process has the file open in the other mode: DuckDB shares one instance, and `Store` itself
    # keeps to reading only.
    try:
        return duckdb.connect(str(path), read_only=not read_only)
    except duckdb.Error as error:
        raise explain(path, error) from error


def _make_whole(path: Path) -> None:
    """Create a new database under another name first, so that a crash leaves no half of one."""
    try:
        if path.exists() and (path.stat().st_size or not _is_left_behind(path)):
            return
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        part.unlink(missing_ok=True)
        duckdb.connect(str(part), config={"default_block_size": str(BLOCK_BYTES)}).close()
        try:
            path.unlink(missing_ok=True)
            os.link(part, path)  # unlike a rename, never over a file that another process created meanwhile
        finally:
            part.unlink()
    except OSError:
        return  # no hard links in this file system, or no room: DuckDB creates the file, or says why not


def _is_left_behind(path: Path) -> bool:
    """Whether no process holds an empty file: DuckDB locks one that it is creating."""
    with path.open("rb+") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True


def _declared(table: TableDef) -> dict[str, str]:
    """Return the types of a table's columns, with whether they may be null."""
    kinds, fields = column_types(table.layout), table.layout.fields
    may_be_null = {name: f.nullable for f in fields for name in f.column_names}
    return {name: kind + ("" if may_be_null[name] else " NOT NULL") for name, kind in kinds.items()}


def _in_period(table: str, wanted: pa.Table) -> str:
    """Write the condition that rows lie in the period of some keys, so that others are not read at all."""
    at = next((name for name in ("day", "month") if name in wanted.column_names), None)
    if at is None or not wanted.num_rows:
        return ""
    period = pc.min_max(wanted.column(at)).as_py()
    column = at if at in TABLES[table].layout.column_names else "hour"
    return (
        f""" AND t."{column}" >= TIMESTAMP '{period["min"]}' """
        f"""AND t."{column}" < TIMESTAMP '{period["max"]}' + INTERVAL 1 {at}"""
    )


def _columns(table: TableDef) -> str:
    return ", ".join(f'"{name}" {kind}' for name, kind in _declared(table).items())


class DuckDbEngine:
    """`Engine` that runs DuckDB in this process, on one file."""

    dialect = "duckdb"
    is_transactional = True

    def __init__(self, path: Path, *, read_only: bool) -> None:
        """Open the file, and create it where there is none.

        Raises:
            BanwatchError: the file cannot be opened; the message says which process holds it, or why.
        """
        self.path = path
        self.location = str(path)
        self.is_new = not path.exists()
        if self.is_new and read_only:
            raise BanwatchError(
                f"there is no store at {path}", f"Make one with `banwatch ingest FILE... --store {path}`"
            )
        if path.is_dir():
            raise BanwatchError(
                f"{path} is a folder", f"Give the path of a database file, such as {path}/banwatch.duckdb"
            )
        self._raw = _connect(path, read_only=read_only)
        self._raw.execute(f"SET memory_limit = '{database_bytes()}B'")
        self._raw.execute(f"SET checkpoint_threshold = '{CHECKPOINT_AFTER}'")
        self._raw.execute(LAMBDAS_OF_IBIS)
        self._tiers = TierTables(self._raw, self._shown)

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def release_early(self) -> None:
        """Hold little memory between commits, for a process that serves strangers."""
        self._raw.execute(f"SET checkpoint_threshold = '{CHECKPOINT_OF_SERVICE}'")
        for name in ("allocator_flush_threshold", "allocator_bulk_deallocation_flush_threshold"):
            self._raw.execute(f"SET {name} = '{_RELEASE_AFTER}'")

    def copy_to(self, path: Path) -> None:
        """Copy all committed tables into a new file, as of one moment.

        Raises:
            BanwatchError: there is no room, or a block of the database is damaged.
        """
        target = str(path).replace("'", "''")
        with self._explained(), closing(self._raw.cursor()) as cursor:
            (current,) = cursor.execute("SELECT current_database()").fetchall()[0]
            cursor.execute(f"ATTACH '{target}' AS copied (BLOCK_SIZE {BLOCK_BYTES})")
            try:
                cursor.execute(f'COPY FROM DATABASE "{current}" TO copied')
            finally:
                cursor.execute("DETACH copied")

    def discard(self) -> None:
        """Close, and delete a file that this object created."""
        self.close()
        if self.is_new:
            self.path.unlink(missing_ok=True)

    def table_names(self) -> set[str]:
        """Name the existing tables."""
        with self._explained():
            found = {name for (name,) in self._raw.execute("SHOW TABLES").fetchall()}
        return {name for name in found if not name.startswith(STORED_PREFIX)}

    def create(self, table: TableDef) -> None:
        """Create a table; the first tier creates the stored tables of all of them."""
        if table.name in TIER_VIEWS:
            if table.name == TIER_VIEWS[0]:
                self._tiers.create()
            return
        self._raw.execute(f'CREATE TABLE "{table.name}" ({_columns(table)})')

    def column_names(self, table: str) -> list[str]:
        """Name the columns of an existing table."""
        with self._explained():
            found = self._raw.execute(f'DESCRIBE "{table}"').fetchall()
        return [row[0] for row in found]

    def fit(self, tables: Sequence[TableDef]) -> None:
        """Add missing columns and drop others; those of tiers in the stored tables behind them."""
        self._tiers.fit()
        for table in tables:
            if table.name not in TIER_VIEWS:
                fit_columns(self._raw, table.name, _declared(table), defaults_of(table.noun))

    def rename(self, old: str, new: str) -> None:
        """Rename a table that is no tier of measurements."""
        self._raw.execute(f'ALTER TABLE "{old}" RENAME TO "{new}"')

    def drop(self, table: str) -> None:
        """Drop a table; a tier drops the stored tables of all of them."""
        kind = "table_type FROM information_schema.tables WHERE table_name = ?"
        found = self._raw.execute(f"SELECT {kind}", [table]).fetchall()
        if found and found[0][0] == "VIEW":
            self._tiers.drop()
        elif found:
            self._raw.execute(f'DROP TABLE "{table}"')

    def query(self, sql: str) -> pa.Table:
        """Return the committed rows of a query, on a cursor of its own, as threads need."""
        with self._explained(), closing(self._raw.cursor()) as cursor:
            return cursor.sql(sql).to_arrow_table()

    def query_matching(self, sql: str, values: pa.Table) -> pa.Table:
        """Return the rows of a query over a table `wanted` of the given values; sees the open transaction."""
        with self._explained(), self._shown("wanted", values):
            return self._raw.sql(sql).to_arrow_table()

    def batches(self, sql: str, rows: int) -> Iterator[pa.Table]:
        """Return any number of rows of a query, some at once."""
        with self._explained(), closing(self._raw.cursor()) as cursor:
            for batch in cursor.sql(sql).to_arrow_reader(rows):
                yield pa.Table.from_batches([batch])

    def insert(self, table: str, rows: pa.Table) -> None:
        """Add rows."""
        if table in TIER_VIEWS:
            self._tiers.insert(table, rows)
            return
        with self._shown("incoming", rows):
            self._raw.execute(f'INSERT INTO "{table}" BY NAME SELECT * FROM incoming')

    def insert_selected(self, table: str, sql: str, wanted: pa.Table | None) -> None:
        """Add the rows of a query, which may read a table `wanted`."""
        with self._shown("wanted", _NO_ROWS if wanted is None else wanted):
            self._raw.execute(f'INSERT INTO "{table}" BY NAME {sql}')

    @contextmanager
    def shown_selected(self, name: str, sql: str, wanted: pa.Table | None) -> Iterator[None]:
        """Show the rows of a query as a temporary table while the block lasts."""
        with self._shown("wanted", _NO_ROWS if wanted is None else wanted):
            self._raw.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {sql}')
        yield
        self._raw.execute(f'DROP TABLE "{name}"')

    def delete_matching(self, table: str, wanted: pa.Table) -> None:
        """Delete the rows whose columns have the values of a row of `wanted`."""
        names = {name: f't."{name}"' for name in wanted.column_names}
        if "day" in names and "day" not in TABLES[table].layout.column_names:
            names["day"] = """date_trunc('day', t."hour")"""
        same = " AND ".join(f'{of} = w."{name}"' for name, of in names.items())
        same += _in_period(table, wanted)
        with self._shown("wanted", wanted):
            self._raw.execute(f'DELETE FROM "{table}" t USING wanted w WHERE {same}')

    def keep_in_order(self, *, rebuilt: bool) -> None:
        """Put the rows of rollups in the order in which readers ask, where many are not."""
        columns = {name: _columns(TABLES[name]) for name in READING_ORDERS}
        keep_in_order(self._raw, columns, READING_ORDERS, rebuilt=rebuilt)

    def insert_batch(self, batch: Batch, entries: pa.Table) -> None:
        """Add new measurements of all tiers, with the places of their lines."""
        self._tiers.insert_batch(batch, entries)

    def delete_measurements(self, uids: Sequence[str] | None) -> None:
        """Delete the tier rows of some measurements, or of all."""
        self._tiers.delete_measurements(uids)

    def rejudge(self, evidence_sql: str, since: datetime | None, until: datetime | None) -> DuckDbRejudgement:
        """Begin to replace verdicts; evidence that measurements share comes once."""
        return DuckDbRejudgement(self._raw, self._shown, self._tiers, since, until)

    def delete(self, table: str, column: str, values: Sequence[Any]) -> None:
        """Delete the rows whose column has one of some values."""
        if table in TIER_VIEWS:
            self._tiers.delete(table, column, values)
            return
        with self._shown("deleted", pa.table({"value": values})):
            self._raw.execute(f'DELETE FROM "{table}" WHERE "{column}" IN (SELECT "value" FROM deleted)')

    @contextmanager
    def _shown(self, name: str, rows: pa.Table) -> Iterator[None]:
        """Show Arrow rows to SQL as a table while the block lasts."""
        self._raw.register(name, rows)
        try:
            yield
        finally:
            with suppress(duckdb.Error):  # a failed transaction accepts no statement until it is rolled back
                self._raw.unregister(name)

    def clear(self, table: str) -> None:
        """Delete all rows of a table."""
        if table in TIER_VIEWS:
            self._tiers.clear(table)
            return
        self._raw.execute(f'DELETE FROM "{table}"')

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all changes made inside the block, or none of them.

        Raises:
            BanwatchError: there is no room, or the file is damaged.
        """
        with self._explained():
            self._raw.begin()
            try:
                yield
            except BaseException:
                self._tiers.forget()
                with suppress(duckdb.Error):  # DuckDB may have rolled back already; the first error counts
                    self._raw.rollback()
                raise
            self._raw.commit()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Convert errors that a person can mend to `BanwatchError`; a programming error stays as it is."""
        try:
            yield
        except _EXPLAINED_ERRORS as error:
            raise explain(self.path, error) from error
        except duckdb.TransactionException as error:
            if NO_ROOM.search(str(error)):
                raise explain(self.path, error) from error
            raise
