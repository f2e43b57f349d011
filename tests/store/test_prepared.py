"""Prepared queries: values are put in once, and a stranger's text is never read as part of the query."""

import ibis
import pyarrow as pa
import pytest

from banwatch.store.prepared import LIMIT, OFFSET, Value, argument, fill, is_one_of, to_sql

HOSTILE = (
    "banwatch_argument_cc()",
    "BANWATCH_ARGUMENT_WORDS()",
    str(LIMIT),
    str(OFFSET),
    "'; DROP TABLE verdict; --",
    "\\' OR 1=1 --",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_that_looks_like_an_argument_stays_text(text: str) -> None:
    import duckdb

    table = ibis.table({"a": "string", "n": "int64"}, name="t")
    found = table.filter((table.a == argument("cc")) | is_one_of(table.a, "words"))
    sql = to_sql(found.limit(LIMIT, offset=OFFSET), "duckdb")
    with duckdb.connect() as connection:
        connection.register("t", pa.table({"a": [text, "other"], "n": [1, 2]}))
        values: dict[str, Value] = {"cc": text, "words": [text, "nobody"], "limit": 5, "offset": 0}
        assert connection.sql(fill(sql, values, "duckdb")).to_arrow_table().to_pylist() == [
            {"a": text, "n": 1}
        ]


@pytest.mark.parametrize("dialect", ["duckdb", "clickhouse"])
def test_a_list_is_put_in_as_a_list(dialect: str) -> None:
    table = ibis.table({"a": "string", "n": "int64"}, name="t")
    sql = to_sql(table.filter(is_one_of(table.a, "words") & is_one_of(table.n, "numbers", "int64")), dialect)
    filled = fill(sql, {"words": ["x", "y"], "numbers": [1, 2]}, dialect)
    assert "IN ('x', 'y')" in filled
    assert "IN (1, 2)" in filled
    assert "IN (NULL)" in fill(sql, {"words": [], "numbers": [1]}, dialect)


def test_a_missing_value_is_an_error() -> None:
    table = ibis.table({"a": "string"}, name="t")
    with pytest.raises(KeyError):
        fill(to_sql(table.filter(table.a == argument("cc")), "duckdb"), {}, "duckdb")
