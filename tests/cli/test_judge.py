"""`banwatch judge`: from a file to its explanation, and to another judgement."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from banwatch.cli.main import create_app
from banwatch.model.errors import BanwatchError
from tests.judge.scenario import Page, Scenario

BLOCKED = "20260401000000.000000_KP_webconnectivity_00000000000000b1"
FINE = "20260401000000.000000_KP_webconnectivity_00000000000000a0"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("judge")
    lines = [
        Scenario(tcp={"*": "generic_timeout_error"}).to_line(BLOCKED),
        Scenario(page=Page()).to_line(FINE),
    ]
    (folder / "measurements.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    path = folder / "store.duckdb"
    run(["ingest", str(folder / "measurements.jsonl"), "--store", str(path)])
    return path


def run(arguments: Sequence[str]) -> list[str]:
    done = CliRunner().invoke(create_app(), list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def judge(store: Path, *arguments: str) -> list[str]:
    return run(["judge", "--store", str(store), *arguments])


def test_a_verdict_is_explained(store: Path) -> None:
    (line,) = judge(store, "--explain", BLOCKED, "--json")
    found = json.loads(line)
    assert found["verdict"]["state"] == "likely_blocked"
    assert (found["rules"][0]["id"], found["rules"][0]["role"]) == ("tcp.timeout", "decides")
    assert all(rule["condition"] and rule["why"] for rule in found["rules"])
    connects = [step for step in found["steps"] if step["step"] == "tcp"]
    assert {(step["probe"], step["control"]) for step in connects} == {
        ("failed: generic_timeout_error", "connected")
    }
    text = "\n".join(judge(store, "--explain", BLOCKED))
    assert "likely_blocked tcp.timeout: Connecting to www.example.net timed out" in text


def test_other_rules_are_tried_before_they_are_used(store: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('version = "cautious.1"\n[state]\n"tcp.timeout" = "impaired"\n', encoding="utf-8")
    (change,) = judge(store, "--ruleset", str(rules), "--diff", "--json")
    before, after = json.loads(change)["before"], json.loads(change)["after"]
    assert (before["state"], after["state"], after["ruleset"]) == ("likely_blocked", "impaired", "cautious.1")
    assert judge(store, "--diff", "--json") == [], "nothing was written"
    judge(store, "--ruleset", str(rules))
    (line,) = judge(store, "--explain", BLOCKED, "--json")
    assert json.loads(line)["stored"]["ruleset"] == "cautious.1"
    assert [past["state"] for past in json.loads(line)["past"]] == ["likely_blocked"], (
        "the old one is readable"
    )
    judge(store)
    assert judge(store, "--diff", "--json") == []


def test_defects_are_looked_for(store: Path) -> None:
    assert judge(store, "--defects", "--json") == []


@pytest.mark.parametrize(
    "arguments",
    [["--explain", "nobody"], ["--ruleset", "1999.1"], ["--diff", "--defects"]],
    ids=["uid", "ruleset", "both"],
)
def test_what_cannot_be_done_is_said(store: Path, arguments: list[str]) -> None:
    with pytest.raises(BanwatchError):
        judge(store, *arguments)
