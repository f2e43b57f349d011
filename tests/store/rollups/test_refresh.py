"""Rollups that commits keep equal those counted from all verdicts, whatever was added or removed."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banwatch.detect import fold
from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.receipt import SourceClass
from banwatch.model.rollup import CountryDay, DailyCell, NetworkMonth, ReportProbes, TargetMonth
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from banwatch.store import Store, queries
from banwatch.store.rollups import refresh
from banwatch.store.tables import ROLLED_UP
from tests.store.verdict_rows import START, silent, verdict

_DAY = timedelta(days=1)


def _add(store: Store, *rows: Verdict) -> None:
    with store.transaction():
        store.append("verdict", rows)


def _remove(store: Store, *uids: str) -> None:
    with store.transaction():
        store.delete("verdict", "measurement_uid", uids)


def _digests(store: Store) -> dict[str, str]:
    return {name: store.digest(name) for name in ROLLED_UP}


def _check(store: Store, rows: Sequence[Verdict]) -> None:
    """Compare the kept rollups with those counted anew, and cells with `fold`."""
    assert tuple(queries.cells(store)) == fold(rows)
    kept = _digests(store)
    with store.transaction():
        store.refresh_rollups()
    assert _digests(store) == kept


def test_a_day_is_counted_by_state_mechanism_and_voice(any_store: Store) -> None:
    _add(
        any_store,
        verdict(0, state=State.BLOCKED, mechanisms=("dns.nxdomain", "tcp.reset"), report_id="a"),
        verdict(1, state=State.LIKELY_BLOCKED, mechanisms=("dns.nxdomain",), report_id="a"),
        verdict(2, state=State.OK, report_id="b"),
        verdict(200, state=State.OK, report_id="c", source_class=SourceClass.ANONYMOUS),
        silent(300, report_id="c"),
    )
    (day,) = any_store.rows(DailyCell)
    assert (day.blocked, day.likely_blocked, day.ok, day.insufficient, day.total) == (1, 1, 2, 1, 5)
    assert (day.silent, day.anonymous, day.interfered) == (1, 1, 2)
    assert (day.voices, day.accusers, day.absolvers) == (4, 1, 2)
    assert (day.mechanisms, day.mechanism_counts) == (("dns.nxdomain", "tcp.reset"), (2, 1))
    assert (day.day, day.first_at, day.last_at) == (START, START, START + timedelta(minutes=300))
    assert day.witness == "m0000"


def test_days_add_up_to_countries_networks_and_targets(any_store: Store) -> None:
    _add(
        any_store,
        verdict(0),
        verdict(1, target=TargetName("b.org"), state=State.BLOCKED),
        verdict(2, probe_asn=Asn(9), measurement_start_time=START + _DAY),
        verdict(3, measurement_start_time=START + 40 * _DAY),
        verdict(4, probe_cc=CountryCode("IR")),
    )
    days = [(d.probe_cc, d.day - START, d.total, d.networks, d.targets) for d in any_store.rows(CountryDay)]
    assert days == [
        ("IR", 0 * _DAY, 1, 1, 1),
        ("KP", 0 * _DAY, 2, 1, 2),
        ("KP", _DAY, 1, 1, 1),
        ("KP", 40 * _DAY, 1, 1, 1),
    ]
    networks = [
        (n.probe_cc, n.probe_asn, n.month.month, n.total, n.targets, n.days)
        for n in any_store.rows(NetworkMonth)
    ]
    assert networks == [
        ("IR", 131279, 4, 1, 1, 1),
        ("KP", 9, 4, 1, 1, 1),
        ("KP", 131279, 4, 2, 2, 1),
        ("KP", 131279, 5, 1, 1, 1),
    ]
    targets = [
        (t.target, t.probe_cc, t.month.month, t.total, t.networks, t.days)
        for t in any_store.rows(TargetMonth)
    ]
    assert targets == [
        ("b.org", "KP", 4, 1, 1, 1),
        ("example.com", "IR", 4, 1, 1, 1),
        ("example.com", "KP", 4, 2, 2, 2),
        ("example.com", "KP", 5, 1, 1, 1),
    ]


def test_late_measurements_correct_their_day_and_no_other(any_store: Store) -> None:
    first = [verdict(n, measurement_start_time=START + n * _DAY) for n in range(3)]
    late = [verdict(9, measurement_start_time=START + _DAY, state=State.BLOCKED, mechanisms=("tcp.reset",))]
    _add(any_store, *first)
    _add(any_store, *late)
    assert [(d.ok, d.blocked) for d in any_store.rows(DailyCell)] == [(1, 0), (1, 1), (1, 0)]
    _check(any_store, [*first, *late])


def test_rows_of_removed_measurements_vanish(any_store: Store) -> None:
    rows = [
        verdict(n, measurement_start_time=START + n * _DAY, target=TargetName(f"{n}.org")) for n in range(3)
    ]
    _add(any_store, *rows)
    _remove(any_store, rows[1].measurement_uid)
    assert [d.target for d in any_store.rows(DailyCell)] == ["0.org", "2.org"]
    _check(any_store, [rows[0], rows[2]])
    _remove(any_store, rows[0].measurement_uid, rows[2].measurement_uid)
    assert [any_store.count(any_store.table(name)) for name in ROLLED_UP] == [0] * len(ROLLED_UP)


def test_a_report_that_turns_out_crowded_changes_cells_of_other_days(any_store: Store) -> None:
    honest = [
        verdict(n, report_id="r", probe_id="p1", measurement_start_time=START + n * _DAY, state=State.BLOCKED)
        for n in range(2)
    ]
    other = verdict(7, report_id="r", probe_id="p2", measurement_start_time=START + 9 * _DAY)
    _add(any_store, *honest)
    assert {voice for cell in queries.cells(any_store) for voice in cell.accusers} == {"p1"}
    _add(any_store, other)
    assert {voice for cell in queries.cells(any_store) for voice in cell.accusers} == {"r"}
    assert [(r.lowest, r.highest) for r in any_store.rows(ReportProbes)] == [("p1", "p2")]
    _check(any_store, [*honest, other])
    _remove(any_store, other.measurement_uid)
    assert {voice for cell in queries.cells(any_store) for voice in cell.accusers} == {"p1"}
    _check(any_store, honest)


def test_the_same_report_of_another_class_is_another_report(any_store: Store) -> None:
    mine = verdict(0, report_id="r", probe_id="p1", source_class=SourceClass.OWN, state=State.BLOCKED)
    forged = verdict(1, report_id="r", probe_id="p2", source_class=SourceClass.ANONYMOUS, state=State.OK)
    _add(any_store, mine)
    _add(any_store, forged)
    assert [c.accusers for c in queries.cells(any_store) if c.accusers] == [("p1",)]
    _check(any_store, [mine, forged])


def test_a_transaction_that_fails_leaves_rollups_as_they_were(any_store: Store) -> None:
    if any_store.location.startswith("chdb"):
        pytest.skip("ClickHouse has no transactions")
    _add(any_store, verdict(0))
    before = _digests(any_store)
    with pytest.raises(RuntimeError), any_store.transaction():
        any_store.append("verdict", [verdict(1)])
        raise RuntimeError("power cut")
    _add(any_store)
    assert _digests(any_store) == before


def test_slices_of_any_size_count_the_same(any_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        verdict(n, probe_cc=CountryCode(cc), measurement_start_time=START + n % 4 * 11 * _DAY)
        for n, cc in enumerate(["AA", "BB", "CC", "DD"] * 4)
    ]
    _add(any_store, *rows)
    kept = _digests(any_store)
    for size in (1, 3, 1000):
        monkeypatch.setattr(refresh, "VERDICTS_AT_ONCE", size)
        monkeypatch.setattr(refresh, "KEYS_AT_ONCE", size)
        with any_store.transaction():
            any_store.refresh_rollups()
        assert _digests(any_store) == kept


_ROWS = st.builds(
    lambda number, target, report, probe, day, of, state: verdict(
        number,
        measurement_uid=MeasurementUid(f"m{number}"),
        target=TargetName(target),
        report_id=report,
        probe_id=probe,
        source_class=of,
        measurement_start_time=START + timedelta(days=day, minutes=number),
        state=state,
        mechanisms=("dns.nxdomain",) if state is State.BLOCKED else (),
    ),
    st.integers(0, 999),
    st.sampled_from(["a.com", "b.com"]),
    st.sampled_from(["", "r1", "r2"]),
    st.sampled_from(["", "p1", "p2"]),
    st.integers(0, 2),
    st.sampled_from([SourceClass.OONI, SourceClass.ANONYMOUS]),
    st.sampled_from([State.OK, State.BLOCKED, State.INSUFFICIENT]),
)


@pytest.mark.slow
def test_any_commits_and_removals(tmp_path: Any) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:

        @settings(max_examples=5, deadline=None)
        @given(st.lists(_ROWS, max_size=12, unique_by=lambda v: v.measurement_uid), st.integers(0, 12))
        def check(rows: list[Verdict], cut: int) -> None:
            with store.transaction():
                store.clear("verdict")
            _add(store, *rows[:cut])
            _add(store, *rows[cut:])
            removed = {row.measurement_uid for row in rows[::3]}
            _remove(store, *removed)
            _check(store, [row for row in rows if row.measurement_uid not in removed])

        check()
