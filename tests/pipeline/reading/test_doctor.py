"""The diagnosis of a store tells sizes, times, and rollups that do not agree with the verdicts."""

from pathlib import Path

from banwatch.model.rollup import CountryDay
from banwatch.pipeline.reading.doctor import diagnose
from banwatch.store import Store
from tests.store.verdict_rows import verdict


def test_a_sound_store_needs_nothing(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store, store.transaction():
        store.append("verdict", [verdict(n) for n in range(5)])
    found = diagnose(str(tmp_path / "s.duckdb"))
    assert (found.verdicts, found.wrong_clocks) == (5, 0)
    assert found.database_bytes > 0
    assert found.free_bytes > 0
    assert "its targets" in found.times_ms
    assert [said for said in found.advice if "rebuild --from verdict" in said] == []


def test_rollups_that_miss_verdicts_are_told(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        with store.transaction():
            store.append("verdict", [verdict(n) for n in range(5)])
        (day,) = store.rows(CountryDay)
        with store.transaction():
            store.clear("country_day")
    assert day.total == 5
    (said, *_) = diagnose(str(tmp_path / "s.duckdb")).advice
    assert "5 verdicts too few" in said
    assert "banwatch rebuild --from verdict" in said


def test_an_empty_store_is_no_trouble(tmp_path: Path) -> None:
    Store.open(tmp_path / "s.duckdb").close()
    assert diagnose(str(tmp_path / "s.duckdb")).verdicts == 0
