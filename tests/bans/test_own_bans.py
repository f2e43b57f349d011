"""Bans of one's own: begun from the command line, compared before they are complete, never in the way."""

import logging
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from banwatch.bans.register import ENVIRONMENT, check_files, find_ban, load_bans
from banwatch.cli.main import create_app
from banwatch.model.errors import BanwatchError
from banwatch.store import Store
from tests.store.verdict_rows import blocked_story

SHIPPED = load_bans()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(create_app(), ["bans", *arguments], catch_exceptions=False)


def begun(folder: Path, *more: str) -> Path:
    title = "YouTube is blocked"
    flags = (
        "--cc",
        "north korea",
        "--title",
        title,
        "--target",
        "https://www.youtube.com/",
        "--out",
        str(folder),
    )
    done = run("new", *flags, "--begins", "2016-04-06", *more)
    return Path(done.stdout.strip())


def test_a_ban_is_begun_and_compared_before_it_is_complete(tmp_path: Path) -> None:
    path = begun(tmp_path / "own")
    assert path.name == "kp-2016.yaml"
    (found,) = check_files([path])
    assert found.ban is not None
    assert found.ban.targets == ("youtube.com",)
    assert found.ban.country == "KP"
    assert any("sources" in problem.key for problem in found.problems)
    with Store.open(tmp_path / "b.duckdb") as store, store.transaction():
        store.append("verdict", blocked_story())
    done = run("compare", str(path), "--store", str(tmp_path / "b.duckdb"))
    assert "youtube.com" in done.stdout
    assert "enforced" in done.stdout, done.stdout
    with pytest.raises(BanwatchError, match="is there already"):
        begun(tmp_path / "own")


def test_questions_are_asked_for_what_is_missing(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        create_app(), ["bans", "new", "--out", str(tmp_path)], input="Brazil\nX is suspended\n"
    )
    assert done.exit_code == 0
    (found,) = check_files([tmp_path])
    assert [problem.key for problem in found.problems] == ["sources", "targets"]
    assert found.ban is None


def test_a_source_makes_a_fact(tmp_path: Path) -> None:
    path = begun(
        tmp_path, "--source", "https://www.example.org/notice", "--id", "own-ban", "--ends", "2016-05"
    )
    (found,) = check_files([path])
    assert found.ban is not None
    assert found.ban.ban_id == "own-ban"
    assert [source.publisher for source in found.ban.sources] == ["example.org"]
    assert found.ban.facts == (("YouTube is blocked", ("example.org",)),)


def test_own_bans_stand_beside_those_that_ship(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(tmp_path)
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path))
    assert load_bans().keys() - SHIPPED.keys() == {"kp-2016"}
    assert find_ban("kp-2016").title == "YouTube is blocked"
    monkeypatch.delenv(ENVIRONMENT)
    assert load_bans().keys() == SHIPPED.keys()
    listed = run("ls", "--bans", str(tmp_path)).stdout
    monkeypatch.delenv(ENVIRONMENT)
    assert "kp-2016" in listed
    assert "dprk-2016" in listed


def test_a_bad_file_is_named_and_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun(tmp_path)
    (tmp_path / "bad.yaml").write_text("country: 7\n")
    (tmp_path / "taken.yaml").write_text(
        (Path(begun(tmp_path / "x", "--id", "dprk-2016"))).read_text(encoding="utf-8"), encoding="utf-8"
    )
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path))
    with caplog.at_level(logging.WARNING):
        assert load_bans().keys() - SHIPPED.keys() == {"kp-2016"}
    assert "bad.yaml" in caplog.text
    assert "its id is taken" in caplog.text
    done = run("check", str(tmp_path))
    assert done.exit_code == 1
    assert "bad.yaml: not usable" in done.stdout
    assert "kp-2016.yaml: a draft" in done.stdout


def test_every_ban_that_ships_is_complete(tmp_path: Path) -> None:
    done = run("check", str(Path(__file__).parents[2] / "src" / "banwatch" / "bans" / "data"))
    assert done.exit_code == 0
    assert done.stdout.count(": complete") == len(SHIPPED)
    assert run("check", str(tmp_path)).exit_code == 1


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BanwatchError, match="There is no folder"):
        run("ls", "--bans", str(tmp_path / "none"))
