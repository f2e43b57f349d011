"""Statements that create the tables on ClickHouse are valid there, on one server and on a cluster."""

import re
from typing import Any

import pytest

from banwatch.model.errors import BanwatchError
from banwatch.store.engines.clickhouse_schema import cluster_ddl, server_ddl
from banwatch.store.tables import TABLES


def test_the_tables_of_a_cluster(chdb_session: Any) -> None:
    statements = cluster_ddl("observatory")
    assert len(statements) == 1 + 2 * len(TABLES)
    for statement in statements:  # the engine itself reads each of them; carrying them out needs a cluster
        formatted = chdb_session.query(f"SELECT formatQuery({_quoted(statement)})", "TabSeparatedRaw")
        assert "ON CLUSTER observatory" in str(formatted)
    replicated = [s for s in statements if "ReplicatedReplacingMergeTree" in s]
    assert len(replicated) == len(TABLES)
    assert any(re.search(r"PARTITION BY toYYYYMM\(measurement_start_time\)", s) for s in replicated)
    with pytest.raises(BanwatchError):
        cluster_ddl("x'; DROP")


def test_the_statements_can_be_carried_out(chdb_session: Any) -> None:
    """Statements for one server run as they are; those for a cluster, without their cluster clauses."""
    for statement in server_ddl("one_server"):
        chdb_session.query(statement)
    for statement in cluster_ddl("observatory", "one_of_many"):
        chdb_session.query(f"EXPLAIN AST {statement}")
        if "Distributed(" not in statement:
            alone = statement.replace(" ON CLUSTER observatory", "")
            chdb_session.query(re.sub(r"Replicated(ReplacingMergeTree)\([^)]*\)", r"\1", alone))
    for database in ("one_server", "one_of_many"):
        found = chdb_session.query(f"SELECT count() FROM system.tables WHERE database = '{database}'")
        assert int(str(found)) == len(TABLES)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
