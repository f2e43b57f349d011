"""Tables and views of the measured tiers in a DuckDB file: each content and each id is stored once.

Shape: `stored_row` has one row a measurement and target. Each tier is a group of its columns, null where
that tier has no row: `made` and the columns of measurements alone; `evidence` and `verdict`, the numbers of
their content in `stored_evidence` and `stored_verdict`; `segment` and `position`, the place in the archive.
`stored_step` has one row an observation, with the numbers of its measurement and of its content, which is in
`stored_step_content`. `stored_copy` has the places of conflicting copies. The views `measurement`,
`observation`, `evidence`, `verdict` and `entry` show these tables as the tiers that all other code queries.

A verdict follows from its evidence, so both have the same number, until some are judged again and others not.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import ibis
from ibis.backends.sql.datatypes import DuckDBType

from banwatch.store.batch import (
    EVIDENCE_CONTENT,
    OF_STEP,
    ROW,
    SHARED,
    STEP_CONTENT,
    STEP_ROW,
    VERDICT_CONTENT,
    VOICE,
)
from banwatch.store.columns import Layout
from banwatch.store.tables import TABLES

TIER_VIEWS = ("measurement", "observation", "evidence", "verdict", "entry")
"""Tiers that are views over the stored tables."""
STORED_PREFIX = "stored_"
"""Prefix of the names of the stored tables."""
IDENTITY = (*VOICE, *SHARED)
OF_MEASUREMENT = tuple(name for name in ROW.names if name not in IDENTITY)


def column_types(layout: Layout[Any]) -> dict[str, str]:
    """Return DuckDB's types of the columns of a layout."""
    return {name: _sql_type(f.dtype) for f in layout.fields for name in f.column_names}


@cache
def _sql_type(dtype: str) -> str:
    """Write a type; six hundred columns have a dozen types, and each takes Ibis a millisecond."""
    return str(DuckDBType.to_string(ibis.dtype(dtype)))


def _types(name: str) -> dict[str, str]:
    return column_types(TABLES[name].layout)


def _columns(layout: Layout[Any], types: dict[str, str]) -> str:
    return ", ".join(f'"{name}" {types[name]}' for name in layout.arrow.names)


def _from(name: str, sources: Mapping[str, Sequence[str]]) -> str:
    """List a tier's columns, each from the first table that has it."""
    columns = TABLES[name].layout.column_names
    owners = (next(t for t, names in sources.items() if column in names) for column in columns)
    return ", ".join(f'{table}."{column}"' for table, column in zip(owners, columns, strict=True))


def statements() -> Iterator[str]:
    """Write the statements that create the stored tables and the views."""
    types = {**_types("evidence"), **_types("measurement")}
    row = ", ".join(f'"{n}" {types[n]}' for n in (*IDENTITY, *OF_MEASUREMENT))
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
    own = {"r": (*IDENTITY, *OF_MEASUREMENT)}
    yield f"CREATE VIEW measurement AS SELECT {_from('measurement', own)} FROM stored_row r WHERE r.made"
    step = {"r": OF_STEP[:1], "s": OF_STEP[1:], "c": STEP_CONTENT.arrow.names}
    yield (
        f"CREATE VIEW observation AS SELECT {_from('observation', step)} FROM stored_step s "
        "JOIN stored_row r ON r.number = s.number JOIN stored_step_content c ON c.content = s.content"
    )
    for name, content in (("evidence", EVIDENCE_CONTENT), ("verdict", VERDICT_CONTENT)):
        columns = _from(name, {"r": IDENTITY, "c": content.arrow.names})
        yield (
            f"CREATE VIEW {name} AS SELECT {columns} FROM stored_row r "
            f"JOIN stored_{name} c ON c.content = r.{name}"
        )
    yield (
        "CREATE VIEW entry AS SELECT measurement_uid, CAST(0 AS BIGINT) AS copy, segment, position "
        "FROM stored_row WHERE segment IS NOT NULL UNION ALL SELECT * FROM stored_copy"
    )


STORED_TABLES = ("row", "copy", "step", "step_content", "evidence", "verdict")
READING_ORDERS = {
    "cell": ("probe_cc", "target", "probe_asn", "access_tier", "hour"),
    "daily_cell": ("probe_cc", "target", "probe_asn", "access_tier", "day"),
    "target_month": ("probe_cc", "target", "month"),
    "network_month": ("probe_cc", "probe_asn", "month"),
    "country_day": ("probe_cc", "day"),
}
"""Order of the rows of rollups: a country, then a target or network, as pages ask."""
