"""Old segments move to a cold store and back: every line stays readable, or says where it is."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from banwatch import reference
from banwatch.model.errors import BanwatchError, WireError
from banwatch.pipeline.rebuild import rebuild
from banwatch.store import Store
from banwatch.store.audit import audit
from banwatch.store.backups import cold_store
from banwatch.store.backups.cold_store import freeze, thaw
from banwatch.store.bookkeeping import Entry
from tests.store.backups.archived import fill, raw_lines

BEFORE = datetime(2016, 4, 3, tzinfo=UTC)
"""Two of the three files are of the days before."""
TIERS = ("measurement", "observation", "evidence", "verdict", "cell")


def test_old_lines_move_and_come_back_and_all_reads_as_before(tmp_path: Path) -> None:
    cold = tmp_path / "cold"
    with Store.open(tmp_path / "s.duckdb") as store:
        fill(store, tmp_path)
        lines, names = raw_lines(store), store.archive.names()
        digests = {name: store.digest(name) for name in TIERS}
        assert freeze(store, cold, BEFORE).segments == 2
        assert len(store.archive.names()) == 1
        assert raw_lines(store) == lines
        assert audit(store).sound
        assert freeze(store, cold, BEFORE).segments == 0
        rebuild(store, reference.load())
        assert {name: store.digest(name) for name in TIERS} == digests
        assert thaw(store).segments == 2
        assert store.archive.names() == names
        assert not list(cold.rglob("*.zst"))
        assert raw_lines(store) == lines
        assert {name: store.digest(name) for name in TIERS} == digests


def test_a_line_says_where_it_is_while_the_cold_store_is_away(tmp_path: Path) -> None:
    cold = tmp_path / "cold"
    with Store.open(tmp_path / "s.duckdb") as store:
        fill(store, tmp_path, files=2)
        freeze(store, cold, BEFORE)
        cold.rename(tmp_path / "away")
        entry = store.rows(Entry)[0]
        with pytest.raises(WireError, match=str(cold)):
            store.archive.line(entry.segment, entry.position)
        assert any(str(cold) in problem for problem in audit(store).problems)
        with pytest.raises(BanwatchError, match="is not there"):
            thaw(store)
        with pytest.raises(BanwatchError, match="missing"):
            rebuild(store, reference.load())
        assert store.count(store.table("verdict")) == 8  # a disk that is away empties no table


def test_a_move_that_is_stopped_leaves_each_line_in_a_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The two moments: after the copy is in its place and before the source is deleted, and before that."""
    cold = tmp_path / "cold"
    with Store.open(tmp_path / "s.duckdb") as store:
        fill(store, tmp_path)
        lines = raw_lines(store)
        for step in ("sync_directory", "hashlib"):
            with monkeypatch.context() as patched:
                patched.setattr(cold_store, step, None)
                with pytest.raises((TypeError, AttributeError)):
                    freeze(store, cold, BEFORE)
            assert raw_lines(store) == lines
        freeze(store, cold, BEFORE)
        with monkeypatch.context() as patched:
            patched.setattr(cold_store, "sync_directory", None)
            with pytest.raises(TypeError):
                thaw(store)
        assert raw_lines(store) == lines
        thaw(store)
        assert raw_lines(store) == lines
        assert audit(store).sound


def test_a_damaged_segment_is_not_moved_and_one_cold_store_is_the_only_one(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        fill(store, tmp_path, files=2)
        with pytest.raises(BanwatchError, match="in the archive itself"):
            freeze(store, store.archive.folder / "old", BEFORE)
        with pytest.raises(BanwatchError, match="no cold store"):
            thaw(store)
        path = store.archive.path_of(store.segments()[0].segment)
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(BanwatchError, match="damaged"):
            freeze(store, tmp_path / "cold", BEFORE)
        assert path.exists()
        with pytest.raises(BanwatchError, match="the cold store of this archive is"):
            freeze(store, tmp_path / "another", BEFORE)
