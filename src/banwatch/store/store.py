"""Store: the tables of every tier and the archive beside them."""

import hashlib
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import ibis
import pyarrow as pa

from banwatch.model.errors import BanwatchError
from banwatch.store.archive import Archive
from banwatch.store.batch import Batch
from banwatch.store.bookkeeping import OWN_PROPERTIES, Entry, Property, Segment
from banwatch.store.columns import Layout
from banwatch.store.engines.changes import changes_of
from banwatch.store.engines.clickhouse import ClickHouseEngine
from banwatch.store.engines.clickhouse_http import HttpTransport, parse_address
from banwatch.store.engines.duckdb import DuckDbEngine
from banwatch.store.engines.duckdb_errors import StoreInUseError
from banwatch.store.engines.engine import Engine, Rejudgement
from banwatch.store.engines.owner import OwnerEngine
from banwatch.store.engines.unfinished import refuse_unfinished
from banwatch.store.filters import filtered
from banwatch.store.prepared import Value, compiled, fill, to_sql
from banwatch.store.rollups.refresh import forget_findings, refresh, rows_with
from banwatch.store.rollups.touched import NEEDED, Touched
from banwatch.store.rollups.workspace import RollupWorkspace
from banwatch.store.tables import ROLLED_UP, TABLES, TableDef, layout_of
from banwatch.store.version import OldTable, check_version

Row = TypeVar("Row")
Answer = TypeVar("Answer")


