"""A store that another process on this machine owns, read through that process.

Wire: a Unix socket `<database>.owner`, for the same user only. One line of JSON, `{"work": "query", "sql":
...}`, is answered by pieces, at least one: the line `{"arrow": N}`, then N bytes of an Arrow IPC stream; the
line `{}` ends them, `{"what": ..., "do": ...}` says what went wrong. More can be asked: `collector.owner`.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from banwatch.model.errors import BanwatchError
from banwatch.net.local_socket import connect_local
from banwatch.store.batch import Batch
from banwatch.store.engines.engine import Rejudgement
from banwatch.store.tables import TableDef

_READING = ("SELECT", "WITH")


class QueryAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The line before some rows, after the last ones, or instead of them."""

    arrow: int = 0
    """How many bytes of rows follow; 0 is the end."""
    what: str = ""
    do: str = ""


def socket_of(store: Path) -> Path:
    """Where the owner of a store listens."""
    return store.with_name(store.name + ".owner")


def is_reading(sql: str) -> bool:
    """Whether a statement only reads: what an owner carries out for others."""
    return sql.lstrip().upper().startswith(_READING)


class Remote:
    """The database of a store, behind the process that owns it. It shows itself as an `Engine` that reads."""

    dialect = "duckdb"

    def __init__(self, path: Path) -> None:
        self._path = path
        self.place = str(path)

    @classmethod
    def reach(cls, path: Path) -> "Remote | None":
        """Find the owner of a store; None where nobody listens."""
        with connect_local(socket_of(path)) as stream:
            return cls(path) if stream is not None else None

    def table_names(self) -> set[str]:
        """Name the tables that are there."""
        found = self.query("SELECT table_name FROM information_schema.tables")
        return set(found.column(0).to_pylist())

    def query(self, sql: str) -> pa.Table:
        """Ask for rows."""
        return pa.concat_tables(self._asked(sql))

    def batches(self, sql: str, rows: int) -> Iterator[pa.Table]:
        """Ask for any number of rows, some at once."""
        for table in self._asked(sql):
            for start in range(0, table.num_rows, rows):
                yield table.slice(start, rows)

    def _asked(self, sql: str) -> Iterator[pa.Table]:
        with connect_local(socket_of(self._path)) as stream:
            if stream is None:
                raise BanwatchError(
                    f"the process that owned {self.place} has gone", "Run the same command again"
                )
            stream.write(msgspec.json.encode({"work": "query", "sql": sql}) + b"\n")
            stream.flush()
            try:
                while True:
                    answer = msgspec.json.decode(stream.readline(), type=QueryAnswer)
                    if answer.what:
                        raise BanwatchError(answer.what, answer.do)
                    if not answer.arrow:
                        return
                    yield pa.ipc.open_stream(stream.read(answer.arrow)).read_all()
            except (msgspec.DecodeError, pa.ArrowInvalid, OSError) as error:
                raise BanwatchError(
                    f"the process that owns {self.place} broke off: {error}", "Run the same command again"
                ) from error

    def close(self) -> None:
        """Nothing: each question has a connection of its own."""

    def discard(self) -> None:
        """Nothing was made."""

    def create(self, table: TableDef) -> None:
        """Refuse: only the owner writes."""
        raise self._refusal()

    def drop(self, table: str) -> None:
        """Refuse: only the owner writes."""
        raise self._refusal()

    def query_matching(self, sql: str, values: pa.Table) -> pa.Table:
        """Refuse: this is for writers."""
        raise self._refusal()

    def insert(self, table: str, rows: pa.Table) -> None:
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
        return BanwatchError(f"{self.place} is owned by another process, which alone writes to it")
