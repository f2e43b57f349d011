"""The store's reader, and bulletin and app over a store that was ingested, judged and compared."""

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from banwatch.bans import load_bans
from banwatch.bulletin import publish
from banwatch.bulletin.verify import verify_bundle
from banwatch.explorer.app import create_app
from banwatch.model.ban import Comparison, Measured
from banwatch.model.ids import Asn, TargetName
from banwatch.pages.store_reader import StoreReader
from banwatch.pipeline.conclude import detect
from banwatch.pipeline.ingest import ingest
from banwatch.reference import load
from banwatch.store import Store, queries
from tests.explorer.asgi_client import get
from tests.pages.made_up_country import KP, make_country

DAYS, TARGETS, TIERS = 2, 11, 3


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    lines = folder / "made-up.jsonl"
    lines.write_bytes(b"\n".join(make_country(days=DAYS, per_day=1).raw_lines.values()))
    path = folder / "made-up.duckdb"
    with Store.open(path) as store:
        ingest(store, [lines], load())
        detect(store, load_bans().values())
        store.set_property("recorded", "yes")
    return path


def test_every_question_is_answered(database: Path) -> None:
    with Store.open(database, read_only=True) as store:
        reader = StoreReader(store)
        verdicts = reader.verdicts(probe_cc=KP, probe_asn=Asn(64512), access_tier="visitor")
        assert len(verdicts) == DAYS * TARGETS
        assert len(reader.verdicts(limit=3)) == 3
        uids = [verdict.measurement_uid for verdict in verdicts[:5]]
        assert set(reader.measurements_of(uids)) == set(uids)
        assert [o.step for o in reader.observations_of(uids)[uids[0]]] == ["dns", "tcp", "http"]
        assert set(reader.evidence_of(uids)) == set(uids)
        assert [verdict.measurement_uid for verdict in reader.verdicts_of(uids[0])] == uids[:1]
        assert {uid for uid, line in reader.raws(uids) if line.startswith(b"{")} == set(uids)
        assert reader.labs() == {"kp-test": DAYS * TARGETS * TIERS}
        assert reader.recorded()
        assert len(reader.cells(probe_cc=KP, target=TargetName("bbc.com"))) == DAYS * TIERS
        assert reader.comparisons("dprk-2016")
        assert list(reader.incidents()) == sorted(reader.incidents(), key=lambda i: i.incident_id)


def test_the_bulletin_of_a_recording(database: Path, tmp_path: Path) -> None:
    with Store.open(database, read_only=True) as store:
        index = publish(store, "dprk-2016", tmp_path)
    text = index.read_text()
    assert "Recording." in text
    assert "Made in a lab." in text
    assert text.count("<svg") == 2 * TIERS  # each for a screen and for a phone
    assert len(list((tmp_path / "measurements").rglob("*.html"))) == DAYS * TARGETS * TIERS
    found = verify_bundle(tmp_path / "dprk-2016-evidence.zip")
    assert found.consistent
    assert found.measurements == DAYS * TARGETS * TIERS


def test_the_app_of_a_recording(database: Path) -> None:
    app = create_app(database)

    async def through_its_life() -> None:
        async with app.router.lifespan_context(app):
            answers.append(await_get("/"))
            answers.append(await_get("/bans/dprk-2016"))

    answers: list[str] = []

    def await_get(address: str) -> str:
        """Ask from another thread: this one already runs the app's life."""
        got: list[str] = []
        asking = threading.Thread(target=lambda: got.append(get(app, address).text))
        asking.start()
        asking.join()
        return got[0]

    asyncio.run(through_its_life())
    assert len(answers) == 2
    assert all("Recording." in text and "Made in a lab." in text for text in answers)


def test_a_wide_comparison_is_read_in_part(tmp_path: Path) -> None:
    row = Comparison(
        ban_id="b",
        target=TargetName("t"),
        category="",
        probe_cc=KP,
        probe_asn=Asn(1),
        access_tier="",
        announced=False,
        measured=Measured.NOT_ENFORCED,
        since=None,
        until=None,
        since_known=False,
        mechanisms=(),
        measurements=1,
        interfered=0,
        witness=None,
        relation=(),
    )
    rows = [replace(row, target=TargetName(f"t{n:02}")) for n in range(9)]
    rows[3] = replace(rows[3], announced=True)
    rows[5] = replace(rows[5], measured=Measured.ENFORCED)
    with Store.open(tmp_path / "s.duckdb") as store:
        with store.transaction():
            store.append("comparison", rows)
        assert queries.comparisons(store, "b", most=9) == rows
        assert queries.comparisons(store, "b", most=8) == [rows[3], rows[5]]
        assert queries.comparisons(store, "b", most=1) == [rows[3]]
        assert queries.comparisons(store, "other", most=1) == []
