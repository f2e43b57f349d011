"""What verdicts come to: incidents keep their ids, and the log says what was said when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from banwatch.bans import load_bans
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from banwatch.pipeline import compare_ban, detect
from banwatch.store import Store, queries
from banwatch.store.bookkeeping import Logged
from tests.store.rows_at_hand import START, verdict

NOW = datetime(2016, 5, 1, tzinfo=UTC)


def _days(first: int, last: int, state: State, **changes: object) -> list[Verdict]:
    """Make four voices' verdicts for each six hours of some days."""
    return [
        verdict(
            (day * 4 + step) * 4 + voice,
            target="youtube.com",
            report_id=f"r{day}-{step}-{voice}",
            measurement_start_time=START + timedelta(days=day, hours=6 * step, minutes=voice),
            state=state,
            **changes,
        )
        for day in range(first, last)
        for step in range(4)
        for voice in range(4)
    ]


def _story() -> list[Verdict]:
    return [
        *_days(0, 5, State.OK),
        *_days(5, 12, State.LIKELY_BLOCKED, mechanisms=("tls.reset.sni",)),
    ]


def _fill(store: Store) -> None:
    with store.transaction():
        store.append("verdict", _story())


def test_incidents_are_found_kept_and_logged_once(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        _fill(store)
        report = detect(store, load_bans().values(), now=NOW)
        (incident,) = queries.incidents(store)
        assert report.incidents == 1
        assert incident.targets == ("youtube.com",)
        assert incident.onset_earliest <= START + timedelta(days=5) <= incident.onset_latest
        assert [row.subject for row in store.rows(Logged)] == [incident.incident_id]
        before = {name: store.digest(name) for name in ("change", "incident", "comparison")}
        detect(store, load_bans().values(), now=NOW + timedelta(days=1))
        assert {name: store.digest(name) for name in before} == before
        assert len(store.rows(Logged)) == 1  # nothing new was said
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
        assert [row.says[:9] for row in store.rows(Logged)][-1] == "withdrawn"
        _fill(store)
        detect(store, [], now=NOW + timedelta(days=2))
        (second,) = queries.incidents(store)
        assert second.incident_id == first.incident_id
        with store.transaction():
            store.clear("verdict")
        detect(store, [], now=NOW + timedelta(days=3))
        with store.transaction():
            store.append("verdict", [replace(row, target="other.org") for row in _story()])
        detect(store, [], now=NOW + timedelta(days=4))
        (other,) = queries.incidents(store)
        assert other.incident_id != first.incident_id
