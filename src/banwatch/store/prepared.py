"""Queries that are compiled once a dialect, with their values filled in at each use.

Compiling an Ibis expression takes milliseconds, for cells a third of a second. An argument is compiled as a
call of a function that no engine has, and each use replaces it by a literal.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import ibis

Value = str | int | datetime | Sequence[str] | Sequence[int]
_PREFIX = "banwatch_argument_"
_NUMBERS = {"918273645": "limit", "918273646": "offset"}
_CALL = re.compile(rf"{_PREFIX}(\w+)\(\)|\b({'|'.join(_NUMBERS)})\b", re.IGNORECASE)


@cache
def argument(name: str, dtype: str = "string") -> ibis.Value:
    """Return an expression for a value that `fill` puts in; the name is lower case."""

    def stands_for() -> None: ...

    made: Any = ibis.udf.scalar.builtin(stands_for, name=f"{_PREFIX}{name}", signature=((), f"!{dtype}"))
    return made()


def moment(name: str) -> ibis.Value:
    """Return an expression for a time that `fill` puts in."""
    return argument(name, "timestamp(6)")


def is_one_of(column: ibis.Value, name: str, dtype: str = "string") -> ibis.Value:
    """Return whether a column is one of the values of a list that `fill` puts in."""
    found: ibis.Value = column.isin([argument(name, dtype)])
    return found


def is_one_of_words(column: ibis.Value) -> ibis.Value:
    """Return whether a column is one of the texts given to `fill` as `words`."""
    return is_one_of(column, "words")


LIMIT = 918_273_645
"""Number of rows that stands for the value `limit`: Ibis takes no expression there."""
OFFSET = 918_273_646
"""Number of rows that stands for the value `offset`."""
_DISTINCT = "banwatch_distinct"
_DISTINCT_OF = {"duckdb": "list_distinct", "clickhouse": "arrayDistinct"}


@ibis.udf.scalar.builtin(name=_DISTINCT)  # type: ignore[untyped-decorator]  # ibis ships partial types
def distinct_words(words: list[str]) -> list[str]:  # type: ignore[empty-body]  # engines carry it out
    """Return the distinct values of a list; Ibis 12 writes this in a way that ClickHouse does not know."""


def to_sql(expression: Any, dialect: str) -> str:
    """Compile an expression."""
    sql = str(ibis.to_sql(expression, dialect=dialect, pretty=False))
    return re.sub(_DISTINCT, _DISTINCT_OF[dialect], sql, flags=re.IGNORECASE)


_MOST_COMPILED = 2_000
"""Expressions kept at most, some kilobytes each: questions of strangers have many shapes."""
_compiled: dict[tuple[str, str], str] = {}


def compiled(key: str, dialect: str, build: Callable[[], Any]) -> str:
    """Return the SQL of an expression, compiled at its first use in this process."""
    sql = _compiled.get((key, dialect))
    if sql is None:
        if len(_compiled) >= _MOST_COMPILED:
            _compiled.clear()
        sql = _compiled[key, dialect] = to_sql(build(), dialect)
    return sql


def fill(sql: str, values: Mapping[str, Value], dialect: str) -> str:
    """Put values in place of the arguments of a compiled query; a list goes where `is_one_of` stands.

    Raises:
        KeyError: a value is missing.
    """

    def put(found: re.Match[str]) -> str:
        name = found[1].lower() if found[1] else _NUMBERS[found[2]]
        value = values[name]
        if isinstance(value, (str, int, datetime)):
            return literal_of(value, dialect)
        return ", ".join(literal_of(one, dialect) for one in value) or "NULL"

    return _CALL.sub(put, sql)  # in one pass: a stranger's text that looks like an argument stays text


def literal_of(value: Value, dialect: str) -> str:
    """Write a value as SQL."""
    if isinstance(value, datetime):
        naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        text = naive.isoformat(" ", "microseconds")
        return f"toDateTime64('{text}', 6, 'UTC')" if dialect == "clickhouse" else f"TIMESTAMP '{text}'"
    if isinstance(value, int):
        return str(int(value))
    if not isinstance(value, str):
        raise TypeError("several values go with `is_one_of`")
    if dialect == "clickhouse":
        value = value.replace("\\", "\\\\")
        return "'" + value.replace("'", "\\'") + "'"
    return "'" + value.replace("'", "''") + "'"
