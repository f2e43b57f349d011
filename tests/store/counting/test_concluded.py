"""Incidents page by page, and answers that are kept until their table changes."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from banwatch.bans import load_bans
from banwatch.model.ids import CountryCode, IncidentId
from banwatch.model.incident import Incident
from banwatch.pipeline.conclude import detect
from banwatch.store import Store, queries
from banwatch.store.counting import concluded
from banwatch.store.counting.overview import labs
from tests.store.verdict_rows import blocked_story, verdict


def _incidents(store: Store, count: int) -> list[Incident]:
    """Find one incident, and write copies of it with later onsets."""
    with store.transaction():
        store.append("verdict", blocked_story())
    detect(store, load_bans().values())
    (found,) = queries.incidents(store)
    made = [
        replace(
            found,
            incident_id=IncidentId(f"{cc}-2016-{n:04}"),
            probe_cc=CountryCode(cc),
            onset_latest=found.onset_latest + n // 2 * timedelta(days=1),
        )
        for cc in ("IR", "KP")
        for n in range(count)
    ]
    with store.transaction():
        store.clear("incident")
        store.append("incident", made)
    return made


def test_incidents_come_latest_first_page_by_page(any_store: Store) -> None:
    made = _incidents(any_store, 5)
    wanted = sorted(made, key=lambda one: (one.onset_latest, one.incident_id), reverse=True)
    found, before = [], None
    while page := concluded.latest_incidents(any_store, limit=3, before=before):
        found += page
        before = (page[-1].onset_latest, page[-1].incident_id)
    assert found == wanted
    of_one = concluded.latest_incidents(any_store, limit=2, probe_cc="KP")
    assert of_one == [one for one in wanted if one.probe_cc == "KP"][:2]
    assert concluded.incidents_of(any_store, {"IR"}) == [one for one in made if one.probe_cc == "IR"]
    assert concluded.incidents_of(any_store, set()) == []
    assert (concluded.count_incidents(any_store), concluded.count_incidents(any_store, "KP")) == (10, 5)


def test_a_kept_answer_is_made_again_after_a_commit(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    with Store.open(path) as store, Store.open(path, read_only=True) as reader:

        def count(of: Store) -> int:
            return of.kept("count", ("incident",), lambda: len(queries.incidents(of)))

        made = _incidents(store, 1)
        assert count(reader) == count(store) == 2
        with store.transaction():
            store.delete("incident", "incident_id", [made[0].incident_id])
            assert count(reader) == 2  # not committed yet
        assert count(reader) == count(store) == 1
        calls: list[int] = []
        for _ in range(3):
            reader.kept("called", ("incident",), lambda: calls.append(1))
        with store.transaction():
            store.append("verdict", [verdict(0)])  # another table
        reader.kept("called", ("incident",), lambda: calls.append(1))
        assert len(calls) == 1
        try:
            with store.transaction():
                store.clear("incident")
                raise KeyError
        except KeyError:
            pass
        assert count(reader) == 1
    with Store.open(path) as store:
        assert count(store) == 1


def test_a_store_without_labs_is_counted_by_days(any_store: Store) -> None:
    assert labs(any_store) == {}
    with any_store.transaction():
        any_store.append("verdict", [verdict(n, probe_cc=CountryCode("IR" if n else "KP")) for n in range(5)])
    assert labs(any_store) == {"": 5}
    assert labs(any_store, ("KP",)) == {"": 1}