class Store:
    """The tables of one database and the archive in `<database>.archive/`.

    Reading is safe from several threads; one thread writes. Use it in a `with` statement, or `close` it.
    """

    def __init__(self, engine: Engine, archive: Archive, *, read_only: bool) -> None:
        self.archive = archive
        self.read_only = read_only
        self._engine = engine
        self._writing = threading.RLock()
        self._matching: dict[tuple[type[Any], str], str] = {}
        """Statements of `matching`, which an ingest needs for every line batch."""
        self._old_tables: dict[str, OldTable] = {}
        """Tables of an earlier version, in a store that is open for reading."""
        self._touched = Touched()
        """Cells whose verdicts the open transaction changed."""
        self._changes = changes_of(engine.path if isinstance(engine, DuckDbEngine) else None)

    @classmethod
    def open(cls, path: str | Path, *, read_only: bool = False, renew: bool = False) -> "Store":
        """Open a store, and create it where there is none yet.

        Args:
            path: of the DuckDB file, or the address of a ClickHouse database.
            read_only: create and change nothing; several processes may read at once.
            renew: replace the tables of another version by empty ones; the archive and the log stay, and
                `pipeline.rebuild` fills the tables again.

        Raises:
            BanwatchError: the database is locked, damaged, of another version or not one of Banwatch's, or
                there is no room.
        """
        if str(path).startswith("clickhouse:/"):
            address = parse_address(str(path))
            return cls.over(
                ClickHouseEngine(HttpTransport(address)),
                Path(address.archive),
                read_only=read_only,
                renew=renew,
            )
        path = Path(path)
        refuse_unfinished(path)
        archive = path.with_name(path.name + ".archive")
        engine: Engine
        try:
            engine = DuckDbEngine(path, read_only=read_only)
        except StoreInUseError:
            owner = OwnerEngine.reach(path) if read_only else None
            if owner is None:
                raise
            engine = owner
        return cls.over(engine, archive, read_only=read_only, renew=renew)

    @classmethod
    def over(cls, engine: Engine, archive: Path, *, read_only: bool = False, renew: bool = False) -> "Store":
        """Open a store in a database that is connected to already; see `open`."""
        store = cls(engine, Archive(archive), read_only=read_only)
        try:
            store._old_tables = check_version(store, engine, renew=renew)
        except BaseException:
            engine.discard()
            raise
        return store

    @property
    def location(self) -> str:
        """Path or address of the database, for messages."""
        return self._engine.location

    @property
    def has_rollups(self) -> bool:
        """Whether the store keeps rollups; those of 0.1.0 do not, until they are opened for writing."""
        return not self._old_tables.keys() & set(ROLLED_UP)

    def release_early(self) -> None:
        """Hold little memory between commits, for a process that serves strangers."""
        if isinstance(self._engine, DuckDbEngine):
            self._engine.release_early()

    def copy_to(self, path: Path) -> None:
        """Copy the committed database into a new file, while others read and write.

        Raises:
            BanwatchError: the database is no file of this process, or there is no room.
        """
        if not isinstance(self._engine, DuckDbEngine):
            raise BanwatchError(
                f"{self.location} is no database file of this process", "Back it up by its owner"
            )
        self._engine.copy_to(path)

    def set_property(self, name: str, value: str) -> None:
        """Set a property of the store as a whole.

        Raises:
            ValueError: the name is reserved.
        """
        if name in OWN_PROPERTIES:
            raise ValueError(f"the property {name} is set by the store itself")
        with self.transaction():
            self.replace("property", "name", [Property(name=name, value=value)])

    def close(self) -> None:
        """Close the database."""
        self._engine.close()
        self._changes = changes_of(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def table(self, name: str) -> ibis.Table:
        """Return a table as an Ibis expression, for this store to execute."""
        layout = TABLES[name].layout
        old = self._old_tables.get(name)
        if old is None:
            return ibis.table(layout.schema, name=name)
        if not old.name:  # the earlier version had no such table: no rows
            rows = ibis.table(TABLES["property"].layout.schema, name="property").filter(ibis.literal(False))
            return rows.select(**layout.empty_values(layout.column_names))
        schema = {column: dtype for column, dtype in layout.schema.items() if column in old.columns}
        missing = [column for column in layout.column_names if column not in old.columns]
        rows = ibis.table(schema, name=old.name).mutate(**layout.empty_values(missing))
        return rows.select(*layout.column_names)

    def _sql(self, expression: Any) -> str:
        return to_sql(expression, self._engine.dialect)

    def to_arrow(self, expression: Any) -> pa.Table:
        """Execute an expression.

        Raises:
            BanwatchError: the database is damaged.
        """
        return self._engine.query(self._sql(expression))

    def batches(self, expression: Any, rows: int = 8192) -> Iterator[pa.Table]:
        """Execute an expression piece by piece, for results of any size."""
        return self._engine.batches(self._sql(expression), rows)

    def answer(self, sql: str) -> Iterator[bytes]:
        """Execute the query of another process: rows as Arrow IPC streams, at least one."""
        empty = True
        for rows in self._engine.batches(sql, 65_536):
            empty = False
            yield _ipc(rows)
        if empty:
            yield _ipc(self._engine.query(sql))

    def count(self, table: ibis.Table) -> int:
        """Count the rows of an expression."""
        return int(self.to_arrow(table.agg(n=table.count())).column("n")[0].as_py())

    def read(self, expression: Any, noun: type[Row]) -> list[Row]:
        """Execute an expression and return its rows as nouns of the model."""
        return _layout_of(noun).from_arrow(self.to_arrow(expression))

    def read_prepared(
        self, key: str, build: Callable[[], Any], values: Mapping[str, Value], noun: type[Row]
    ) -> list[Row]:
        """Execute an expression that is compiled once a process, and return its rows as nouns.

        Args:
            key: name of the expression, the same for the same `build`.
            build: makes the expression, with `prepared.argument` in place of values.
            values: of the arguments.
            noun: type of the rows.
        """
        return _layout_of(noun).from_arrow(self.ask_prepared(key, build, values))

    def ask_prepared(self, key: str, build: Callable[[], Any], values: Mapping[str, Value]) -> pa.Table:
        """Execute an expression that is compiled once a process; see `read_prepared`."""
        dialect = self._engine.dialect
        sql = self._sql(build()) if self._old_tables else compiled(key, dialect, build)
        return self._engine.query(fill(sql, values, dialect))

    def segments(self) -> list[Segment]:
        """Read the rows of all segments, in the order of commits."""
        return self.rows(Segment)

    def rows(self, noun: type[Row]) -> list[Row]:
        """Read a whole table in the order of its key."""
        table = table_of(noun)
        return self.read(self.table(table.name).order_by(list(table.key)), noun)

    def matching(
        self,
        noun: type[Row],
        column: str,
        values: Iterable[str],
        *,
        of: Callable[[ibis.Table], ibis.Value] | None = None,
    ) -> list[Row]:
        """Read the rows that have one of any number of values in a column, inside a transaction too.

        With `of`, an expression over other columns is compared in place of the column.
        """
        wanted = pa.table({column: pa.array(sorted(set(values)), pa.string())})
        if not wanted.num_rows:
            return []
        sql = self._matching.get((noun, column))
        if sql is None:
            table = self.table(table_of(noun).name)
            wished = ibis.table({column: "string"}, name="wanted")
            found = table.semi_join(wished, of(table) == wished[column] if of else column)
            sql = self._matching[noun, column] = self._sql(found)
        return _layout_of(noun).from_arrow(self._engine.query_matching(sql, wanted))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all changes made inside the block, or none of them.

        Raises:
            BanwatchError: there is no room, or the store was opened for reading only.
        """
        if self.read_only:
            raise BanwatchError(f"{self.location} was opened for reading only", "Open it without read_only")
        with self._writing, self._changes.noted(), self._engine.transaction():
            self._touched = Touched()
            yield
            self._refresh()

    def kept(self, key: Hashable, tables: Sequence[str], make: Callable[[], Answer]) -> Answer:
        """Return an answer from committed rows, made anew where one of its tables changed."""
        return self._changes.kept(key, tables, make)

    def _refresh(self) -> None:
        """Count the rollups again that the open transaction touched."""
        touched, self._touched = self._touched, Touched()
        if touched:
            refresh(RollupWorkspace(self._engine), touched)
            forget_findings(self._engine, touched)
            self._engine.keep_in_order(rebuilt=touched.everything)

    def append(self, name: str, rows: Iterable[Any]) -> None:
        """Add rows to a table; call it inside a transaction."""
        self.append_arrow(name, TABLES[name].layout.to_arrow(rows))

    def append_arrow(self, name: str, rows: pa.Table) -> None:
        """Add rows in Arrow columns; call it inside a transaction."""
        if rows.num_rows:
            self._changes.touch(name)
            self._engine.insert(name, rows)
            if name == "verdict":
                self._touched.add(rows)

    def append_batch(self, batch: Batch | None, entries: Iterable[Entry]) -> None:
        """Add new measurements of all tiers, and the places of lines; call it inside a transaction."""
        rows = TABLES["entry"].layout.to_arrow(entries)
        if batch is not None:
            self._touched.add(batch.rows)
            if self._engine.is_transactional:
                self._engine.insert_batch(batch, rows)
                return
            # without transactions, rollups stand before the entries that make measurements count: whatever
            # a crash leaves undone, the next run does again
            self._engine.insert_batch(batch, rows.slice(0, 0))
            self._refresh()
        if rows.num_rows:
            self._engine.insert("entry", rows)

    def delete_measurements(self, uids: Sequence[str] | None = None) -> None:
        """Delete the tier rows of some measurements, or of all, and the places of their lines.

        Places of further, conflicting copies stay. Call it inside a transaction.
        """
        if uids is None:
            self._touched.add_everything()
        if uids is None or uids:
            self._touch("measurement_uid", uids or ())
            self._engine.delete_measurements(uids)

    def rejudge(self, since: datetime | None = None, until: datetime | None = None) -> Rejudgement:
        """Begin to replace the verdicts of measurements that started in [since, until); in a transaction.

        A verdict must not depend on the measurer and the time (`batch.VOICE`): evidence that many
        measurements share may be given out once.
        """
        evidence = filtered(self.table("evidence"), equal={}, since=since, until=until)
        if since is None and until is None:
            self._touched.add_everything()
        else:
            needed = filtered(self.table("evidence"), equal={}, since=since, until=until).select(*NEEDED)
            for rows in self.batches(needed, 65_536):
                self._touched.add(rows, removed=True)
        return self._engine.rejudge(self._sql(evidence), since, until)

    def replace(self, name: str, column: str, rows: Sequence[Any]) -> None:
        """Replace the rows that have the same values in a column; call it inside a transaction."""
        if rows:
            self.delete(name, column, [getattr(row, column) for row in rows])
            self.append(name, rows)

    def delete(self, name: str, column: str, values: Sequence[str]) -> None:
        """Delete the rows whose column has one of some values; call it inside a transaction."""
        if values:
            self._changes.touch(name)
            if name == "verdict":
                self._touch(column, values)
            self._engine.delete(name, column, values)

    def clear(self, name: str) -> None:
        """Delete all rows of a table; call it inside a transaction."""
        self._changes.touch(name)
        if name == "verdict":
            self._touched.add_everything()
        self._engine.clear(name)

    def _touch(self, column: str, values: Iterable[str]) -> None:
        """Note which cells lose the verdicts that have one of some values in a column."""
        wanted = pa.table({column: pa.array(sorted(set(values)), pa.string())})
        if wanted.num_rows and not self._touched.everything:
            found = rows_with(RollupWorkspace(self._engine), column, wanted)
            self._touched.add(found, removed=True)

    def refresh_rollups(self) -> None:
        """Count every rollup anew at the end of the transaction; call it inside one."""
        self._touched.add_everything()

    def digest(self, name: str) -> str:
        """Hash a table's content: the same rows give the same digest, in whatever order they were written.

        Raises:
            KeyError: there is no such table.
        """
        table = TABLES[name]
        names = list(table.layout.column_names)
        order = [*table.key, *(n for n in names if n not in table.key)]
        digest = hashlib.sha256()
        for batch in self.batches(self.table(name).order_by(order)):
            content = table.layout.plain(batch)
            for row in zip(*(content.column(n).to_pylist() for n in names), strict=True):
                digest.update(repr(row).encode())
        return digest.hexdigest()


def _ipc(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue().to_pybytes())


def table_of(noun: type[Any]) -> TableDef:
    """Return the table of a noun."""
    return next(t for t in TABLES.values() if t.noun is noun)


def _layout_of(noun: type[Row]) -> Layout[Row]:
    found: Layout[Row] | None = next((t.layout for t in TABLES.values() if t.noun is noun), None)
    return found or layout_of(noun)  # type: ignore[arg-type]  # mypy: classes are hashable all the same
