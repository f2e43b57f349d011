"""How the measured tiers lie in a DuckDB file: what repeats stands once, and ids stand once.

Shape: `stored_row` has one row a measurement and target. Each tier is a group of its columns, null where
that tier has no row: `made` and what only measurements have; `evidence` and `verdict`, the numbers of their
content in `stored_evidence` and `stored_verdict`; `segment` and `position`, the place in the archive.
`stored_step` has one row an observation, with the numbers of its measurement and of its content, which is in
`stored_step_content`. `stored_copy` has the places of conflicting copies. The views `measurement`,
`observation`, `evidence`, `verdict` and `entry` show all that as the tiers that everybody else asks for.

A verdict follows from its evidence, so both have the same number, until some are judged again and others not.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from ibis.backends.sql.datatypes import DuckDBType

from banwatch.model.progress import Progress
from banwatch.store.batch import (
    EVIDENCE_CONTENT,
    OF_STEP,
    ROW,
    SHARED,
    STEP_CONTENT,
    STEP_ROW,
    VERDICT_CONTENT,
    VOICE,
    Measured,
)
from banwatch.store.columns import Layout
from banwatch.store.engines.engine import JudgeTable
from banwatch.store.tables import TABLES

SHELVED = ("measurement", "observation", "evidence", "verdict", "entry")
"""Tables that are views of what is stored."""
STORED = "stored_"
"""How the names of what lies behind them begin."""
_IDENTITY = (*VOICE, *SHARED)
_OF_MEASUREMENT = tuple(name for name in ROW.names if name not in _IDENTITY)
_CONTENT_ROWS = 4_096
_SEEN_AT_MOST = 200_000
"""Contents remembered, of each kind: some tens of megabytes."""
_NUMBER = pa.int64()


def _types(name: str) -> dict[str, str]:
    return {column: DuckDBType.to_string(kind) for column, kind in TABLES[name].layout.schema.items()}


def _quoted(names: Sequence[str], of: str = "") -> str:
    return ", ".join(f'{of}"{name}"' for name in names)


def _columns(layout: Layout[Any], types: dict[str, str]) -> str:
    return ", ".join(f'"{name}" {types[name]}' for name in layout.arrow.names)


def _from(name: str, sources: Mapping[str, Sequence[str]]) -> str:
    """List a tier's columns, each from the first table that has it."""
    columns = TABLES[name].layout.column_names
    owners = (next(t for t, names in sources.items() if column in names) for column in columns)
    return ", ".join(f'{table}."{column}"' for table, column in zip(owners, columns, strict=True))


def statements() -> Iterator[str]:
    """Write the statements that make tables and views."""
    types = {**_types("evidence"), **_types("measurement")}
    row = ", ".join(f'"{n}" {types[n]}' for n in (*_IDENTITY, *_OF_MEASUREMENT))
    yield (
        f"CREATE TABLE stored_row (number BIGINT NOT NULL, {row}, made BOOLEAN NOT NULL, "
        "evidence BIGINT, verdict BIGINT, segment VARCHAR, position BIGINT)"
    )
    yield "CREATE TABLE stored_copy (measurement_uid VARCHAR, copy BIGINT, segment VARCHAR, position BIGINT)"
    steps = _types("observation")
    yield f"CREATE TABLE stored_step (number BIGINT, content BIGINT, {_columns(STEP_ROW, steps)})"
    yield f"CREATE TABLE stored_step_content (content BIGINT, {_columns(STEP_CONTENT, steps)})"
    yield f"CREATE TABLE stored_evidence (content BIGINT, {_columns(EVIDENCE_CONTENT, _types('evidence'))})"
    yield f"CREATE TABLE stored_verdict (content BIGINT, {_columns(VERDICT_CONTENT, _types('verdict'))})"
    own = {"r": (*_IDENTITY, *_OF_MEASUREMENT)}
    yield f"CREATE VIEW measurement AS SELECT {_from('measurement', own)} FROM stored_row r WHERE r.made"
    step = {"r": OF_STEP[:1], "s": OF_STEP[1:], "c": STEP_CONTENT.arrow.names}
    yield (
        f"CREATE VIEW observation AS SELECT {_from('observation', step)} FROM stored_step s "
        "JOIN stored_row r ON r.number = s.number JOIN stored_step_content c ON c.content = s.content"
    )
    for name, content in (("evidence", EVIDENCE_CONTENT), ("verdict", VERDICT_CONTENT)):
        columns = _from(name, {"r": _IDENTITY, "c": content.arrow.names})
        yield (
            f"CREATE VIEW {name} AS SELECT {columns} FROM stored_row r "
            f"JOIN stored_{name} c ON c.content = r.{name}"
        )
    yield (
        "CREATE VIEW entry AS SELECT measurement_uid, CAST(0 AS BIGINT) AS copy, segment, position "
        "FROM stored_row WHERE segment IS NOT NULL UNION ALL SELECT * FROM stored_copy"
    )


