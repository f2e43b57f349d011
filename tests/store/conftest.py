"""Fixtures: stores on both engines."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from banwatch.store import Store


@pytest.fixture(scope="session")
def chdb_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Give the one session of ClickHouse's engine in this process."""
    chdb = pytest.importorskip("chdb.session", reason="chdb is not installed (uv/pip group `engines`)")
    session = chdb.Session(str(tmp_path_factory.mktemp("chdb")))
    yield session
    session.close()


@pytest.fixture(params=["duckdb", "chdb"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Give an empty store, on each engine in turn."""
    if request.param == "duckdb":
        with Store.open(tmp_path / "s.duckdb") as store:
            yield store
        return
    from tests.store.engines.embedded_clickhouse import open_embedded

    with open_embedded(request.getfixturevalue("chdb_session"), tmp_path) as store:
        yield store
