"""A backup is whole or says what is not, whatever stops it; a restore is all of a store or none."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from banwatch import reference
from banwatch.collector import own
from banwatch.collector.inbox import Inbox, inbox_path
from banwatch.model.errors import BanwatchError
from banwatch.observatory.backup import back_up, check, restore
from banwatch.pipeline.ingest import ingest as bring_in
from banwatch.store import Store
from banwatch.store.audit import audit
from banwatch.store.backups import backup_folder
from tests.pipeline.measurement_lines import line

ZSTD = b"\x28\xb5\x2f\xfd"


def ingest(path: Path, first: int, count: int) -> None:
    source = path.parent / f"{first}.jsonl"
    source.write_bytes(b"\n".join(line(number) for number in range(first, first + count)))
    with Store.open(path) as store:
        bring_in(store, [source], reference.load())


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Store with two segments, a key, a log and a submission that is not in the database yet."""
    path = tmp_path_factory.mktemp("original") / "s.duckdb"
    ingest(path, 1, 5)
    ingest(path, 6, 5)
    with Inbox(inbox_path(path.with_name("s.duckdb.archive")), max_bytes=1 << 20) as inbox:
        inbox.keep(line(77)).result()
    path.with_name("s.duckdb.collector-key").write_bytes(b"key")
    return path