_TABLES = ("row", "copy", "step", "step_content", "evidence", "verdict")


class Shelf:
    """The stored tables behind the views, over one connection that writes."""

    def __init__(self, raw: Any, at_hand: Callable[[str, pa.Table], AbstractContextManager[None]]) -> None:
        """Take a connection, and what lets its SQL see rows of ours as a table."""
        self._raw = raw
        self._at_hand = at_hand
        self._next: dict[str, int] = {}
        self._seen: dict[str, dict[bytes, int]] = {}
        """Numbers of contents that this process wrote, by key."""

    def create(self) -> None:
        """Make the tables and views."""
        for statement in statements():
            self._raw.execute(statement)

    def drop(self) -> None:
        """Take the tables and views away."""
        for (name,) in self._raw.execute(
            "SELECT view_name FROM duckdb_views() WHERE NOT internal"
        ).fetchall():
            if name in SHELVED:
                self._raw.execute(f'DROP VIEW "{name}"')
        for name in _TABLES:
            self._raw.execute(f"DROP TABLE IF EXISTS stored_{name}")
        self.forget()

    def forget(self) -> None:
        """Read again which numbers are taken: a transaction was given up, or contents were taken out."""
        self._next.clear()
        self._seen.clear()

    def _count(self, sql: str, bounds: Sequence[datetime] = ()) -> int:
        return int(self._raw.execute(sql, list(bounds)).fetchall()[0][0])

    def _numbers(self, kind: str, count: int) -> int:
        """Take some numbers that nothing has yet; gives the first."""
        if kind not in self._next:
            columns = {
                "row": (("row", "number"),),
                "step": (("step_content", "content"),),
                "content": (("evidence", "content"), ("verdict", "content")),
            }[kind]
            highest = ", ".join(f"(SELECT max({column}) FROM stored_{table})" for table, column in columns)
            self._next[kind] = self._count(f"SELECT coalesce(greatest({highest}), -1)") + 1
        first = self._next[kind]
        self._next[kind] += count
        return first

    def insert_measured(self, measured: Measured, entries: pa.Table) -> None:
        """Add new measurements with the places of their lines.

        Args:
            measured: none of them is stored yet.
            entries: rows of `entry`, of these measurements or of further copies.
        """
        places = {
            uid: (segment, position)
            for uid, copy, segment, position in zip(
                *(entries.column(n).to_pylist() for n in TABLES["entry"].layout.column_names), strict=True
            )
            if copy == 0
        }
        uids = measured.rows.column("measurement_uid").to_pylist()
        found = [places.pop(uid, (None, None)) for uid in uids]
        number = self._numbers("row", measured.size)
        contents, fresh = self._number_contents("content", measured.evidence)
        said, fresh_steps = self._number_contents("step", measured.step_content)
        judged = contents.take(measured.rows.column("evidence"))
        rows = {
            "number": _counted(number, measured.size),
            **{n: measured.rows.column(n) for n in (*_IDENTITY, *_OF_MEASUREMENT)},
            "made": pa.array([True] * measured.size, pa.bool_()),
            "evidence": judged,
            "verdict": judged,
            "segment": pa.array([segment for segment, _ in found], pa.string()),
            "position": pa.array([position for _, position in found], _NUMBER),
        }
        self._add("row", pa.table(rows))
        steps = {
            "number": pc.add(measured.steps.column("row"), number),
            "content": said.take(measured.steps.column("content")),
            **{n: measured.steps.column(n) for n in STEP_ROW.arrow.names},
        }
        self._add("step", pa.table(steps))
        for name, table, numbers, new in (
            ("step_content", measured.step_content.drop_columns("key"), said, fresh_steps),
            ("evidence", measured.evidence.drop_columns("key"), contents, fresh),
            ("verdict", measured.verdict, contents, fresh),
        ):
            self._add(name, table.take(new).add_column(0, "content", numbers.take(new)))
        other = pc.is_in(entries.column("measurement_uid"), value_set=pa.array(list(places), pa.string()))
        self.insert("entry", entries.filter(pc.or_(pc.greater(entries.column("copy"), 0), other)))

    def _number_contents(self, kind: str, contents: pa.Table) -> tuple[pa.Array, pa.Array]:
        """Number contents; what was seen before keeps its number. Gives also which of them are new."""
        seen = self._seen.setdefault(kind, {})
        if len(seen) > _SEEN_AT_MOST:
            seen.clear()
        keys = contents.column("key").to_pylist()
        number = self._numbers(kind, len(keys))
        numbers, fresh = [], []
        for position, key in enumerate(keys):
            before = seen.get(key) if key is not None else None
            if before is None:
                before = number + position
                fresh.append(position)
                if key is not None:
                    seen[key] = before
            numbers.append(before)
        return pa.array(numbers, _NUMBER), pa.array(fresh, _NUMBER)

    def _add(self, name: str, rows: pa.Table) -> None:
        if rows.num_rows:
            with self._at_hand("incoming", rows):
                self._raw.execute(f"INSERT INTO stored_{name} SELECT * FROM incoming")

    def insert(self, name: str, rows: pa.Table) -> None:
        """Add rows of one tier, each to the measurement that it is of, known or not."""
        if name == "entry":
            copies = pc.greater(rows.column("copy"), 0)
            self._add("copy", rows.filter(copies))
            rows = rows.filter(pc.invert(copies))
        if not rows.num_rows:
            return
        if name == "observation":
            self._insert_steps(rows)
            return
        first = self._numbers("content", rows.num_rows) if name in ("evidence", "verdict") else 0
        if name in ("evidence", "verdict"):
            layout = EVIDENCE_CONTENT if name == "evidence" else VERDICT_CONTENT
            self._add(name, _numbered(rows.select(layout.arrow.names), first))
        columns = {n: rows.column(n) for n in (*_IDENTITY, *_OF_MEASUREMENT) if n in rows.column_names}
        if name == "measurement":
            columns["made"] = pa.array([True] * rows.num_rows, pa.bool_())
        elif name == "entry":
            columns.update({n: rows.column(n) for n in ("segment", "position")})
        else:
            columns[name] = _counted(first, rows.num_rows)
        self._assign(pa.table(columns))

    def _insert_steps(self, rows: pa.Table) -> None:
        self._assign(pa.table({"measurement_uid": pc.unique(rows.column("measurement_uid"))}))
        first = self._numbers("step", rows.num_rows)
        self._add("step_content", _numbered(rows.select(STEP_CONTENT.arrow.names), first))
        with self._at_hand("incoming", _numbered(rows.select(OF_STEP), first)):
            self._raw.execute(
                f"INSERT INTO stored_step SELECT r.number, i.content, {_quoted(STEP_ROW.arrow.names, 'i.')} "
                "FROM incoming i JOIN (SELECT measurement_uid, min(number) AS number FROM stored_row "
                "GROUP BY 1) r USING (measurement_uid)"
            )

    def _assign(self, rows: pa.Table) -> None:
        """Write columns of rows, and make the rows that are not there yet."""
        names = [n for n in rows.column_names if n != "measurement_uid"]
        # a row that was made for steps or a place alone has no target yet
        same = "r.measurement_uid = i.measurement_uid"
        if "target" in names:
            same += " AND (r.target = i.target OR r.target IS NULL)"
        first = self._numbers("row", rows.num_rows)
        listed = "".join(f', "{n}"' for n in names if n != "made")
        values = ", ".join(f'"{n}" = i."{n}"' for n in names)
        with self._at_hand("incoming", rows.append_column("fresh", _counted(first, rows.num_rows))):
            self._raw.execute(
                f"INSERT INTO stored_row (number, measurement_uid, made{listed}) "
                f"SELECT fresh, measurement_uid, {'made' if 'made' in names else 'false'}{listed} "
                f"FROM incoming i WHERE NOT EXISTS (SELECT 1 FROM stored_row r WHERE {same})"
            )
            if values:
                self._raw.execute(
                    f"UPDATE stored_row r SET {values} FROM incoming i WHERE {same} AND r.number < {first}"
                )

    def clear(self, name: str) -> None:
        """Take out all rows of a tier."""
        self._take_out(name, "true")

    def delete(self, name: str, column: str, values: Sequence[Any]) -> None:
        """Take out the rows of a tier that have one of some values in a column."""
        with self._at_hand("doomed", pa.table({"value": values})):
            self._take_out(name, f'"{column}" IN (SELECT "value" FROM doomed)')

    def _take_out(self, name: str, which: str) -> None:
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
        self._sweep()

    def drop_measured(self, uids: Sequence[str] | None) -> None:
        """Take out all that was made of some measurements, or of all; places of further copies stay."""
        which = "true" if uids is None else 'measurement_uid IN (SELECT "value" FROM doomed)'
        with self._at_hand("doomed", pa.table({"value": pa.array(uids or (), pa.string())})):
            self._raw.execute(
                f"DELETE FROM stored_step WHERE number IN (SELECT number FROM stored_row WHERE {which})"
            )
            self._raw.execute(f"DELETE FROM stored_row WHERE {which}")
        self._sweep()

    def _sweep(self) -> None:
        """Take out rows that are of no tier any more, and content that no row names."""
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

    def judge_again(
        self,
        judge: JudgeTable,
        since: datetime | None,
        until: datetime | None,
        progress: Progress,
    ) -> int:
        """Replace verdicts by what is judged now, of measurements that started in [since, until).

        What many measurements share is judged once.

        Args:
            judge: gives for rows of evidence the rows of their verdicts, in the same order.
            since: aware; all from the first where None.
            until: aware; all to the last where None.
            progress: told how many of how many contents are judged.

        Returns:
            How many measurements have a new verdict.
        """
        which = "r.evidence IS NOT NULL"
        bounds: list[datetime] = []
        for bound, sign in ((since, ">="), (until, "<")):
            if bound is not None:
                which += f" AND r.measurement_start_time {sign} ?"
                bounds.append(bound.astimezone(UTC).replace(tzinfo=None) if bound.tzinfo else bound)
        self.forget()
        measurements = self._count(f"SELECT count(*) FROM stored_row r WHERE {which}", bounds)
        whole = since is None and until is None
        named = f"SELECT DISTINCT r.evidence FROM stored_row r WHERE {which}"
        total = self._count(f"SELECT count(*) FROM ({named})", bounds)
        first = 0
        if whole:
            self._raw.execute(
                "UPDATE stored_row SET verdict = evidence WHERE verdict IS DISTINCT FROM evidence"
            )
            self._raw.execute("DELETE FROM stored_verdict")
        else:
            first = self._numbers("content", total)
        stub = ", ".join(
            f"TIMESTAMP '1970-01-01' AS {n}" if n == "measurement_start_time" else f"'' AS {n}" for n in VOICE
        )
        sql = f"SELECT {stub}, c.* FROM stored_evidence c SEMI JOIN ({named}) n ON n.evidence = c.content"
        done = 0
        with closing(self._raw.cursor()) as cursor:
            for batch in cursor.sql(sql, params=bounds).to_arrow_reader(_CONTENT_ROWS):
                evidence = pa.Table.from_batches([batch])
                verdicts = judge(evidence).select(VERDICT_CONTENT.arrow.names)
                before = evidence.column("content")
                after = before if whole else _counted(first + done, batch.num_rows)
                self._add("verdict", verdicts.add_column(0, "content", after))
                if not whole:
                    self._move(before, after, which, bounds)
                done += batch.num_rows
                progress(done, total)
        if not whole:
            self._sweep()
        return measurements

    def _move(self, before: Any, after: Any, which: str, bounds: list[datetime]) -> None:
        with self._at_hand("moved", pa.table({"before": before, "after": after})):
            self._raw.execute(
                f'UPDATE stored_row r SET verdict = m."after" FROM moved m WHERE m.before = r.evidence '
                f"AND {which}",
                bounds,
            )


def _counted(first: int, count: int) -> pa.Array:
    return pa.array(range(first, first + count), _NUMBER)


def _numbered(rows: pa.Table, first: int) -> pa.Table:
    """Put numbers in front of rows."""
    return rows.add_column(0, "content", _counted(first, rows.num_rows))
