"""Verdicts of a DuckDB file replaced: each distinct evidence content is given out once."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime
from typing import Any, Protocol

import pyarrow as pa

from banwatch.store.batch import VERDICT_CONTENT, VOICE
from banwatch.store.engines.duckdb_tiers import TierTables, numbered_from

_CONTENT_ROWS = 4_096
_EMPTY = "''"
_STUBS = {
    "measurement_start_time": "TIMESTAMP '1970-01-01'",
    "received_at": "CAST(NULL AS TIMESTAMP)",
    "origin_agrees": "CAST(NULL AS BOOLEAN)",
}
"""Values in place of the columns of `VOICE` that are no text."""


class ShowRows(Protocol):
    """Context manager that shows Arrow rows to SQL as a table."""

    def __call__(self, name: str, rows: pa.Table) -> AbstractContextManager[None]: ...


class DuckDbRejudgement:
    """New verdicts for the measurements that started in [since, until); see `engine.Rejudgement`.

    Create it, and use it to its end, inside one transaction.
    """

    def __init__(
        self, raw: Any, shown: ShowRows, tiers: TierTables, since: datetime | None, until: datetime | None
    ) -> None:
        self._raw = raw
        self._shown = shown
        self._tiers = tiers
        self._where = "r.evidence IS NOT NULL"
        self._bounds: list[datetime] = []
        for bound, sign in ((since, ">="), (until, "<")):
            if bound is not None:
                self._where += f" AND r.measurement_start_time {sign} ?"
                self._bounds.append(bound.astimezone(UTC).replace(tzinfo=None) if bound.tzinfo else bound)
        self._is_whole = since is None and until is None
        self._named = f"SELECT DISTINCT r.evidence FROM stored_row r WHERE {self._where}"
        tiers.forget()
        self.measurements = tiers.count(
            f"SELECT count(*) FROM stored_row r WHERE {self._where}", self._bounds
        )
        self.total = tiers.count(f"SELECT count(*) FROM ({self._named})", self._bounds)
        if self._is_whole:
            raw.execute("UPDATE stored_row SET verdict = evidence WHERE verdict IS DISTINCT FROM evidence")
            raw.execute("DELETE FROM stored_verdict")
            self._next = 0
        else:
            self._next = tiers.take_numbers("content", self.total)

    def evidence(self) -> Iterator[pa.Table]:
        """Read the distinct evidence, some thousand rows at once; put verdicts for each before the next."""
        stub = ", ".join(f"{_STUBS.get(n, _EMPTY)} AS {n}" for n in VOICE)
        sql = (
            f"SELECT {stub}, c.* FROM stored_evidence c SEMI JOIN ({self._named}) n ON n.evidence = c.content"
        )
        with closing(self._raw.cursor()) as cursor:
            for batch in cursor.sql(sql, params=self._bounds).to_arrow_reader(_CONTENT_ROWS):
                yield pa.Table.from_batches([batch])
        if not self._is_whole:
            self._tiers.delete_unnamed()

    def put(self, evidence: pa.Table, verdicts: pa.Table) -> None:
        """Store the verdicts of some rows of `evidence`, in the same order."""
        before = evidence.column("content")
        after = before if self._is_whole else numbered_from(self._next, evidence.num_rows)
        self._next += evidence.num_rows
        contents = verdicts.select(VERDICT_CONTENT.arrow.names)
        self._tiers.add("verdict", contents.add_column(0, "content", after))
        if not self._is_whole:
            self._point(before, after)

    def _point(self, before: Any, after: Any) -> None:
        """Let the rows in question name their new verdicts."""
        with self._shown("moved", pa.table({"before": before, "after": after})):
            self._raw.execute(
                f'UPDATE stored_row r SET verdict = m."after" FROM moved m WHERE m.before = r.evidence '
                f"AND {self._where}",
                self._bounds,
            )
