"""Detection a country at a time: the same as all at once, in any order and from any earlier findings."""

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from banwatch.detect import find_changes, fold, group
from banwatch.model.cell import Cell
from banwatch.model.ids import CountryCode, MeasurementUid
from banwatch.model.receipt import SourceClass
from banwatch.model.verdict import Verdict
from banwatch.pipeline.conclude import detect
from banwatch.pipeline.detecting import finders
from banwatch.pipeline.detecting.source import CellsAtHand
from banwatch.pipeline.detecting.store_source import StoredCells
from banwatch.pipeline.trust.conclusions import conclude, conclude_in
from banwatch.store import Store, queries
from banwatch.store.bookkeeping import KeptFindings
from tests.detect.test_first_light import story
from tests.detect.test_timelines import myanmar, uganda

NOW = datetime(2027, 1, 1, tzinfo=UTC)


@cache
def rows() -> tuple[Verdict, ...]:
    """Two elections and a ban; two more countries block what the ban names in the same days."""
    ban = [row for row in story() if row.target in {"youtube.com", "facebook.com", "voanews.com"}]
    outage = [
        replace(
            one,
            measurement_uid=_copy(one, cc),
            probe_cc=CountryCode(cc),
            probe_id=f"{cc}{one.probe_id}",
            report_id=f"{cc}{one.report_id}",
        )
        for cc in ("AA", "BB")
        for one in ban
        if one.target == "youtube.com"
    ]
    return (*ban, *outage, *uganda(), *myanmar())


def _copy(row: Verdict, name: str) -> MeasurementUid:
    return MeasurementUid(f"{row.measurement_uid}{name}")


class _Reversed(CellsAtHand):
    """A source that gives its countries in another order."""

    def countries(self) -> Sequence[CountryCode]:
        return super().countries()[::-1]


def test_a_country_at_a_time_gives_what_all_at_once_gives_in_any_order_of_countries(tmp_path: Path) -> None:
    cells = fold(rows())
    found = conclude(cells, continues=True)
    assert found == conclude_in(_Reversed(Random(1).sample(cells, len(cells))), continues=True)
    changes = find_changes(cells, continues=True)
    assert found.changes == tuple(
        sorted(
            changes, key=lambda c: (c.target, c.probe_cc, c.probe_asn, c.access_tier, c.onset_latest, c.kind)
        )
    )
    assert found.incidents == group(changes, cells)
    with Store.open(tmp_path / "s.duckdb") as store:
        with store.transaction():
            store.append("verdict", rows())
        assert conclude_in(StoredCells(store), continues=True) == found


@pytest.mark.slow
def test_workers_find_what_this_process_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        with store.transaction():
            store.append("verdict", rows())
        here = conclude_in(StoredCells(store), continues=True)
        monkeypatch.setattr(finders, "CELLS_FOR_WORKERS", 1)
        monkeypatch.setattr("os.cpu_count", lambda: 2)
        assert conclude_in(StoredCells(store), continues=True) == here


def test_a_store_reads_one_country_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []
    cells = queries.cells

    def noted(store: Store, *, probe_cc: str | None = None) -> list[Cell]:
        asked.append(probe_cc)
        return cells(store, probe_cc=probe_cc)

    with Store.open(tmp_path / "s.duckdb") as store:
        with store.transaction():
            store.append("verdict", rows())
        monkeypatch.setattr(queries, "cells", noted)
        detect(store, [], now=NOW)
        assert set(asked) == {"AA", "BB", "KP", "MM", "UG"}
        asked.clear()
        detect(store, [], now=NOW)
        assert asked == []  # nothing came since
        with store.transaction():
            store.append("verdict", [replace(uganda()[0], measurement_uid=_copy(uganda()[0], "late"))])
        detect(store, [], now=NOW)
        assert set(asked) == {"UG"}


def _scratch(path: Path, given_rows: Sequence[Verdict]) -> dict[str, str]:
    with Store.open(path) as store:
        with store.transaction():
            store.append("verdict", given_rows)
        detect(store, [], now=NOW)
        return {name: store.digest(name) for name in ("change", "incident")}


