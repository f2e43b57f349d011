"""`banwatch paths`: everything that is written is listed, and what is not there is said."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from banwatch.cli.main import create_app
from banwatch.pipeline.ingest import ingest
from banwatch.reference import load
from banwatch.store import Store
from tests.pipeline.measurement_lines import line, write


def test_every_file_of_a_store_and_of_a_person_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("BANWATCH_REFERENCE", str(tmp_path / "reference"))
    monkeypatch.setenv("BANWATCH_SPOOL", str(tmp_path / "spool"))
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "a").write_bytes(b"12345")
    folder = tmp_path / "store"
    folder.mkdir()
    write(tmp_path / "a.jsonl", [line(0)])
    with Store.open(folder / "b.duckdb") as store:
        ingest(store, [str(tmp_path / "a.jsonl")], load())
    done = CliRunner().invoke(create_app(), ["paths", "--store", str(folder / "b.duckdb"), "--json"])
    rows = {one["path"]: one for one in json.loads(done.stdout)}
    assert {str(path) for path in folder.iterdir()} <= rows.keys()
    assert not [one for one in rows.values() if one["holds"] == "further file of the store"]
    assert rows[str(tmp_path / "spool")]["size_bytes"] == 5
    assert rows[str(tmp_path / "reference")]["size_bytes"] is None
    assert rows[str(folder / "b.duckdb.archive")]["size_bytes"] > 100
    shown = CliRunner().invoke(create_app(), ["paths", "--store", str(folder / "none.duckdb")]).stdout
    assert "not there; database" in shown
