"""The demo's folder is filled whole or not at all, by one owner."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from banwatch.demo.workspace import workspace
from banwatch.model.errors import BanwatchError


def test_products_appear_when_the_work_ends_well(tmp_path: Path) -> None:
    with workspace(tmp_path / "out") as work:
        (work / "result.json").write_text("{}")
        assert not (tmp_path / "out" / "result.json").exists()
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["result.json"]


def test_second_run_replaces_products_of_the_first(tmp_path: Path) -> None:
    for text in ("first", "second"):
        with workspace(tmp_path / "out") as work:
            (work / "report").mkdir()
            (work / "report" / text).write_text(text)
    assert [p.name for p in (tmp_path / "out" / "report").iterdir()] == ["second"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("killed")])
def test_nothing_stays_of_a_run_that_failed(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)), workspace(tmp_path / "out") as work:
        (work / "result.json").write_text("{}")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_failed_run_keeps_the_earlier_result(tmp_path: Path) -> None:
    with workspace(tmp_path) as work:
        (work / "result.json").write_text("good")
    with pytest.raises(RuntimeError), workspace(tmp_path) as work:
        (work / "result.json").write_text("half")
        raise RuntimeError
    assert (tmp_path / "result.json").read_text() == "good"


def test_second_demo_in_the_same_folder_is_told_who_has_it(tmp_path: Path) -> None:
    with workspace(tmp_path / "out"):
        with (
            pytest.raises(BanwatchError, match=rf"process {os.getpid()}.*another --out"),
            workspace(tmp_path / "out"),
        ):
            pass
        with workspace(tmp_path / "beside"):
            pass


def test_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("ten years")
    with pytest.raises(BanwatchError, match=r"thesis\.tex"), workspace(tmp_path):
        pass
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_readers_reports_beside_the_database_outlive_the_next_run(tmp_path: Path) -> None:
    (tmp_path / "banwatch.duckdb.reports.jsonl").write_text("{}")
    with workspace(tmp_path) as work:
        (work / "banwatch.duckdb").write_text("new")
    assert (tmp_path / "banwatch.duckdb.reports.jsonl").read_text() == "{}"


def test_full_disk_is_one_clear_message(tmp_path: Path) -> None:
    with pytest.raises(BanwatchError, match="no space left"), workspace(tmp_path / "out"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_too_little_room_is_said_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=5 * 2**20)
    monkeypatch.setattr("banwatch.demo.workspace.shutil.disk_usage", lambda _: usage)
    with pytest.raises(BanwatchError, match="5 MB are free"), workspace(tmp_path / "out"):
        pytest.fail("the work began")
