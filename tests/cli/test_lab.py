"""`banwatch lab` as a person types it."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from banwatch.cli.main import create_app
from banwatch.lab.machine.doctor import available, doctor
from banwatch.lab.regime.regime_file import regime_paths
from banwatch.model.errors import BanwatchError


def run(*arguments: str) -> tuple[int, str]:
    """Run a command in this process; its exit code and standard output."""
    result = CliRunner().invoke(create_app(), ["lab", *arguments])
    return result.exit_code, result.stdout


def test_regimes_are_listed_and_shown() -> None:
    code, text = run("regimes", "ls", "--json")
    assert code == 0
    assert [row["name"] for row in json.loads(text)] == list(regime_paths())
    code, text = run("regimes", "show", "dprk-2016")
    assert code == 0
    assert "| `youtube-dns` | visitor | from 2016-04-01 00:00 |" in text


def test_the_doctor_says_what_is_missing_and_what_to_do() -> None:
    code, text = run("doctor", "--json")
    checks = json.loads(text)
    assert {check["name"] for check in checks} >= {"namespaces", "veth", "packet sockets", "tun", "ipv6"}
    assert code == int(any(check["needed"] and not check["ok"] for check in checks))
    for check in checks:
        assert check["why"]
        assert bool(check["do"]) is not check["ok"]


@pytest.mark.lab
@pytest.mark.skipif(not available(), reason=f"no lab here: {[c.why for c in doctor() if not c.ok]}")
def test_a_programs_exit_code_and_output_come_back(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    truth = tmp_path / "truth.jsonl"
    truth.write_text("of another run, youtube-dns\n")
    script = (
        "import os, socket; print(socket.gethostbyname('www.youtube.com')); print(os.environ['BANWATCH_LAB'])"
        "; raise SystemExit(9)"
    )
    options = (
        "--regime",
        "dprk-2016",
        "--at",
        "2016-04-04",
        "--truth",
        str(truth),
        "--pcap",
        str(tmp_path / "p"),
    )
    code, _ = run("run", *options, "--", sys.executable, "-c", script)
    assert code == 9
    address, marks = capfd.readouterr().out.splitlines()
    assert address.startswith(("31.13.94.", "104.244.46."))  # the visitor's tier: rules concern it
    assert json.loads(marks)["lab"] == "dprk-2016"
    assert json.loads(marks)["tier"] == "visitor"
    (line,) = (json.loads(text) for text in truth.read_text().splitlines() if "youtube-dns" in text)
    assert line["started_at"].startswith("2016-04-04T00:00")
    assert (tmp_path / "p").stat().st_size > 100


def test_the_sites_of_the_world_are_listed() -> None:
    code, printed = run("sites")
    assert code == 0
    assert "www.youtube.com" in printed
    assert "(down for everybody)" in printed


def test_what_cannot_be_is_said(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        create_app(), ["lab", "run", "--truth", str(tmp_path / "no" / "t"), "--", "true"]
    )
    assert isinstance(result.exception, BanwatchError)
    assert "Cannot write" in result.exception.what
    assert run("run", "--link", "carrier-pigeon", "--", "true")[0] == 2
    assert run("run", "--at", "soon", "--", "true")[0] == 2
