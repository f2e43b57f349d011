"""What an ingest says: a new store, files that were passed over, and the right name for a fault."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from banwatch.cli.main import create_app
from banwatch.model.errors import BanwatchError
from banwatch.pipeline.files.sources import passed_over
from banwatch.pipeline.files.unpack import misnamed
from tests.pipeline.measurement_lines import line, write


def ingest(*arguments: object) -> Result:
    return CliRunner().invoke(create_app(), ["ingest", "--jobs", "1", *map(str, arguments)])


def test_a_new_store_and_files_passed_over_are_said_once(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder / "a.jsonl.gz", [line(0), b'{"a": 1}'])
    (folder / "notes.txt").write_text("x")
    (folder / "table.csv").write_text("x")
    store = tmp_path / "s.duckdb"
    said = ingest(folder, "--store", store)
    assert said.exit_code == 0
    assert f"new store at {store}" in said.stderr.replace("\n", "")
    assert "1 .txt" in said.stderr
    assert "1 .csv" in said.stderr
    assert "banwatch archive quarantine" in said.stderr
    assert "new store" not in ingest(folder, "--store", store).stderr


def test_a_store_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [line(0)])
    done = ingest(tmp_path / "a.jsonl", "--store", tmp_path / "none" / "s.duckdb")
    assert isinstance(done.exception, BanwatchError)
    assert "There is no folder" in str(done.exception)
    assert not (tmp_path / "none").exists()


def test_own_files_of_a_store_are_not_counted(tmp_path: Path) -> None:
    (tmp_path / "s.duckdb").write_bytes(b"")
    (tmp_path / "s.duckdb.reports.jsonl").write_bytes(b"")
    (tmp_path / "README.md").write_text("x")
    assert passed_over([tmp_path]) == {".duckdb": 1, ".md": 1}
    assert passed_over([tmp_path / "README.md", "-", "s3://bucket/x"]) == {}


def _tar(packed: bool) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz" if packed else "w") as archive:
        archive.addfile(tarfile.TarInfo("x.jsonl"), io.BytesIO())
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "head", "wrong"),
    [
        ("a.jsonl.gz", b"\x8c\x01\x02random", "gzip"),
        ("a.zst", b"\x00\x01\x02", "zstandard"),
        ("a.jsonl.gz", gzip.compress(b"{}"), ""),
        ("a.jsonl.gz", b'{"test_name": "plain, whatever the name says"}', ""),
        ("a.tar.gz", _tar(packed=True), ""),
        ("a.tar.gz", _tar(packed=False), ""),
        ("a.jsonl", b"\x8c\x01\x02random", ""),
        ("a.jsonl.gz", "\ufeff{}".encode("utf-16"), ""),
        ("a.gz", b"BZh9\x01\x02", ""),
    ],
    ids=["noise", "noise-zst", "gzip", "text", "tar-gz", "tar", "plain-name", "utf-16", "bzip2"],
)
def test_the_fault_has_its_right_name(name: str, head: bytes, wrong: str) -> None:
    assert (wrong in misnamed(name, head)) if wrong else misnamed(name, head) == ""
