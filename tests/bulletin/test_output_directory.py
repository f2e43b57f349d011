"""The output directory: whole or untouched, and nothing of others in it is lost."""

from pathlib import Path

import pytest

from banwatch.bulletin.output_directory import OutputDirectory
from banwatch.bulletin.publish import publish_from
from banwatch.model.errors import BanwatchError
from tests.pages.made_up_country import make_country


def test_nothing_is_left_where_the_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = OutputDirectory.write

    def full(folder: OutputDirectory, path: str, content: bytes) -> None:
        if path.startswith("measurements/"):
            raise OSError(28, "No space left on device")
        write(folder, path, content)

    monkeypatch.setattr(OutputDirectory, "write", full)
    with pytest.raises(BanwatchError, match="No space left on device"):
        publish_from(make_country(days=1, per_day=1), "kp-test", tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_where_it_is_interrupted(tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        if done > 3:
            raise KeyboardInterrupt

    (tmp_path / "empty").mkdir()
    with pytest.raises(KeyboardInterrupt):
        publish_from(make_country(days=1, per_day=1), "kp-test", tmp_path / "empty", progress=interrupt)
    assert list((tmp_path / "empty").iterdir()) == []


def test_an_earlier_bulletin_is_replaced_whole(tmp_path: Path) -> None:
    publish_from(make_country(days=3, per_day=1), "kp-test", tmp_path)
    publish_from(make_country(days=1, per_day=1), "kp-test", tmp_path)
    assert len(list((tmp_path / "measurements").rglob("*.html"))) == 33


def test_the_files_of_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(BanwatchError, match="other files"):
        publish_from(make_country(days=1, per_day=1), "kp-test", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
