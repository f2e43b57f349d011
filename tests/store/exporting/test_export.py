"""An export holds the stored rows, with a package that describes them."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from banwatch import reference
from banwatch.bans import load_bans
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import Asn
from banwatch.model.state import State
from banwatch.pipeline.conclude import detect
from banwatch.pipeline.ingest import ingest
from banwatch.store import Store
from banwatch.store.columns import Layout
from banwatch.store.exporting.export import FORMATS, TIERS, ExportFilter, export
from tests.pipeline.measurement_lines import line, write
from tests.store.verdict_rows import START, verdict

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
    done = export(store, "verdict", "parquet", tmp_path / "out", ExportFilter())
    table = pq.read_table(tmp_path / "out/verdict.parquet")
    from banwatch.model.verdict import Verdict

    assert Layout(Verdict).from_arrow(table) == ROWS
    assert str(table.schema.field("measurement_start_time").type.tz) == str(UTC)
    assert done.rows == 3


def test_csv_and_json_lines(store: Store, tmp_path: Path) -> None:
    export(store, "verdict", "csv", tmp_path, ExportFilter())
    with open(tmp_path / "verdict.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["sentence"] == ROWS[0].sentence
    assert json.loads(rows[0]["mechanisms"]) == ["dns.nxdomain", "tcp.reset"]
    assert rows[0]["measurement_start_time"] == "2016-04-01T00:00:00Z"
    export(store, "verdict", "jsonl", tmp_path, ExportFilter())
    lines = [json.loads(text) for text in (tmp_path / "verdict.jsonl").read_text("utf-8").splitlines()]
    assert [row["measurement_uid"] for row in lines] == [row["measurement_uid"] for row in rows]
    assert lines[0]["layer"] is None


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (ExportFilter(probe_cc="IR"), [1]),
        (ExportFilter(probe_asn=131279), [0, 2]),
        (ExportFilter(target="b.com"), [2]),
        (ExportFilter(since=START.replace(minute=1), until=START.replace(minute=2)), [1]),
    ],
)
def test_filters(store: Store, tmp_path: Path, wanted: ExportFilter, numbers: list[int]) -> None:
    export(store, "verdict", "jsonl", tmp_path, wanted)
    lines = [json.loads(text) for text in (tmp_path / "verdict.jsonl").read_text("utf-8").splitlines()]
    assert [row["measurement_uid"] for row in lines] == [ROWS[n].measurement_uid for n in numbers]


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("format_name", FORMATS)
def test_every_tier_in_every_format_and_twice_the_same(
    store: Store, tmp_path: Path, tier: str, format_name: str
) -> None:
    everything = ExportFilter(probe_cc="KP", probe_asn=131279, target="example.com", since=START)
    contents = []
    for name in ("one", "two"):
        done = export(store, tier, format_name, tmp_path / name, everything)
        assert done.files[0] == f"{tier}.{format_name}"
        contents.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert contents[0] == contents[1]
    assert set(contents[0]) == set(done.files)


def test_the_package_lists_every_export_in_the_folder_with_its_hash(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(store, "verdict", "csv", out, ExportFilter(target="b.com"))
    export(store, "cell", "parquet", out, ExportFilter())
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
        export(store, "cake", "csv", tmp_path, ExportFilter())
    with pytest.raises(BanwatchError, match="no format"):
        export(store, "verdict", "xlsx", tmp_path, ExportFilter())
    (tmp_path / "file").write_text("")
    with pytest.raises(BanwatchError, match="cannot write"):
        export(store, "verdict", "csv", tmp_path / "file" / "out", ExportFilter())


READ_AS: dict[str, Callable[[str], object]] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": {"True": True, "False": False}.__getitem__,
    "datetime": lambda text: datetime.strptime(text[:19] + text[-1], "%Y-%m-%dT%H:%M:%SZ"),  # noqa: DTZ007  # Z stands in the text
    "date": date.fromisoformat,
    "array": lambda text: list(json.loads(text)),
}
"""Parsers for cells of CSV, by the types in the package alone."""


@pytest.mark.parametrize("tier", TIERS)
def test_the_package_tells_how_to_read_every_cell(tmp_path: Path, tier: str) -> None:
    """Check a package against Frictionless: properties, types, constraints and the key."""
    with Store.open(tmp_path / "s.duckdb") as made:
        lines = [line(n, annotations={}) for n in range(40)]
        ingest(made, [write(tmp_path / "a.jsonl", lines)], reference.load())
        detect(made, load_bans().values())
        for form in FORMATS:
            export(made, tier, form, tmp_path / "out", ExportFilter())
    package = json.loads((tmp_path / "out/datapackage.json").read_text("utf-8"))
    assert {"profile", "name", "licenses", "resources"} <= set(package)
    assert all({"name", "path"} <= set(each) for each in package["licenses"])
    for resource in package["resources"]:
        assert {"name", "path", "schema", "bytes", "hash"} <= set(resource)
        assert re.fullmatch(r"[-a-z0-9._/]+", resource["name"])
        data = (tmp_path / "out" / resource["path"]).read_bytes()
        assert len(data) == resource["bytes"]
        assert resource["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        fields = resource["schema"]["fields"]
        assert set(resource["schema"]["primaryKey"]) <= {field["name"] for field in fields}
        if resource["format"] == "parquet":
            assert pq.read_schema(tmp_path / "out" / resource["path"]).names == [f["name"] for f in fields]
        elif resource["format"] == "jsonl":
            assert resource["schema"]["missingValues"] == []
            for text in data.splitlines():
                row = json.loads(text)
                assert list(row) == [field["name"] for field in fields]
                assert [
                    f["name"] for f in fields if f["constraints"]["required"] and row[f["name"]] is None
                ] == []
        else:
            assert resource["schema"]["missingValues"] == [""]
            rows = list(csv.DictReader(io.StringIO(data.decode("utf-8"))))
            assert rows or tier in ("change", "incident")
            for field in fields:
                cells = [row[field["name"]] for row in rows]
                assert all(cells) or not field["constraints"]["required"]
                for cell in filter(None, cells):
                    READ_AS[field["type"]](cell)