@pytest.fixture
def backup(original: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "backup"
    back_up(str(original), folder)
    return folder


def content(path: Path) -> dict[str, str]:
    with Store.open(path, read_only=True) as store:
        assert audit(store).sound
        return {name: store.digest(name) for name in ("measurement", "observation", "verdict")}


def objects(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.name != ".lock")


def flip(path: Path, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def test_what_is_restored_is_the_store(original: Path, backup: Path, tmp_path: Path) -> None:
    assert check(backup).sound
    target = tmp_path / "new" / "t.duckdb"
    restore(backup, str(target), number=None)
    assert content(target) == content(original)
    assert target.with_name("t.duckdb.collector-key").read_bytes() == b"key"
    (journal,) = target.with_name("t.duckdb.inbox").iterdir()
    assert line(77) in journal.read_bytes()
    assert all(p.stat().st_mode & 0o077 == 0 for p in objects(backup))
    with pytest.raises(BanwatchError, match="overwrites nothing"):
        restore(backup, str(target), number=None)


def test_only_what_is_new_is_copied_and_old_backups_go(original: Path, tmp_path: Path) -> None:
    path, folder = tmp_path / "s.duckdb", tmp_path / "backup"
    back_up(str(original), folder)
    restore(folder, str(path), number=None)
    before = {p: p.stat().st_mtime_ns for p in objects(folder)}
    segments = [p for p in before if p.read_bytes().startswith(ZSTD)]
    ingest(path, 100, 3)
    assert back_up(str(path), folder).generation == 2
    new = [p for p in objects(folder) if p not in before and p.parent.name != "generations"]
    assert len(segments) == 2
    assert all(p.stat().st_mtime_ns == before[p] for p in segments)
    assert len(new) <= 3  # the database, one segment, and a log beside them
    back_up(str(path), folder, keep=1)
    assert check(folder).generations == (3,)
    assert check(folder).sound


def test_a_store_is_backed_up_while_it_is_owned(original: Path, tmp_path: Path) -> None:
    back_up(str(original), tmp_path / "first")
    path = tmp_path / "s.duckdb"
    restore(tmp_path / "first", str(path), number=None)
    with own(path) as owner:
        assert owner is not None
        assert back_up(str(path), tmp_path / "second").damaged == ()
    restore(tmp_path / "second", str(tmp_path / "t.duckdb"), number=None)
    assert content(tmp_path / "t.duckdb") == content(original)


@pytest.mark.parametrize("which", range(3))
def test_a_flipped_bit_is_found_and_never_restored(backup: Path, tmp_path: Path, which: int) -> None:
    files = objects(backup)
    damaged = files[which * (len(files) - 1) // 2]
    flip(damaged, 8 * (damaged.stat().st_size // 2) + which)
    found = check(backup)
    assert not found.sound
    assert any(damaged.name[:16] in problem or "generation" in problem for problem in found.problems)
    with pytest.raises(BanwatchError, match=r"damaged|no backup"):
        restore(backup, str(tmp_path / "t.duckdb"), number=None)
    if damaged.parent.name != "generations":
        with pytest.raises(BanwatchError, match="half restored"):
            Store.open(tmp_path / "t.duckdb")


def test_a_damaged_object_is_written_again(original: Path, backup: Path, tmp_path: Path) -> None:
    segment = next(p for p in objects(backup) if p.read_bytes().startswith(ZSTD))
    flip(segment, 100)
    (problem,) = check(backup).problems
    assert str(segment) in problem
    segment.unlink()
    back_up(str(original), backup)
    assert check(backup).sound


def test_a_half_copy_of_a_backup_is_found(backup: Path) -> None:
    for path in objects(backup)[1:]:
        data = path.read_bytes()
        path.unlink()
        assert not check(backup).sound
        path.write_bytes(data[:-1])
        assert not check(backup).sound
        path.write_bytes(data)
    assert check(backup).sound


def stops(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, error: BaseException) -> Iterator[int]:
    """Stop at the first call of a function, then at the second, and so on."""
    real = getattr(module, name)
    for at in range(3):
        calls = 0

        def stop(*given: Any, at: int = at) -> Any:
            nonlocal calls
            calls += 1
            if calls > at:
                raise error
            return real(*given)

        with monkeypatch.context() as patch:
            patch.setattr(module, name, stop)
            yield at


def test_a_stopped_or_failed_backup_leaves_the_earlier_one(
    original: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error, kind in (
        (KeyboardInterrupt(), KeyboardInterrupt),
        (OSError(errno.ENOSPC, "No space left on device"), BanwatchError),
    ):
        for _ in stops(monkeypatch, os, "replace", error):
            with pytest.raises(kind):
                back_up(str(original), backup)
            assert check(backup).generations == (1,)
            assert check(backup).sound
    assert back_up(str(original), backup).generation == 2
    assert check(backup).sound


def test_a_stopped_restore_is_no_store_and_begins_again(
    original: Path, backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "t.duckdb"
    for _ in stops(monkeypatch, os, "fsync", KeyboardInterrupt()):
        with pytest.raises(KeyboardInterrupt):
            restore(backup, str(target), number=None)
        with pytest.raises(BanwatchError, match="half restored"):
            Store.open(target)
    restore(backup, str(target), number=None)
    assert content(target) == content(original)


def test_a_backup_cannot_write_outside_of_a_store(original: Path, backup: Path, tmp_path: Path) -> None:
    folder = backup_folder.BackupFolder(backup)
    (last,) = folder.generations()
    evil = backup_folder.BackedUpFile(name="/../../evil", sha256=last.files[0].sha256, size_bytes=1)
    folder.commit([evil], last.made_at)
    with pytest.raises(BanwatchError, match="outside"):
        restore(backup, str(tmp_path / "t.duckdb"), number=None)


@pytest.mark.slow
def test_kill_9_at_any_moment(original: Path, tmp_path: Path) -> None:
    program, folder = str(Path(sys.executable).with_name("banwatch")), tmp_path / "backup"
    back_up(str(original), folder)
    for pause_s in (0.6, 0.9, 1.2, 1.5):
        running = subprocess.Popen([program, "backup", str(folder), "--store", str(original)])
        time.sleep(pause_s)
        running.send_signal(signal.SIGKILL)
        running.wait(10)
        assert check(folder).sound
    assert back_up(str(original), folder).generation >= 2
    restore(folder, str(tmp_path / "t.duckdb"), number=None)
    assert content(tmp_path / "t.duckdb") == content(original)
