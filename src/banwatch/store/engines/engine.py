"""What a store asks of a database engine. Two can do it: DuckDB here, ClickHouse beyond."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa

from banwatch.model.progress import Progress
from banwatch.store.batch import Measured
from banwatch.store.tables import TableDef

JudgeTable = Callable[[pa.Table], pa.Table]


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

    def insert_measured(self, measured: Measured, entries: pa.Table) -> None:
        """Add new measurements of all tiers; what makes them count, their rows of `entry`, at last."""

    def drop_measured(self, uids: Sequence[str] | None) -> None:
        """Take out all that was made of some measurements, or of all; places of further copies stay."""

    def judge_again(
        self,
        judge: JudgeTable,
        evidence_sql: str,
        since: datetime | None,
        until: datetime | None,
        progress: Progress,
    ) -> int:
        """Replace verdicts by what is judged now; gives how many.

        Args:
            judge: gives for rows of evidence the rows of their verdicts, in the same order.
            evidence_sql: asks for the evidence of the measurements in question.
            since: that they started then or later.
            until: that they started before.
            progress: told how many rows of how many are judged.
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
