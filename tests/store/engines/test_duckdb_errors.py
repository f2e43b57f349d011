"""Errors of DuckDB become one true sentence with a remedy."""

import os
from pathlib import Path

import duckdb
import pytest

from banwatch.model.errors import BanwatchError
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
        with pytest.raises(BanwatchError) as caught:
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
