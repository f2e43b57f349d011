"""Layout of a DuckDB file: the size of its blocks, and rollups in the order in which readers ask."""

from pathlib import Path

import duckdb
import pytest

from banwatch.model.ids import CountryCode
from banwatch.store import Store
from banwatch.store.engines import duckdb_file
from banwatch.store.engines.duckdb_file import BLOCK_BYTES, rewrite_file
from banwatch.store.queries import properties
from banwatch.store.tables import ROLLED_UP
from tests.store.verdict_rows import verdict


def _block_bytes(path: Path) -> int:
    with duckdb.connect(str(path), read_only=True) as raw:
        return int(raw.execute("SELECT block_size FROM pragma_database_size()").fetchall()[0][0])


def test_new_copied_and_rewritten_files_have_small_blocks(tmp_path: Path) -> None:
    path, copy = tmp_path / "s.duckdb", tmp_path / "copy.duckdb"
    with Store.open(path) as store:
        store.copy_to(copy)
    rewrite_file(path)
    assert _block_bytes(path) == _block_bytes(copy) == BLOCK_BYTES


def _countries(path: Path) -> list[str]:
    with duckdb.connect(str(path), read_only=True) as raw:
        return [row[0] for row in raw.execute("SELECT probe_cc FROM daily_cell ORDER BY rowid").fetchall()]


def test_rollups_are_put_in_order_when_many_rows_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_file, "LEAST_OUT_OF_ORDER", 3)
    path = tmp_path / "s.duckdb"
    with Store.open(path) as store:
        for n, cc in enumerate(("KP", "IR", "AF", "RU", "BE")):
            with store.transaction():
                store.append("verdict", [verdict(n, probe_cc=CountryCode(cc))])
        kept = {name: store.digest(name) for name in ROLLED_UP}
        assert properties(store) == {}
    assert _countries(path) == ["AF", "IR", "KP", "RU", "BE"]  # the last two came after
    with Store.open(path) as store:
        with store.transaction():
            store.refresh_rollups()
        assert {name: store.digest(name) for name in ROLLED_UP} == kept
        with store.transaction():  # an ordered table takes changes as any other
            store.delete("verdict", "measurement_uid", ["m0001"])
    assert _countries(path) == ["AF", "BE", "KP", "RU"]
