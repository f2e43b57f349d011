"""Cells from the store equal those of `detect.fold`."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from banwatch.detect import fold
from banwatch.model.ids import MeasurementUid, RuleId
from banwatch.model.resolver import ResolverKind
from banwatch.model.state import Layer, State
from banwatch.model.verdict import Verdict
from banwatch.store import Store, queries
from tests.store.verdict_rows import START, silent, verdict


def _cells(folder: Path, rows: Sequence[Verdict]) -> None:
    with Store.open(folder / "s.duckdb") as store:
        _compare(store, rows)


def _compare(store: Store, rows: Sequence[Verdict]) -> None:
    with store.transaction():
        store.clear("verdict")
        store.append("verdict", rows)
    found = tuple(queries.cells(store))
    assert found == fold(rows)
    assert repr(found) == repr(fold(rows))  # the types too


def test_no_verdicts_no_cells(tmp_path: Path) -> None:
    _cells(tmp_path, [])


def test_states_mechanisms_voices_and_silence(tmp_path: Path) -> None:
    _cells(
        tmp_path,
        [
            verdict(0, state=State.BLOCKED, mechanisms=("dns.nxdomain", "tcp.reset"), probe_id="p"),
            verdict(1, state=State.BLOCKED, mechanisms=("dns.nxdomain",), probe_id="p"),
            verdict(2, state=State.LIKELY_BLOCKED, mechanisms=("tls.reset.sni",), report_id=""),
            verdict(3, state=State.OK, probe_id="p"),
            silent(4),
            verdict(65, state=State.TAMPERED),
            verdict(66, access_tier="citizen"),
        ],
    )


def test_inputs_addresses_and_voices_that_saw_one_cut_and_another_load(tmp_path: Path) -> None:
    states = (State.BLOCKED, State.OK, State.OK, State.BLOCKED, State.OK)
    inputs = ("https://zh.a.example/", "https://en.a.example/", "", "", "dot://a.example:853/")
    tests = ("web_connectivity", "web_connectivity", "telegram", "", "dnscheck")
    rows = [
        msgspec.structs.replace(
            verdict(number + 60 * voices, state=state, probe_id=f"p{number % voices}"),
            input=text,
            test_name=test,
            addresses=tuple(f"192.0.2.{n}" for n in range(number * 7)),
        )
        for voices in (1, 2, 3)
        for number, (state, text, test) in enumerate(zip(states, inputs, tests, strict=True))
    ]
    _cells(tmp_path, rows)


def test_a_report_that_names_several_probes_is_one_voice(tmp_path: Path) -> None:
    rows = [verdict(n, report_id="r", probe_id=f"p{n}", state=State.BLOCKED) for n in range(5)]
    _cells(tmp_path, rows)
    with Store.open(tmp_path / "s.duckdb") as store:
        (cell,) = queries.cells(store)
        assert cell.probes == 1
        assert cell.accusers == ("r",)


UIDS = [
    "plain",
    f"{START:%Y%m%d%H%M%S}.000000",
    f"{START + timedelta(days=3):%Y%m%d%H%M%S}.999999",
    f"{START + timedelta(days=500):%Y%m%d%H%M%S}.999999",
    "20240229235959.000000",
    "20230229000000.000000",
    "20251301000000.000000",
    "20250431000000.000000",
    "99991231235960.000000",
    "00000000000000.000000",
]
"""Ids that begin with a time of arrival, or with text that is almost one."""


def test_a_cell_tells_rules_resolvers_and_how_late_it_was_complete(tmp_path: Path) -> None:
    late = f"{START + timedelta(hours=2):%Y%m%d%H%M%S}.000000_UG_1"
    soon = f"{START + timedelta(minutes=2):%Y%m%d%H%M%S}.000000_UG_2"
    with Store.open(tmp_path / "s.duckdb") as store:
        rows = [
            verdict(0, measurement_uid=MeasurementUid(late), rules=(RuleId("a"), RuleId("b"))),
            verdict(1, measurement_uid=MeasurementUid(soon), rules=(RuleId("b"),)),
            verdict(2, rules=(RuleId("a"),)),
            verdict(3, resolver_kind=ResolverKind.PUBLIC, rules=()),
        ]
        _compare(store, rows)
        combined, other = sorted(queries.cells(store), key=lambda cell: len(cell.rules), reverse=True)
    assert (combined.rules, combined.rule_counts) == (("a", "b"), (2, 1))
    assert combined.lag_s == (timedelta(hours=2) - (rows[0].measurement_start_time - START)).total_seconds()
    assert (other.resolver_kind, other.rules, other.lag_s) == (ResolverKind.PUBLIC, (), None)


_VERDICTS = st.lists(
    st.builds(
        lambda number, target, tier, report, probe, minute, state, mechanisms, layer, rules, kind, uid: (
            verdict(
                number,
                measurement_uid=MeasurementUid(f"{uid}_{number}"),
                rules=rules,
                resolver_kind=kind,
                target=target,
                access_tier=tier,
                report_id=report,
                probe_id=probe,
                measurement_start_time=START + timedelta(minutes=minute),
                state=state,
                mechanisms=mechanisms,
                layer=layer,
            )
        ),
        st.integers(0, 9999),
        st.sampled_from(["a.com", "b.com"]),
        st.sampled_from(["", "visitor"]),
        st.sampled_from(["", "r1", "r2"]),
        st.sampled_from(["", "p1", "p2"]),
        st.integers(0, 200),
        st.sampled_from(State),
        st.sampled_from([(), ("dns.nxdomain",), ("dns.nxdomain", "tcp.reset")]),
        st.sampled_from([None, Layer.NETWORK, Layer.DNS]),
        st.sampled_from([(), (RuleId("dns.bogon"),), (RuleId("tls.reset"), RuleId("dns.bogon"))]),
        st.sampled_from(ResolverKind),
        st.sampled_from(UIDS),
    ),
    max_size=20,
    unique_by=lambda v: v.measurement_uid,
)


def test_any_verdicts(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:

        @settings(max_examples=20, deadline=None)
        @given(rows=_VERDICTS)
        def check(rows: list[Verdict]) -> None:
            _compare(store, rows)

        check()
