"""Columns of an earlier version's tables in a DuckDB file, fitted to those of this version."""

from collections.abc import Mapping
from typing import Any

import duckdb

from banwatch.store.engines.duckdb_schema import STORED_PREFIX, STORED_TABLES, statements

_EMPTY_VALUES = {
    "VARCHAR": "''",
    "BIGINT": "0",
    "DOUBLE": "0.0",
    "BOOLEAN": "false",
    "TIMESTAMP": "TIMESTAMP '1970-01-01'",
    "BLOB": "''::BLOB",
}


def stored_columns() -> dict[str, dict[str, str]]:
    """Return the columns of each stored table of this version, with their types."""
    with duckdb.connect(":memory:") as scratch:
        for statement in statements():
            scratch.execute(statement)
        return {
            name: {row[0]: f"{row[1]}{'' if row[2] == 'YES' else ' NOT NULL'}" for row in found}
            for name in (STORED_PREFIX + table for table in STORED_TABLES)
            if (found := scratch.execute(f"DESCRIBE {name}").fetchall())
        }


def fit_columns(raw: Any, table: str, kinds: Mapping[str, str], defaults: Mapping[str, Any]) -> None:
    """Add the columns that a table lacks, and drop those that it has beside.

    Args:
        raw: connection, in a transaction.
        table: an existing table.
        kinds: SQL type of each column of this version, with `NOT NULL` where it is never null.
        defaults: values of new columns, where they are not empty.
    """
    before = {row[0] for row in raw.execute(f'DESCRIBE "{table}"').fetchall()}
    for name, kind in kinds.items():
        if name not in before:
            plain = kind.removesuffix(" NOT NULL")
            # DuckDB adds no column that is NOT NULL; the rows that come later fill it all the same
            default = defaults.get(name)
            value = empty_value(plain) if default is None else _literal(default)
            raw.execute(f'ALTER TABLE "{table}" ADD COLUMN "{name}" {plain}')
            if plain != kind or default is not None or plain.endswith("[]"):
                raw.execute(f'UPDATE "{table}" SET "{name}" = {value}')
    for name in sorted(before - kinds.keys()):
        raw.execute(f'ALTER TABLE "{table}" DROP COLUMN "{name}"')


def _literal(value: object) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower() if isinstance(value, bool) else str(value)


def empty_value(kind: str) -> str:
    """Return the SQL of the value that says nothing, of a type."""
    return "[]" if kind.endswith("[]") else _EMPTY_VALUES.get(kind.partition("(")[0], "NULL")
