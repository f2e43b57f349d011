"""Verdicts that others made, as CSV and Parquet."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from banwatch.formats.verdict_table import OPTIONAL, REQUIRED, parse_verdict_untrusted, read_verdicts
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.state import Layer, State

ROW = {
    "measurement_uid": "m1",
    "measurement_start_time": "2016-04-01T00:00:00Z",
    "probe_cc": "kp",
    "probe_asn": "AS64512",
    "target": "youtube.com",
    "state": "likely_blocked",
    "mechanisms": "tls.reset.sni;dns.injection.other",
}


def _csv(path: Path, *rows: dict[str, str]) -> Path:
    names = list(rows[0])
    lines = [",".join(names), *(",".join(row[name] for name in names) for row in rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8-sig")
    return path


def test_csv_and_parquet_say_the_same(tmp_path: Path) -> None:
    from_csv = list(read_verdicts(_csv(tmp_path / "v.csv", ROW)))
    table = pa.table(
        {
            **{name: [value] for name, value in ROW.items()},
            "measurement_start_time": [datetime(2016, 4, 1)],  # noqa: DTZ001 as Parquet often holds it
            "probe_asn": [64512],
            "mechanisms": [["tls.reset.sni", "dns.injection.other"]],
        }
    )
    pq.write_table(table, tmp_path / "v.parquet")
    assert list(read_verdicts(tmp_path / "v.parquet")) == from_csv
    (one,) = from_csv
    assert (one.probe_cc, one.probe_asn, one.state) == ("KP", 64512, State.LIKELY_BLOCKED)
    assert one.measurement_start_time == datetime(2016, 4, 1, tzinfo=UTC)
    assert one.mechanisms == ("dns.injection.other", "tls.reset.sni")


def test_network_shutdown_is_how_a_row_says_that_nothing_answered() -> None:
    for state in ("insufficient", "blocked"):
        silent = parse_verdict_untrusted({**ROW, "state": state, "mechanisms": "network.shutdown"})
        assert (silent.layer, silent.state) == (Layer.NETWORK, State.INSUFFICIENT)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("state", "censored", "expected one of"),
        ("target", " ", "target is empty"),
        ("mechanisms", "Magic!", "no dotted path"),
        ("measurement_start_time", "yesterday", "RFC 3339"),
        ("target", "x" * 10_001, "more than"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, key: str, value: str, reason: str) -> None:
    path = _csv(tmp_path / "v.csv", ROW, {**ROW, key: value})
    with pytest.raises(BanwatchError, match=f"row 2: .*{reason}"):
        list(read_verdicts(path))
    bad: list[int] = []
    assert len(list(read_verdicts(path, on_bad=lambda number, _: bad.append(number)))) == 1
    assert bad == [2]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = _csv(tmp_path / "v.csv", {name: value for name, value in ROW.items() if name != "state"})
    with pytest.raises(BanwatchError, match="no column state"):
        list(read_verdicts(path))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"PAR1 but not really"])
def test_what_is_no_table_is_refused_kindly(tmp_path: Path, content: bytes) -> None:
    for name in ("v.csv", "v.parquet"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BanwatchError):
            list(read_verdicts(tmp_path / name))


@given(st.dictionaries(st.sampled_from([*REQUIRED, *OPTIONAL]), st.text(max_size=40)))
def test_any_row_is_read_or_refused(row: dict[str, str]) -> None:
    try:
        verdict = parse_verdict_untrusted({**ROW, **row})
    except WireError:
        return
    assert verdict.measurement_start_time.tzinfo is UTC
