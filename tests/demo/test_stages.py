"""A run says how far it is, on a terminal and in a pipe."""

import io

import pytest
from rich.console import Console

from banwatch.demo import stages
from banwatch.demo.stages import Stages


def test_pipe_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "PLAIN_LINE_EVERY_S", 0.0)
    out = io.StringIO()
    with Stages(Console(file=out)).stage("measuring") as report:
        report(3, 10)
    assert "measuring: 3 of 10" in out.getvalue()
    assert "done measuring" in out.getvalue()


def test_failed_stage_is_not_called_done() -> None:
    out = io.StringIO()
    with pytest.raises(RuntimeError), Stages(Console(file=out)).stage("measuring"):
        raise RuntimeError
    assert "done" not in out.getvalue()


def test_terminal_gets_a_bar() -> None:
    out = io.StringIO()
    with Stages(Console(file=out, force_terminal=True, width=120)).stage("measuring") as report:
        report(3, 10)
    assert "3/10" in out.getvalue()
