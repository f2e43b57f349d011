"""Interface between a store and its database engine: DuckDB on one machine, ClickHouse beyond."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa

from banwatch.store.batch import Batch
from banwatch.store.tables import TableDef


class Rejudgement(Protocol):
    """Verdicts of some measurements being replaced, inside one transaction."""

    measurements: int
    """Measurements that get a new verdict."""
    total: int
    """Rows that `evidence` gives, all batches together."""

    def evidence(self) -> Iterator[pa.Table]:
        """Read the evidence to judge, some thousand rows at once.

        Evidence that many measurements share may come once for all of them, with the columns of
        `batch.VOICE` left empty. Call `put` for each batch before the next one is asked for, and read to the
        end.
        """

    def put(self, evidence: pa.Table, verdicts: pa.Table) -> None:
        """Store the verdicts of one batch of `evidence`, in the same order."""


class Engine(Protocol):
    """Connection to one database. Reading is safe from several threads."""

    location: str
    """Path or address, for messages."""
    dialect: str
    """Name of its SQL dialect in Ibis."""
    is_transactional: bool
    """Whether `transaction` writes all or nothing."""

    def table_names(self) -> set[str]:
        """Name the existing tables."""

    def create(self, table: TableDef) -> None:
        """Create a table."""

    def column_names(self, table: str) -> list[str]:
        """Name the columns of an existing table."""

    def fit(self, tables: Sequence[TableDef]) -> None:
        """Add the columns that existing tables of an earlier version lack, and drop those they have beside.

        A new column gets the value that says nothing: null where it may be, else an empty one.
        """

    def rename(self, old: str, new: str) -> None:
        """Rename a table that is no tier of measurements."""

    def drop(self, table: str) -> None:
        """Drop a table."""

    def query(self, sql: str) -> pa.Table:
        """Return the committed rows of a query."""

    def query_matching(self, sql: str, values: pa.Table) -> pa.Table:
        """Return the rows of a query over a table `wanted` of the given values; sees the open transaction."""

    def batches(self, sql: str, rows: int) -> Iterator[pa.Table]:
        """Return any number of rows of a query, some at once."""

    def insert(self, table: str, rows: pa.Table) -> None:
        """Add rows."""

    def insert_selected(self, table: str, sql: str, wanted: pa.Table | None) -> None:
        """Add the rows of a query, which may read a table `wanted`; sees the open transaction."""

    def shown_selected(self, name: str, sql: str, wanted: pa.Table | None) -> AbstractContextManager[None]:
        """Show the rows of a query as a temporary table while the block lasts."""

    def delete_matching(self, table: str, wanted: pa.Table) -> None:
        """Delete the rows whose columns have the values of a row of `wanted`.

        A column `day` that the table has not is the day of its column `hour`.
        """

    def keep_in_order(self, *, rebuilt: bool) -> None:
        """Put the rows of rollups in the order in which readers ask, where many are not; in a transaction.

        Args:
            rebuilt: all of their rows are new.
        """

    def insert_batch(self, batch: Batch, entries: pa.Table) -> None:
        """Add new measurements of all tiers, and last their rows of `entry`, which make them count."""

    def delete_measurements(self, uids: Sequence[str] | None) -> None:
        """Delete the tier rows of some measurements, or of all; places of further copies stay."""

    def rejudge(self, evidence_sql: str, since: datetime | None, until: datetime | None) -> Rejudgement:
        """Begin to replace verdicts.

        Args:
            evidence_sql: query for the evidence of the measurements in question.
            since: their earliest start; any where None.
            until: the time before which they started; any where None.
        """

    def delete(self, table: str, column: str, values: Sequence[Any]) -> None:
        """Delete the rows whose column has one of some values."""

    def clear(self, table: str) -> None:
        """Delete all rows of a table."""

    def transaction(self) -> AbstractContextManager[None]:
        """Write all changes made inside the block or none, as far as the engine can."""

    def discard(self) -> None:
        """Close, and remove what opening created."""

    def close(self) -> None:
        """Close the connection."""
