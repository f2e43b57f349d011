"""Ids for life: an upgrade, a rebuild, a lost database keep the id of each incident."""

import io
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
import zstandard

from banwatch import reference
from banwatch.explorer.app import create_app_over
from banwatch.model.receipt import SourceClass
from banwatch.pages.store_reader import StoreReader
from banwatch.pipeline.conclude import detect
from banwatch.pipeline.ingest import ingest
from banwatch.pipeline.rebuild import rebuild
from banwatch.store import Store, queries
from tests.explorer.asgi_client import get
from tests.pipeline.measurement_lines import line, write

OLD = Path(__file__).parents[1] / "store" / "data" / "store-0.1.0.tar.zst"
"""Store that 0.1.0 itself made of 320 lines, with one published incident."""
NOW = datetime(2016, 6, 1, tzinfo=UTC)
GIVEN = "KP-2016-0001"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Unpack the store of 0.1.0."""
    data = zstandard.ZstdDecompressor().decompress(OLD.read_bytes(), max_output_size=64 << 20)
    with tarfile.open(fileobj=io.BytesIO(data)) as packed:
        packed.extractall(tmp_path, filter="data")
    return tmp_path / "v0.1.0.duckdb"


def _ids(path: Path) -> list[str]:
    with Store.open(path, read_only=True) as store:
        return [incident.incident_id for incident in queries.incidents(store)]


def test_store_of_0_1_0_is_read_as_it_is(old: Path) -> None:
    with Store.open(old, read_only=True) as store:
        assert [i.incident_id for i in queries.incidents(store)] == [GIVEN]
        rows = queries.verdicts(store)
        assert len(rows) == 320
        assert {row.source_class for row in rows} == {SourceClass.OONI}
        assert {row.received_at for row in rows} == {None}
        assert queries.evidence(store, rows[0].measurement_uid) is not None
        assert len(queries.cells(store)) == 80


def test_upgrade_keeps_ids_and_takes_more(old: Path, tmp_path: Path) -> None:
    with Store.open(old) as store:
        before = queries.counts(store)
        detect(store, [], now=NOW)
        assert [i.incident_id for i in queries.incidents(store)] == [GIVEN]
        more = write(tmp_path / "more.jsonl", [line(n, day=21) for n in range(3)])
        assert ingest(store, [more], reference.load()).accepted == 3
        assert queries.counts(store)["verdict"] == before["verdict"] + 3


def test_rebuild_keeps_ids_and_learns_the_receipt(old: Path) -> None:
    with Store.open(old) as store:
        rebuild(store, reference.load())
        detect(store, [], now=NOW)
        assert {row.received_at is None for row in queries.verdicts(store)} == {False}
    assert _ids(old) == [GIVEN]


def test_lost_database_gets_its_ids_again(old: Path) -> None:
    """Without them, an incident that began earlier and was measured later took the number of another."""
    with Store.open(old) as store:
        detect(store, [], now=NOW)
    old.unlink()
    with Store.open(old) as store:
        rebuild(store, reference.load())
        earlier = queries.verdicts(store)
        assert len(earlier) == 320
        detect(store, [], now=NOW)
    assert _ids(old) == [GIVEN]
    text = old.with_name("v0.1.0.duckdb.incidents.jsonl").read_text()
    assert text.count(GIVEN) >= 1


def test_store_of_any_other_version_keeps_its_ids_through_a_renewal(old: Path) -> None:
    with Store.open(old) as store:
        detect(store, [], now=NOW)
    old.with_name("v0.1.0.duckdb.incidents.jsonl").unlink()
    with duckdb.connect(str(old)) as raw:
        raw.execute("UPDATE property SET value = 'another' WHERE name = 'shape'")
    with Store.open(old, renew=True) as store:
        rebuild(store, reference.load())
        detect(store, [], now=NOW)
    assert _ids(old) == [GIVEN]


def test_address_of_an_incident_stays(old: Path) -> None:
    """The page of an incident that 0.1.0 published is at the same address after the upgrade."""
    with Store.open(old) as store:
        detect(store, [], now=NOW)
    with Store.open(old, read_only=True) as store:
        answer = get(create_app_over(StoreReader(store)), f"/incidents/{GIVEN}")
    assert answer.status == 200
    assert GIVEN in answer.text
