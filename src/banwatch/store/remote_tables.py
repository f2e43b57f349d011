"""Tables of a store that another process owns, for notebooks: expressions that the owner carries out."""

import warnings
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
from ibis.backends.duckdb import Backend

from banwatch.store.engines.remote import Remote
from banwatch.store.tables import TABLES


class OwnedBackend(Backend):  # type: ignore[misc]  # ibis ships partial type information
    """Ibis' DuckDB, with every table of ours empty: what is asked of them is asked of their owner.

    Only expressions over these tables alone can be carried out, as the owner knows of no others.
    """

    @classmethod
    def over(cls, remote: Remote) -> "OwnedBackend":
        """Make a backend that asks the owner of a store."""
        backend = cls()
        backend.do_connect()
        backend._owner = remote
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of Ibis 12 about DuckDB 2
            for table in TABLES.values():
                backend.create_table(table.name, schema=table.layout.schema)
        return backend

    def _to_duckdb_relation(
        self, expr: Any, /, *, params: Any = None, limit: int | str | None = None, **_: Any
    ) -> Any:
        """Ask the owner, and give its answer as a relation: `execute` and `to_pyarrow` go on from there."""
        asked = expr.as_table()
        if isinstance(limit, int):
            asked = asked.limit(limit)
        sql = str(ibis.to_sql(asked.unbind(), dialect="duckdb", params=params))
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
        """Give the answer in pieces."""
        table = self.to_pyarrow(expr.as_table(), params=params, limit=limit)
        return pa.RecordBatchReader.from_batches(table.schema, table.to_batches(chunk_size))


def open_owned(store: str) -> OwnedBackend | None:
    """Reach the owner of a store; None where nobody listens."""
    remote = Remote.reach(Path(store))
    return OwnedBackend.over(remote) if remote is not None else None
