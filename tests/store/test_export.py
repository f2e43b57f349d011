"""What is exported is what is stored, and says what it is."""

import csv
import hashlib
import json
from datetime import UTC
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from banwatch.model.errors import BanwatchError
from banwatch.model.ids import Asn
from banwatch.model.state import State
from banwatch.store import Store
from banwatch.store.columns import Layout
from banwatch.store.export import FORMATS, TIERS, Wanted, export
from tests.store.rows_at_hand import START, verdict

ROWS = [
    verdict(
        0, state=State.BLOCKED, mechanisms=("dns.nxdomain", "tcp.reset"), sentence='It says "no", and\nmore.'
    ),
    verdict(1, probe_cc="IR", probe_asn=Asn(44244)),
    verdict(2, target="b.com"),
]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Make a store with three verdicts."""
    with Store.open(tmp_path / "s.duckdb") as made, made.transaction():
        made.append("verdict", ROWS)
    return Store.open(tmp_path / "s.duckdb", read_only=True)


def test_parquet_reads_back_as_the_same_verdicts(store: Store, tmp_path: Path) -> None:
    done = export(store, "verdict", "parquet", tmp_path / "out", Wanted())
    table = pq.read_table(tmp_path / "out/verdict.parquet")
    from banwatch.model.verdict import Verdict

    assert Layout(Verdict).from_arrow(table) == ROWS
    assert str(table.schema.field("measurement_start_time").type.tz) == str(UTC)
    assert done.rows == 3


def test_csv_and_json_lines(store: Store, tmp_path: Path) -> None:
    export(store, "verdict", "csv", tmp_path, Wanted())
    with open(tmp_path / "verdict.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["sentence"] == ROWS[0].sentence
    assert json.loads(rows[0]["mechanisms"]) == ["dns.nxdomain", "tcp.reset"]
    assert rows[0]["measurement_start_time"] == "2016-04-01T00:00:00Z"
    export(store, "verdict", "jsonl", tmp_path, Wanted())
    lines = [json.loads(text) for text in (tmp_path / "verdict.jsonl").read_text("utf-8").splitlines()]
    assert [row["measurement_uid"] for row in lines] == [row["measurement_uid"] for row in rows]
    assert lines[0]["layer"] is None


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Wanted(probe_cc="IR"), [1]),
        (Wanted(probe_asn=131279), [0, 2]),
        (Wanted(target="b.com"), [2]),
        (Wanted(since=START.replace(minute=1), until=START.replace(minute=2)), [1]),
    ],
)
def test_filters(store: Store, tmp_path: Path, wanted: Wanted, numbers: list[int]) -> None:
    export(store, "verdict", "jsonl", tmp_path, wanted)
    lines = [json.loads(text) for text in (tmp_path / "verdict.jsonl").read_text("utf-8").splitlines()]
    assert [row["measurement_uid"] for row in lines] == [ROWS[n].measurement_uid for n in numbers]


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("format_name", FORMATS)
def test_every_tier_in_every_format_and_twice_the_same(
    store: Store, tmp_path: Path, tier: str, format_name: str
) -> None:
    everything = Wanted(probe_cc="KP", probe_asn=131279, target="example.com", since=START)
    contents = []
    for name in ("one", "two"):
        done = export(store, tier, format_name, tmp_path / name, everything)
        assert done.files[0] == f"{tier}.{format_name}"
        contents.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert contents[0] == contents[1]
    assert set(contents[0]) == set(done.files)


def test_the_package_lists_every_export_in_the_folder_with_its_hash(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(store, "verdict", "csv", out, Wanted(target="b.com"))
    export(store, "cell", "parquet", out, Wanted())
    package = json.loads((out / "datapackage.json").read_text("utf-8"))
    assert [r["path"] for r in package["resources"]] == ["cell.parquet", "verdict.csv"]
    for resource in package["resources"]:
        data = (out / resource["path"]).read_bytes()
        assert resource["hash"] == "sha256:" + hashlib.sha256(data).hexdigest()
        assert resource["bytes"] == len(data)
        assert resource["hash"] in (out / "CITATION.cff").read_text("utf-8")
    assert package["resources"][1]["filters"] == {"target": "b.com"}
    header = (out / "verdict.csv").read_text("utf-8").splitlines()[0]
    assert [f["name"] for f in package["resources"][1]["schema"]["fields"]] == header.split(",")
    assert package["licenses"][0]["name"] == "CC-BY-4.0"


def test_no_such_tier_no_such_format_no_such_folder(store: Store, tmp_path: Path) -> None:
    with pytest.raises(BanwatchError, match="no tier"):
        export(store, "cake", "csv", tmp_path, Wanted())
    with pytest.raises(BanwatchError, match="no format"):
        export(store, "verdict", "xlsx", tmp_path, Wanted())
    (tmp_path / "file").write_text("")
    with pytest.raises(BanwatchError, match="cannot write"):
        export(store, "verdict", "csv", tmp_path / "file" / "out", Wanted())
