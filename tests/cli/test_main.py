"""The command line: every command explains itself, and errors are one message."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from banwatch.cli.docs_page import render_page
from banwatch.cli.main import create_app, main
from banwatch.model.errors import BanwatchError


def _command_paths() -> list[tuple[str, ...]]:
    paths: list[tuple[str, ...]] = []

    def walk(command: object, path: tuple[str, ...]) -> None:
        children = getattr(command, "commands", {})
        for name, child in children.items():
            walk(child, (*path, name))
        if path and not children:
            paths.append(path)

    walk(get_command(create_app()), ())
    return paths


@pytest.mark.parametrize("path", _command_paths(), ids=" ".join)
def test_every_command_has_help(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        create_app()([*path, "--help"])
    assert exit_.value.code == 0
    assert len(capsys.readouterr().out.splitlines()) > 3


def test_error_for_a_person_is_one_message_and_exit_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise BanwatchError("the disk is full", "Free some")

    monkeypatch.setattr("banwatch.cli.main.create_app", lambda: fail)
    with pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 1
    assert capsys.readouterr().err == "banwatch: the disk is full. Free some\n"


def test_help_does_not_load_the_engine() -> None:
    code = (
        "import sys; from banwatch.cli.main import create_app; create_app();"
        "print([m for m in ('ibis', 'duckdb', 'altair', 'fastapi', 'pyarrow', 'scapy') if m in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_unknown_command_is_a_usage_error() -> None:
    done = subprocess.run([sys.executable, "-m", "banwatch.cli.main", "blok"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "blok" in done.stderr


def test_page_of_commands_is_current() -> None:
    page = Path(__file__).parents[2] / "docs" / "cli.md"
    assert page.read_text(encoding="utf-8") == render_page(), (
        "renew it: .venv/bin/python -m banwatch.cli.docs_page > docs/cli.md"
    )


def test_readme_names_only_pages_and_targets_that_exist() -> None:
    root = Path(__file__).parents[2]
    readme = (root / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", readme)
    assert len(links) > 5
    assert [link for link in links if "://" not in link and not (root / link).exists()] == []
    targets = set(re.findall(r"make ([a-z-]+)", readme))
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    assert targets >= {"demo", "test"}
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []
