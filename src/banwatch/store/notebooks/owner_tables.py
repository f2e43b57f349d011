"""Ibis backend for a store that another process owns: the owner executes the expressions."""

import warnings
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
from ibis.backends.duckdb import Backend

from banwatch.store.engines.owner import OwnerEngine
from banwatch.store.tables import TABLES


class OwnerBackend(Backend):  # type: ignore[misc]  # ibis ships partial type information
    """DuckDB backend with empty tables, whose expressions go to the owner of the store.

    Only expressions over these tables alone can be executed, as the owner knows of no others.
    """

    @classmethod
    def over(cls, engine: OwnerEngine) -> "OwnerBackend":
        """Create a backend that asks the owner of a store."""
        backend = cls()
        backend.do_connect()
        backend._owner = engine
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of Ibis 12 about DuckDB 2
            for table in TABLES.values():
                backend.create_table(table.name, schema=table.layout.schema)
        return backend

    def _to_duckdb_relation(
        self, expr: Any, /, *, params: Any = None, limit: int | str | None = None, **_: Any
    ) -> Any:
        """Return the owner's answer as a relation, which `execute` and `to_pyarrow` build on."""
        rows = expr.as_table()
        if isinstance(limit, int):
            rows = rows.limit(limit)
        sql = str(ibis.to_sql(rows.unbind(), dialect="duckdb", params=params))
        return self.con.from_arrow(self._owner.query(sql))

    def to_pyarrow_batches(
        self,
        expr: Any,
        /,
        *,
        params: Any = None,
        limit: int | str | None = None,
        chunk_size: int = 1_000_000,
        **_: Any,
    ) -> Any:
        """Return the owner's answer in pieces."""
        table = self.to_pyarrow(expr.as_table(), params=params, limit=limit)
        return pa.RecordBatchReader.from_batches(table.schema, table.to_batches(chunk_size))


def open_owned(store: str) -> OwnerBackend | None:
    """Reach the owner of a store; None where nobody listens."""
    engine = OwnerEngine.reach(Path(store))
    return OwnerBackend.over(engine) if engine is not None else None
