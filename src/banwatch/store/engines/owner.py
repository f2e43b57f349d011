"""Engine that reads a store through the process of this machine that owns it.

Wire: a Unix socket `<database>.owner`, for the same user only. One line of JSON, `{"work": "query", "sql":
...}`, is answered by pieces, at least one: the line `{"arrow": N}`, then N bytes of an Arrow IPC stream; the
line `{}` ends them, and `{"what": ..., "do": ...}` is an error. Other requests: `collector.ownership`.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from banwatch.model.errors import BanwatchError, UnavailableError
from banwatch.net.local_socket import connect_local
from banwatch.store.batch import Batch
from banwatch.store.engines.engine import Rejudgement
from banwatch.store.tables import TableDef

_READING = ("SELECT", "WITH")


class QueryAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Line before some rows, after the last rows, or instead of rows."""

    arrow: int = 0
    """Number of bytes of rows that follow; 0 is the end."""
    what: str = ""
    do: str = ""


def socket_of(store: Path) -> Path:
    """Return the path of the socket at which the owner of a store listens."""
    return store.with_name(store.name + ".owner")


def is_reading(sql: str) -> bool:
    """Whether a statement only reads, which is all that an owner carries out for others."""
    return sql.lstrip().upper().startswith(_READING)


class OwnerEngine:
    """Read-only `Engine` over the database of another process."""

    dialect = "duckdb"
    is_transactional = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self.location = str(path)

    @classmethod
    def reach(cls, path: Path) -> "OwnerEngine | None":
        """Find the owner of a store; None where nobody listens."""
        with connect_local(socket_of(path)) as stream:
            return cls(path) if stream is not None else None

    def table_names(self) -> set[str]:
        """Name the existing tables."""
        found = self.query("SELECT table_name FROM information_schema.tables")
        return set(found.column(0).to_pylist())

    def query(self, sql: str) -> pa.Table:
        """Return the rows of a query."""
        return pa.concat_tables(self._answer(sql))

    def batches(self, sql: str, rows: int) -> Iterator[pa.Table]:
        """Return the rows of a query, some at once."""
        for table in self._answer(sql):
            for start in range(0, table.num_rows, rows):
                yield table.slice(start, rows)

    def _answer(self, sql: str) -> Iterator[pa.Table]:
        with connect_local(socket_of(self._path)) as stream:
            if stream is None:
                raise UnavailableError(
                    f"the process that owned {self.location} has ended", "Run the same command again"
                )
            stream.write(msgspec.json.encode({"work": "query", "sql": sql}) + b"\n")
            stream.flush()
            try:
                while True:
                    answer = msgspec.json.decode(stream.readline(), type=QueryAnswer)
                    if answer.what:
                        raise UnavailableError(answer.what, answer.do)
                    if not answer.arrow:
                        return
                    yield pa.ipc.open_stream(stream.read(answer.arrow)).read_all()
            except (msgspec.DecodeError, pa.ArrowInvalid, OSError) as error:
                raise UnavailableError(
                    f"the process that owns {self.location} broke off: {error}", "Run the same command again"
                ) from error

    def close(self) -> None:
        """Do nothing: each query has a connection of its own."""

    def discard(self) -> None:
        """Do nothing: opening created nothing."""

    def create(self, table: TableDef) -> None:
        """Refuse: only the owner writes."""
        raise self._refusal()

    def column_names(self, table: str) -> list[str]:
        """Name the columns of an existing table."""
        return list(self.query(f'SELECT * FROM "{table}" LIMIT 0').column_names)

    def fit(self, tables: Sequence[TableDef]) -> None:
        """Refuse: only the owner writes."""
        raise self._refusal()

    def rename(self, old: str, new: str) -> None:
        """Refuse: only the owner writes."""
        raise self._refusal()

    def drop(self, table: str) -> None:
        """Refuse: only the owner writes."""
        raise self._refusal()

    def query_matching(self, sql: str, values: pa.Table) -> pa.Table:
        """Refuse: only writers need it."""
        raise self._refusal()

    def insert(self, table: str, rows: pa.Table) -> None:
        """Refuse: only the owner writes."""
        raise self._refusal()

    def insert_selected(self, table: str, sql: str, wanted: pa.Table | None) -> None:
        """Refuse: only the owner writes."""
        raise self._refusal()

    def shown_selected(self, name: str, sql: str, wanted: pa.Table | None) -> AbstractContextManager[None]:
        """Refuse: only writers need it."""
        raise self._refusal()

    def delete_matching(self, table: str, wanted: pa.Table) -> None:
        """Refuse: only the owner writes."""
        raise self._refusal()

    def keep_in_order(self, *, rebuilt: bool) -> None:
        """Refuse: only the owner writes."""
        raise self._refusal()

    def insert_batch(self, batch: Batch, entries: pa.Table) -> None:
        """Refuse: only the owner writes."""
        raise self._refusal()

    def delete_measurements(self, uids: Sequence[str] | None) -> None:
        """Refuse: only the owner writes."""
        raise self._refusal()

    def rejudge(self, evidence_sql: str, since: datetime | None, until: datetime | None) -> Rejudgement:
        """Refuse: only the owner writes."""
        raise self._refusal()

    def delete(self, table: str, column: str, values: Sequence[Any]) -> None:
        """Refuse: only the owner writes."""
        raise self._refusal()

    def clear(self, table: str) -> None:
        """Refuse: only the owner writes."""
        raise self._refusal()

    def transaction(self) -> AbstractContextManager[None]:
        """Refuse: only the owner writes."""
        raise self._refusal()

    def _refusal(self) -> BanwatchError:
        return BanwatchError(f"{self.location} is owned by another process, which alone writes to it")
