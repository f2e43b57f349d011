"""Errors of DuckDB become one true sentence with a remedy."""

import os
from pathlib import Path

import duckdb
import pytest

from banwatch.model.errors import BanwatchError, UnavailableError
from banwatch.store import Store
from banwatch.store.engines import budget
from banwatch.store.engines.duckdb_errors import StoreInUseError, explain
from tests.store.verdict_rows import verdict

_PATH = Path("/var/lib/banwatch.duckdb")


def _text(error: BanwatchError) -> str:
    return str(error)


def test_too_little_memory_is_not_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(budget.SETTING, "256MB")
    with Store.open(tmp_path / "s.duckdb") as store:
        with store.transaction():
            store.append("verdict", [verdict(n) for n in range(3)])
        store._engine._raw.execute("SET temp_directory = ''")  # type: ignore[attr-defined]  # no room to spill
        store._engine._raw.execute("SET max_temp_directory_size = '0KB'")  # type: ignore[attr-defined]  # the engine's own
        with pytest.raises(UnavailableError) as caught:
            store._engine.query("SELECT list(r || repeat('x', 200)) FROM range(3000000) t(r)")
    assert "memory" in _text(caught.value)
    assert "no space left" not in _text(caught.value)
    assert budget.SETTING in _text(caught.value)


def test_a_full_disk_names_its_folder_and_what_is_free(tmp_path: Path) -> None:
    text = _text(
        explain(tmp_path / "s.duckdb", duckdb.IOException("Could not write file: No space left on device"))
    )
    assert text.startswith(f"no space left for {tmp_path / 's.duckdb'}: ")
    assert f"free in {tmp_path}" in text


def test_words_like_lock_and_set_accuse_no_other_process() -> None:
    error = explain(_PATH, duckdb.IOException("Failed to read block: offset of a set of rows is wrong"))
    assert not isinstance(error, StoreInUseError)


def test_a_lock_names_its_holder() -> None:
    held = f'Could not set lock on file "x": Conflicting lock is held in python3.11 (PID {os.getppid()})'
    error = explain(_PATH, duckdb.IOException(held))
    assert isinstance(error, StoreInUseError)
    assert f"process {os.getppid()}" in _text(error)


def test_damage_names_its_block() -> None:
    text = _text(
        explain(_PATH, duckdb.IOException("Corrupt database file: checksum in block 17 does not match"))
    )
    assert "in block 17" in text
    assert "banwatch rebuild" in text


@pytest.mark.parametrize(
    ("text", "size"), [("2GB", 2 << 30), ("512 mb", 512 << 20), ("1.5G", 3 << 29), ("300MiB", 300 << 20)]
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert budget.parse_size(text) == size


@pytest.mark.parametrize("text", ["much", "12", "-1GB", "100MB", "1PB"])
def test_other_texts_are_no_sizes(text: str) -> None:
    with pytest.raises(BanwatchError, match=budget.SETTING):
        budget.parse_size(text)


def test_the_setting_is_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(budget.SETTING, "2GB")
    assert (budget.process_bytes(), budget.database_bytes()) == (2 << 30, 1 << 30)
    monkeypatch.delenv(budget.SETTING)
    assert budget.process_bytes() == max(256 << 20, budget.machine_bytes() // 4)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"measurement_uid,state\n", "a text"),
        (b'{"test_name": 1}', "a text"),
        (b"PAR1\x00\x01", "a Parquet file"),
        (b"PK\x03\x04\x00", "a zip archive"),
        (b"\x1f\x8b\x08\x00", "a gzip file"),
    ],
)
def test_a_file_that_never_was_a_database_is_named(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "export"
    path.write_bytes(content)
    for read_only in (True, False):
        with pytest.raises(BanwatchError, match=f"is no database of Banwatch, but {says}"):
            Store.open(path, read_only=read_only)
    assert path.read_bytes() == content


def test_a_damaged_database_is_not_taken_for_another_file(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    Store.open(path).close()
    whole = path.read_bytes()
    (tmp_path / "s.duckdb.archive").mkdir(exist_ok=True)
    for damaged in (bytes(4096) + whole[4096:], whole[:8] + b"DUCK" + os.urandom(500) + whole[512:]):
        path.write_bytes(damaged)
        with pytest.raises(BanwatchError, match=r"is not a database that can be read.*banwatch rebuild"):
            Store.open(path, read_only=True)
    path.write_bytes(bytes(4096) + whole[4096:])
    path.with_name(path.name + ".archive").rename(tmp_path / "elsewhere")
    with pytest.raises(BanwatchError, match="restore a backup"):
        Store.open(path, read_only=True)