@pytest.mark.slow
@settings(max_examples=2, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), batches=st.integers(2, 3))
def test_batches_in_any_order_give_what_one_run_over_all_gives(
    tmp_path_factory: pytest.TempPathFactory, seed: int, batches: int
) -> None:
    """Ids are for life and may differ in their numbers; all else is as from scratch, after every batch."""
    folder = tmp_path_factory.mktemp("batches")
    rng = Random(seed)
    every = sorted(rows(), key=lambda row: (row.measurement_start_time, row.measurement_uid))
    days = sorted({row.measurement_start_time.date() for row in every})
    cuts = sorted(rng.sample(days[1:], batches - 1))
    parts = [
        [row for row in every if sum(row.measurement_start_time.date() >= c for c in cuts) == n]
        for n in range(batches)
    ]
    rng.shuffle(parts)
    names: set[str] = set()
    with Store.open(folder / "batches.duckdb") as store, Store.open(folder / "whole.duckdb") as whole:
        for number, part in enumerate(parts):
            with store.transaction():
                store.append("verdict", part)
            with whole.transaction():
                whole.append("verdict", part)
                whole.clear("kept_findings")
            for one in (store, whole):
                detect(one, [], now=NOW + timedelta(days=number))
            assert {n: store.digest(n) for n in ("change", "incident")} == {
                n: whole.digest(n) for n in ("change", "incident")
            }
            now = {incident.incident_id for incident in queries.incidents(store)}
            names |= now
        last = [what_is_said(i) for i in queries.incidents(store)]
    found = conclude(fold(rows()), continues=True)
    assert sorted(map(str, last)) == sorted(str(what_is_said(i)) for i in found.incidents)


def what_is_said(incident: object) -> tuple[object, ...]:
    """Return what an incident says, without its id."""
    return tuple(
        getattr(incident, n)
        for n in (
            "kind",
            "probe_cc",
            "asns",
            "targets",
            "onset_latest",
            "end_latest",
            "confidence",
            "members",
        )
    )


def test_a_batch_of_one_country_gives_what_one_run_over_all_gives(tmp_path: Path) -> None:
    early = [row for row in uganda() if row.measurement_start_time < uganda()[150].measurement_start_time]
    late = [row for row in uganda() if row not in early]
    with Store.open(tmp_path / "s.duckdb") as store:
        for part in ([*myanmar(), *late], early):
            with store.transaction():
                store.append("verdict", part)
            detect(store, [], now=NOW)
        assert [what_is_said(i) for i in queries.incidents(store)] == [
            what_is_said(i) for i in conclude(fold([*uganda(), *myanmar()]), continues=True).incidents
        ]


def test_findings_are_dropped_by_what_changes_cells_and_by_another_option(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        with store.transaction():
            store.append("verdict", uganda())
            store.append("verdict", myanmar())
        detect(store, [], now=NOW)
        assert {row.probe_cc for row in store.rows(KeptFindings)} == {"MM", "UG"}
        with store.transaction():
            store.delete("verdict", "measurement_uid", [uganda()[0].measurement_uid])
        assert {row.probe_cc for row in store.rows(KeptFindings)} == {"MM"}
        with store.transaction():
            store.refresh_rollups()
        assert not store.rows(KeptFindings)
        through = max(row.measurement_start_time for row in uganda())
        detect(store, [], now=NOW)
        before = {row.version for row in store.rows(KeptFindings)}
        detect(store, [], through=through, now=NOW)
        assert {row.version for row in store.rows(KeptFindings)}.isdisjoint(before)


def test_findings_of_another_version_of_detection_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        with store.transaction():
            store.append("verdict", uganda())
        detect(store, [], now=NOW)
        before = store.digest("incident")
        spoiled = [replace_findings(row) for row in store.rows(KeptFindings)]
        with store.transaction():
            store.clear("kept_findings")
            store.append("kept_findings", spoiled)
        detect(store, [], now=NOW)
        assert store.digest("incident") == before


def replace_findings(row: KeptFindings) -> KeptFindings:
    """Return the row as another version of detection, which found nothing, would have kept it."""
    return dataclasses.replace(row, version="other", findings="{}", drafts="[]")


def test_anonymous_measurements_of_one_country_leave_what_others_witnessed(tmp_path: Path) -> None:
    anonymous = [replace(row, source_class=SourceClass.ANONYMOUS) for row in uganda()]
    both = conclude(fold([*myanmar(), *anonymous]), continues=True)
    alone = conclude(fold(myanmar()), continues=True)
    assert [i for i in both.incidents if i.probe_cc == "MM"] == list(alone.incidents)
    assert all(i.unconfirmed for i in both.incidents if i.probe_cc == "UG")
