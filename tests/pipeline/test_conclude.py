"""Detection over a store: incidents keep their ids, and the log holds what was published when."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from banwatch.bans import load_bans
from banwatch.model.ids import TargetName
from banwatch.pipeline.conclude import compare_ban, detect
from banwatch.store import Store, queries
from banwatch.store.bookkeeping import LogEntry
from tests.store.verdict_rows import START, blocked_story

NOW = datetime(2016, 5, 1, tzinfo=UTC)


def _fill(store: Store) -> None:
    with store.transaction():
        store.append("verdict", blocked_story())


def test_incidents_are_found_kept_and_logged_once(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        _fill(store)
        report = detect(store, load_bans().values(), now=NOW)
        (incident,) = queries.incidents(store)
        assert report.incidents == 1
        assert incident.targets == ("youtube.com",)
        assert incident.onset_earliest <= START + timedelta(days=5) <= incident.onset_latest
        assert [row.subject for row in store.rows(LogEntry)] == [incident.incident_id]
        before = {name: store.digest(name) for name in ("change", "incident", "comparison")}
        detect(store, load_bans().values(), now=NOW + timedelta(days=1))
        assert {name: store.digest(name) for name in before} == before
        assert len(store.rows(LogEntry)) == 1  # nothing new was said
        assert compare_ban(tmp_path / "s.duckdb", load_bans()["dprk-2016"])


def test_what_is_no_longer_shown_is_withdrawn_and_known_by_its_id_when_it_shows_again(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        _fill(store)
        detect(store, [], now=NOW)
        (first,) = queries.incidents(store)
        with store.transaction():
            store.clear("verdict")
        detect(store, [], now=NOW + timedelta(days=1))
        assert queries.incidents(store) == []
        assert [row.says[:9] for row in store.rows(LogEntry)][-1] == "withdrawn"
        _fill(store)
        detect(store, [], now=NOW + timedelta(days=2))
        (second,) = queries.incidents(store)
        assert second.incident_id == first.incident_id
        with store.transaction():
            store.clear("verdict")
        detect(store, [], now=NOW + timedelta(days=3))
        with store.transaction():
            store.append("verdict", [replace(row, target=TargetName("other.org")) for row in blocked_story()])
        detect(store, [], now=NOW + timedelta(days=4))
        (other,) = queries.incidents(store)
        assert other.incident_id != first.incident_id
