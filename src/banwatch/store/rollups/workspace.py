"""Rollup tables of one engine: prepared queries over the open transaction, and changes of rollups."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import ibis
import pyarrow as pa

from banwatch.store.engines.engine import Engine
from banwatch.store.prepared import Value, compiled, fill
from banwatch.store.tables import ROLLED_UP, TABLES

Build = Callable[[], Any]
"""Function that makes an expression, with `prepared.argument` in place of values."""


class RollupWorkspace:
    """Reads and changes that counting again needs; use it inside a transaction.

    Each expression has a name, under which it is compiled once a process; one with the same name is the same.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def table(self, name: str) -> ibis.Table:
        """Return a table as an expression."""
        return ibis.table(TABLES[name].layout.schema, name=name)

    def _sql(self, key: str, build: Build, values: Mapping[str, Value]) -> str:
        dialect = self._engine.dialect
        return fill(compiled(key, dialect, build), values, dialect)

    def select(self, key: str, build: Build, wanted: pa.Table | None = None) -> pa.Table:
        """Execute an expression, which may read a table `wanted`."""
        shown = pa.table({"none": [""]}) if wanted is None else wanted
        return self._engine.query_matching(self._sql(key, build, {}), shown)

    @contextmanager
    def shown(
        self, name: str, key: str, build: Build, wanted: pa.Table | None, values: Mapping[str, Value]
    ) -> Iterator[None]:
        """Show the rows of an expression to others as a table, while the block lasts."""
        with self._engine.shown_selected(name, self._sql(key, build, values), wanted):
            yield

    def matching(self, name: str, wanted: pa.Table) -> pa.Table:
        """Read the rows of a table whose columns have the values of a row of `wanted`, all of them texts."""
        names = wanted.column_names
        keys = ibis.table(dict.fromkeys(names, "!string"), name="wanted")
        return self.select(f"keys_of_{name}", lambda: self.table(name).semi_join(keys, names), wanted)

    def replace(self, name: str, wanted: pa.Table, rows: pa.Table) -> None:
        """Replace the rows of a rollup whose columns have the values of a row of `wanted`."""
        self._engine.delete_matching(name, wanted)
        if rows.num_rows:
            self._engine.insert(name, rows)

    def make_way(self, name: str, wanted: pa.Table, *, removed: bool) -> None:
        """Delete rows of a rollup that are counted again.

        Args:
            name: the rollup.
            wanted: keys of the rows.
            removed: rows may have to vanish, also where the engine replaces rows of the same key by itself.
        """
        if removed or self._engine.is_transactional:
            self._engine.delete_matching(name, wanted)

    def add(
        self,
        name: str,
        key: str,
        build: Build,
        wanted: pa.Table | None = None,
        values: Mapping[str, Value] | None = None,
    ) -> None:
        """Add the rows of an expression to a rollup."""
        self._engine.insert_selected(name, self._sql(key, build, values or {}), wanted)

    def clear(self) -> None:
        """Delete all rows of every rollup."""
        for name in ROLLED_UP:
            self._engine.clear(name)
