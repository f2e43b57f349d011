"""What a store asks of a database engine. Two can do it: DuckDB here, ClickHouse beyond."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import pyarrow as pa

from banwatch.store.tables import TableDef


class Engine(Protocol):
    """A connection to one database. Reading is safe from several threads."""

    place: str
    """Path or address, for messages."""
    dialect: str
    """Ibis' name for its SQL."""

    def table_names(self) -> set[str]:
        """Name the tables that are there."""

    def create(self, table: TableDef) -> None:
        """Make a table."""

    def drop(self, table: str) -> None:
        """Take a table away."""

    def query(self, sql: str) -> pa.Table:
        """Ask for rows, of what is committed."""

    def query_matching(self, sql: str, values: pa.Table) -> pa.Table:
        """Ask for rows, with some values at hand as a table named `wanted`; sees the open transaction."""

    def batches(self, sql: str, rows: int) -> Iterator[pa.Table]:
        """Ask for any number of rows, some at once."""

    def insert(self, table: str, rows: pa.Table) -> None:
        """Add rows."""

    def delete(self, table: str, column: str, values: Sequence[Any]) -> None:
        """Take out the rows that have one of some values in a column."""

    def clear(self, table: str) -> None:
        """Take out all rows."""

    def transaction(self) -> AbstractContextManager[None]:
        """Do what is written inside as a whole, as far as the engine can."""

    def discard(self) -> None:
        """Close, and take away what opening has made."""

    def close(self) -> None:
        """Let go."""
