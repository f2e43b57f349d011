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
    """A connection to one database. Reading is safe from several threads."""

    place: str
    """Path or address, for messages."""
    dialect: str
    """Ibis' name for its SQL."""

    def table_names(self) -> set[str]:
        """Name the tables that are there."""

    def create(self, table: TableDef) -> None:
        """Make a table."""

    def rename(self, old: str, new: str) -> None:
        """Rename a table that is no tier of measurements."""

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
        """Take out the rows that have one of some values in a column."""

    def clear(self, table: str) -> None:
        """Take out all rows."""

    def transaction(self) -> AbstractContextManager[None]:
        """Do what is written inside as a whole, as far as the engine can."""

    def discard(self) -> None:
        """Close, and take away what opening has made."""

    def close(self) -> None:
        """Let go."""
