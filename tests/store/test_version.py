"""A store of 0.1.0 opens with all that it holds, and incidents keep the ids that they got there."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from banwatch.model.errors import BanwatchError
from banwatch.pipeline.conclude import detect
from banwatch.store import Store, queries
from banwatch.store.bookkeeping import PublishedIncident
from banwatch.store.version import SHAPE, SHAPE_0_1
from tests.store.verdict_rows import blocked_story

NOW = datetime(2016, 5, 1, tzinfo=UTC)
WRITTEN_BY_0_1 = "db35e3bccfc929c6"
"""Shape that 0.1.0 wrote into its stores."""


def _make_as_0_1(path: Path) -> None:
    """Make a store with an incident that was published and withdrawn, with the table names of 0.1.0."""
    with Store.open(path) as store:
        for day, rows in enumerate((blocked_story(), [])):
            with store.transaction():
                store.clear("verdict")
                store.append("verdict", rows)
            detect(store, [], now=NOW + timedelta(days=day))
        assert queries.incidents(store) == []
    with duckdb.connect(str(path)) as raw:
        raw.execute("ALTER TABLE published_incident RENAME TO told")
        raw.execute("UPDATE property SET value = ? WHERE name = 'shape'", [WRITTEN_BY_0_1])


def _shape_in(path: Path) -> str:
    with duckdb.connect(str(path), read_only=True) as raw:
        return str(raw.execute("SELECT value FROM property WHERE name = 'shape'").fetchall()[0][0])


def test_the_shape_of_0_1_is_known() -> None:
    assert SHAPE_0_1 == WRITTEN_BY_0_1 != SHAPE


def test_a_store_of_0_1_keeps_its_ids(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    _make_as_0_1(path)
    with Store.open(path) as store:
        (published,) = store.rows(PublishedIncident)
        with store.transaction():
            store.append("verdict", blocked_story())
        detect(store, [], now=NOW + timedelta(days=2))
        (again,) = queries.incidents(store)
        assert again.incident_id == published.incident_id
    assert _shape_in(path) == SHAPE
    with Store.open(path) as store:  # a second time there is nothing to upgrade
        assert [row.incident_id for row in store.rows(PublishedIncident)] == [published.incident_id]


def test_reading_a_store_of_0_1_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    _make_as_0_1(path)
    with Store.open(path, read_only=True) as store:
        assert len(store.rows(PublishedIncident)) == 1
        assert queries.counts(store)["published_incident"] == 1
    assert _shape_in(path) == WRITTEN_BY_0_1


def test_a_renamed_table_with_the_shape_of_0_1_opens(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    _make_as_0_1(path)
    with duckdb.connect(str(path)) as raw:  # as on a cluster, where the table is renamed by hand first
        raw.execute("ALTER TABLE told RENAME TO published_incident")
    with Store.open(path) as store:
        assert len(store.rows(PublishedIncident)) == 1
    assert _shape_in(path) == SHAPE


def test_any_other_shape_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    _make_as_0_1(path)
    with duckdb.connect(str(path)) as raw:
        raw.execute("UPDATE property SET value = 'another' WHERE name = 'shape'")
    with pytest.raises(BanwatchError, match="another version"):
        Store.open(path)
