"""Rows of the measured tiers, written to the stored tables of a DuckDB file (see `duckdb_schema`)."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from banwatch.store.batch import (
    EVIDENCE_CONTENT,
    OF_STEP,
    STEP_CONTENT,
    STEP_ROW,
    VERDICT_CONTENT,
    Batch,
)
from banwatch.store.columns import defaults_of
from banwatch.store.engines.duckdb_fit import fit_columns, stored_columns
from banwatch.store.engines.duckdb_schema import (
    IDENTITY,
    OF_MEASUREMENT,
    STORED_TABLES,
    TIER_VIEWS,
    statements,
)
from banwatch.store.tables import MEASURED, TABLES

_REMEMBERED_AT_MOST = 200_000
"""Contents remembered, of evidence and of steps each: some tens of megabytes."""
_NUMBER = pa.int64()


def _quoted(names: Sequence[str], of: str = "") -> str:
    return ", ".join(f'{of}"{name}"' for name in names)


class TierTables:
    """Stored tables behind the tier views, over the one connection that writes."""

    def __init__(self, raw: Any, shown: Callable[[str, pa.Table], AbstractContextManager[None]]) -> None:
        """Take a connection, and a context manager that shows Arrow rows to its SQL as a table."""
        self._raw = raw
        self._shown = shown
        self._next: dict[str, int] = {}
        self._remembered: dict[str, dict[bytes, int]] = {}
        """Numbers of contents that this process wrote, by key, for steps and for evidence."""

    def create(self) -> None:
        """Create the tables and views."""
        for statement in statements():
            self._raw.execute(statement)

    def fit(self) -> None:
        """Give the stored tables of an earlier version the columns of this one, and make the views again."""
        self._drop_views()
        defaults = {n: v for tier in MEASURED for n, v in defaults_of(TABLES[tier].noun).items()}
        for name, columns in stored_columns().items():
            fit_columns(self._raw, name, columns, defaults)
        for statement in statements():
            if statement.startswith("CREATE VIEW"):
                self._raw.execute(statement)
        self.forget()

    def drop(self) -> None:
        """Drop the tables and views."""
        self._drop_views()
        for name in STORED_TABLES:
            self._raw.execute(f"DROP TABLE IF EXISTS stored_{name}")
        self.forget()

    def _drop_views(self) -> None:
        for (name,) in self._raw.execute(
            "SELECT view_name FROM duckdb_views() WHERE NOT internal"
        ).fetchall():
            if name in TIER_VIEWS:
                self._raw.execute(f'DROP VIEW "{name}"')

    def forget(self) -> None:
        """Forget which numbers are taken: a transaction was rolled back, or contents were deleted."""
        self._next.clear()
        self._remembered.clear()

    def count(self, sql: str, bounds: Sequence[datetime] = ()) -> int:
        return int(self._raw.execute(sql, list(bounds)).fetchall()[0][0])

    def take_numbers(self, series: str, count: int) -> int:
        """Reserve numbers of a series (`row`, `step` or `content`) that nothing has yet; return the first."""
        if series not in self._next:
            columns = {
                "row": (("row", "number"),),
                "step": (("step_content", "content"),),
                "content": (("evidence", "content"), ("verdict", "content")),
            }[series]
            highest = ", ".join(f"(SELECT max({column}) FROM stored_{table})" for table, column in columns)
            self._next[series] = self.count(f"SELECT coalesce(greatest({highest}), -1)") + 1
        first = self._next[series]
        self._next[series] += count
        return first

    def insert_batch(self, batch: Batch, entries: pa.Table) -> None:
        """Add new measurements with the places of their lines.

        Args:
            batch: none of them is stored yet.
            entries: rows of `entry`, of these measurements or of further copies.
        """
        places = {
            uid: (segment, position)
            for uid, copy, segment, position in zip(
                *(entries.column(n).to_pylist() for n in TABLES["entry"].layout.column_names), strict=True
            )
            if copy == 0
        }
        uids = batch.rows.column("measurement_uid").to_pylist()
        found = [places.pop(uid, (None, None)) for uid in uids]
        number = self.take_numbers("row", batch.size)
        contents, new_contents = self._number_contents("content", batch.evidence)
        step_numbers, new_steps = self._number_contents("step", batch.step_content)
        judged = contents.take(batch.rows.column("evidence"))
        rows = {
            "number": numbered_from(number, batch.size),
            **{n: batch.rows.column(n) for n in (*IDENTITY, *OF_MEASUREMENT)},
            "made": pa.array([True] * batch.size, pa.bool_()),
            "evidence": judged,
            "verdict": judged,
            "segment": pa.array([segment for segment, _ in found], pa.string()),
            "position": pa.array([position for _, position in found], _NUMBER),
        }
        self.add("row", pa.table(rows))
        steps = {
            "number": pc.add(batch.steps.column("row"), number),
            "content": step_numbers.take(batch.steps.column("content")),
            **{n: batch.steps.column(n) for n in STEP_ROW.arrow.names},
        }
        self.add("step", pa.table(steps))
        for name, table, numbers, new in (
            ("step_content", batch.step_content.drop_columns("key"), step_numbers, new_steps),
            ("evidence", batch.evidence.drop_columns("key"), contents, new_contents),
            ("verdict", batch.verdict, contents, new_contents),
        ):
            self.add(name, table.take(new).add_column(0, "content", numbers.take(new)))
        other = pc.is_in(entries.column("measurement_uid"), value_set=pa.array(list(places), pa.string()))
        self.insert("entry", entries.filter(pc.or_(pc.greater(entries.column("copy"), 0), other)))

    def _number_contents(self, series: str, contents: pa.Table) -> tuple[pa.Array, pa.Array]:
        """Number contents, with the same number for a content that was written before.

        Returns:
            The number of each content, and the positions of those that are new.
        """
        remembered = self._remembered.setdefault(series, {})
        if len(remembered) > _REMEMBERED_AT_MOST:
            remembered.clear()
        keys = contents.column("key").to_pylist()
        number = self.take_numbers(series, len(keys))
        numbers, new = [], []
        for position, key in enumerate(keys):
            before = remembered.get(key) if key is not None else None
            if before is None:
                before = number + position
                new.append(position)
                if key is not None:
                    remembered[key] = before
            numbers.append(before)
        return pa.array(numbers, _NUMBER), pa.array(new, _NUMBER)

    def add(self, name: str, rows: pa.Table) -> None:
        if rows.num_rows:
            with self._shown("incoming", rows):
                self._raw.execute(f"INSERT INTO stored_{name} BY NAME SELECT * FROM incoming")

    def insert(self, name: str, rows: pa.Table) -> None:
        """Add rows of one tier, each to its measurement, whether or not that has a row yet."""
        if name == "entry":
            copies = pc.greater(rows.column("copy"), 0)
            self.add("copy", rows.filter(copies))
            rows = rows.filter(pc.invert(copies))
        if not rows.num_rows:
            return
        if name == "observation":
            self._insert_steps(rows)
            return
        first = self.take_numbers("content", rows.num_rows) if name in ("evidence", "verdict") else 0
        if name in ("evidence", "verdict"):
            layout = EVIDENCE_CONTENT if name == "evidence" else VERDICT_CONTENT
            self.add(name, _numbered(rows.select(layout.arrow.names), first))
        columns = {n: rows.column(n) for n in (*IDENTITY, *OF_MEASUREMENT) if n in rows.column_names}
        if name == "measurement":
            columns["made"] = pa.array([True] * rows.num_rows, pa.bool_())
        elif name == "entry":
            columns.update({n: rows.column(n) for n in ("segment", "position")})
        else:
            columns[name] = numbered_from(first, rows.num_rows)
        self._write_columns(pa.table(columns))

    def _insert_steps(self, rows: pa.Table) -> None:
        self._write_columns(pa.table({"measurement_uid": pc.unique(rows.column("measurement_uid"))}))
        first = self.take_numbers("step", rows.num_rows)
        self.add("step_content", _numbered(rows.select(STEP_CONTENT.arrow.names), first))
        with self._shown("incoming", _numbered(rows.select(OF_STEP), first)):
            self._raw.execute(
                f"INSERT INTO stored_step SELECT r.number, i.content, {_quoted(STEP_ROW.arrow.names, 'i.')} "
                "FROM incoming i JOIN (SELECT measurement_uid, min(number) AS number FROM stored_row "
                "GROUP BY 1) r USING (measurement_uid)"
            )

    def _write_columns(self, rows: pa.Table) -> None:
        """Write some columns of rows, and create the rows that are not there yet."""
        names = [n for n in rows.column_names if n != "measurement_uid"]
        # a row that was created for steps or for a place alone has no target yet
        same = "r.measurement_uid = i.measurement_uid"
        if "target" in names:
            same += " AND (r.target = i.target OR r.target IS NULL)"
        first = self.take_numbers("row", rows.num_rows)
        listed = "".join(f', "{n}"' for n in names if n != "made")
        values = ", ".join(f'"{n}" = i."{n}"' for n in names)
        with self._shown("incoming", rows.append_column("new_number", numbered_from(first, rows.num_rows))):
            self._raw.execute(
                f"INSERT INTO stored_row (number, measurement_uid, made{listed}) "
                f"SELECT new_number, measurement_uid, {'made' if 'made' in names else 'false'}{listed} "
                f"FROM incoming i WHERE NOT EXISTS (SELECT 1 FROM stored_row r WHERE {same})"
            )
            if values:
                self._raw.execute(
                    f"UPDATE stored_row r SET {values} FROM incoming i WHERE {same} AND r.number < {first}"
                )

    def clear(self, name: str) -> None:
        """Delete all rows of a tier."""
        self._delete_where(name, "true")

    def delete(self, name: str, column: str, values: Sequence[Any]) -> None:
        """Delete the rows of a tier whose column has one of some values."""
        with self._shown("deleted", pa.table({"value": values})):
            self._delete_where(name, f'"{column}" IN (SELECT "value" FROM deleted)')

    def _delete_where(self, name: str, which: str) -> None:
        if name == "observation":
            self._raw.execute(
                f"DELETE FROM stored_step WHERE number IN (SELECT number FROM stored_row WHERE {which})"
            )
        else:
            group = {
                "measurement": "made = false",
                "evidence": "evidence = NULL",
                "verdict": "verdict = NULL",
                "entry": "segment = NULL, position = NULL",
            }[name]
            self._raw.execute(f"UPDATE stored_row SET {group} WHERE {which}")
        if name == "entry":
            self._raw.execute(f"DELETE FROM stored_copy WHERE {which}")
        self.delete_unnamed()

    def delete_measurements(self, uids: Sequence[str] | None) -> None:
        """Delete the tier rows of some measurements, or of all; places of further copies stay."""
        which = "true" if uids is None else 'measurement_uid IN (SELECT "value" FROM deleted)'
        with self._shown("deleted", pa.table({"value": pa.array(uids or (), pa.string())})):
            self._raw.execute(
                f"DELETE FROM stored_step WHERE number IN (SELECT number FROM stored_row WHERE {which})"
            )
            self._raw.execute(f"DELETE FROM stored_row WHERE {which}")
        self.delete_unnamed()

    def delete_unnamed(self) -> None:
        """Delete rows that belong to no tier any more, and contents that no row names."""
        self.forget()
        self._raw.execute(
            "DELETE FROM stored_row r WHERE NOT made AND evidence IS NULL AND verdict IS NULL "
            "AND segment IS NULL AND NOT EXISTS (SELECT 1 FROM stored_step s WHERE s.number = r.number)"
        )
        for content, naming, column in (
            ("step_content", "step", "content"),
            ("evidence", "row", "evidence"),
            ("verdict", "row", "verdict"),
        ):
            self._raw.execute(
                f"DELETE FROM stored_{content} c WHERE NOT EXISTS "
                f"(SELECT 1 FROM stored_{naming} n WHERE n.{column} = c.content)"
            )


def numbered_from(first: int, count: int) -> pa.Array:
    """Return so many numbers in a row."""
    return pa.array(range(first, first + count), _NUMBER)


def _numbered(rows: pa.Table, first: int) -> pa.Table:
    """Put a column of numbers in front of rows."""
    return rows.add_column(0, "content", numbered_from(first, rows.num_rows))
