"""The view over verdicts says what `detect.fold` says."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from banwatch.detect import fold
from banwatch.model.state import Layer, State
from banwatch.model.verdict import Verdict
from banwatch.store import Store, queries
from tests.store.rows_at_hand import START, silent, verdict


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


def test_a_report_that_names_several_probes_is_one_voice(tmp_path: Path) -> None:
    rows = [verdict(n, report_id="r", probe_id=f"p{n}", state=State.BLOCKED) for n in range(5)]
    _cells(tmp_path, rows)
    with Store.open(tmp_path / "s.duckdb") as store:
        (cell,) = queries.cells(store)
        assert cell.probes == 1
        assert cell.accusers == ("r",)


_VERDICTS = st.lists(
    st.builds(
        lambda number, target, tier, report, probe, minute, state, mechanisms, layer: verdict(
            number,
            target=target,
            access_tier=tier,
            report_id=report,
            probe_id=probe,
            measurement_start_time=START + timedelta(minutes=minute),
            state=state,
            mechanisms=mechanisms,
            layer=layer,
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
    ),
    max_size=20,
    unique_by=lambda v: v.measurement_uid,
)


def test_any_verdicts(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:

        @settings(max_examples=40, deadline=None)
        @given(rows=_VERDICTS)
        def check(rows: list[Verdict]) -> None:
            _compare(store, rows)

        check()
