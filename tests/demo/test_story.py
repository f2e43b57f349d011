"""The whole story, from the shipped recordings to the page, run as its user would run it."""

import gzip
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from banwatch.demo.workspace import PRODUCTS

BANWATCH = (sys.executable, "-m", "banwatch.cli.main")


def _demo(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*BANWATCH, "demo", *map(str, arguments)], capture_output=True, text=True, timeout=100, check=False
    )


pytestmark = pytest.mark.xdist_group("story")


@dataclass(frozen=True)
class Served:
    """A demo that was run, served its page, and was interrupted."""

    out: Path
    port: int
    address: str
    page: str
    code: int


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    out = tmp_path_factory.mktemp("story") / "out"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [*BANWATCH, "demo", "--recorded", "--port", str(port), "--out", str(out)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        try:
            address = next(line for line in running.stderr if line.startswith("serving")).split()[1]
            with urlopen(address, timeout=30) as answer:
                page = answer.read().decode()
        finally:
            running.send_signal(signal.SIGINT)
    return Served(out, port, address, page, running.returncode)


@pytest.fixture(scope="module")
def story(served: Served) -> Path:
    return served.out


@pytest.fixture(scope="module")
def result(story: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((story / "result.json").read_text())
    return loaded


def _measured(story: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((story / "measurements").glob("*.jsonl.gz")):
        with gzip.open(path, "rt") as lines:
            yield from map(json.loads, lines)


def test_run_leaves_what_it_promises_and_nothing_else(story: Path, result: dict[str, Any]) -> None:
    assert {p.name for p in story.iterdir()} <= set(PRODUCTS)
    assert {"measurements", "banwatch.duckdb", "report", "result.json"} <= {p.name for p in story.iterdir()}
    assert result["recorded"] is True
    assert result["measurements"] == sum(1 for _ in _measured(story))


def test_measurements_say_that_they_were_made_in_a_lab_and_carry_its_clock(story: Path) -> None:
    seen_tiers = set()
    for measurement in _measured(story):
        assert measurement["annotations"]["lab"] == "dprk-2016"
        assert "2016-03-27" <= measurement["measurement_start_time"] <= "2016-04-10 23:59:59"
        assert measurement["probe_ip"] == "127.0.0.1"
        seen_tiers.add((measurement["annotations"]["access_tier"], measurement["probe_asn"]))
    assert seen_tiers == {("official", "AS131279"), ("visitor", "AS64512"), ("citizen", "AS64513")}


def test_nobody_is_accused_falsely_and_nothing_is_missed(result: dict[str, Any]) -> None:
    score = result["score"]
    assert (score["false_blocked"], score["missed"]) == (0, 0)
    assert score["interfered"] > 1000
    assert score["mechanism_precision"] >= 0.98
    assert score["mechanism_recall"] >= 0.95


def test_since_when_agrees_with_what_the_censor_wrote_down(story: Path, result: dict[str, Any]) -> None:
    """The first packet that the censor acted upon lies inside the interval that was found without it."""
    first_denied: dict[str, datetime] = {}
    for path in (story / "truth").glob("*.jsonl"):
        for flow in map(json.loads, path.read_text().splitlines()):
            if flow["tier"] != "visitor" or flow["mechanism"] in (None, "network.shutdown"):
                continue
            for _, name in flow["names"]:
                at = datetime.fromisoformat(flow["started_at"])
                target = ".".join(name.rstrip(".").split(".")[-2:])
                first_denied[target] = min(at, first_denied.get(target, at))
    checked = 0
    for row in result["comparison"]:
        if row["tier"] == "visitor" and row["measured"] == "enforced" and row["target"] in first_denied:
            earliest, latest = map(datetime.fromisoformat, row["since"])
            began = first_denied[row["target"]]
            assert earliest < began, row
            assert (began - latest).total_seconds() < 60, row  # `latest` is that measurement's own start
            checked += 1
    assert checked >= 5


def test_comparison_covers_every_target_on_every_tier(story: Path, result: dict[str, Any]) -> None:
    rows = {(row["target"], row["tier"]): row for row in result["comparison"]}
    targets = {target for target, _ in rows}
    assert set(rows) == {(t, tier) for t in targets for tier in ("official", "visitor", "citizen")}
    visitor = {target: rows[target, "visitor"] for target in targets}
    assert visitor["yna.co.kr"]["announced"]
    assert visitor["yna.co.kr"]["measured"] == "not_enforced"
    assert not visitor["bbc.com"]["announced"]
    assert visitor["bbc.com"]["measured"] == "enforced"
    assert visitor["instagram.com"]["measured"] == "partly"
    uids = {measurement["measurement_uid"] for measurement in _measured(story)}
    for row in rows.values():
        assert (row["witness"] in uids) == (row["measured"] in ("enforced", "partly"))


def test_network_that_went_dark_is_a_shutdown_and_not_nine_blocks(result: dict[str, Any]) -> None:
    dark = [incident for incident in result["incidents"] if incident["mechanisms"] == ["network.shutdown"]]
    assert [(i["asn"], i["targets"]) for i in dark] == [("AS64512", [])]
    assert dark[0]["onset"][0] < "2016-04-08T00:00:01Z" <= dark[0]["end"][0] < dark[0]["end"][1]


def test_every_page_says_that_it_is_a_recording_from_a_lab(story: Path) -> None:
    pages = sorted((story / "report").rglob("*.html"))
    assert len(pages) > 100
    for page in pages:
        text = page.read_text()
        assert re.search("recording", text, re.IGNORECASE), page
        assert re.search("made in a lab", text, re.IGNORECASE), page


def test_every_relative_link_of_the_report_leads_somewhere(story: Path) -> None:
    report = story / "report"
    index = report / "index.html"
    links = re.findall(r'(?:href|src)="([^"#:]+)(?:#[^"]*)?"', index.read_text())
    assert len(links) > 100
    assert [link for link in links if not (index.parent / link).exists()] == []


def test_page_is_served_and_its_address_is_told(served: Served) -> None:
    assert served.address == f"http://127.0.0.1:{served.port}/bans/dprk-2016"
    assert "made in a lab" in served.page.lower()
    assert served.code in (0, 130)


def test_taken_port_is_said_before_the_work(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = _demo("--recorded", "--port", str(taken.getsockname()[1]), "--out", tmp_path / "out")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "--port" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_damaged_database_of_an_earlier_run_is_left_to_its_owner(tmp_path: Path) -> None:
    damaged = tmp_path / "banwatch.duckdb"
    damaged.write_bytes(b"\x00garbage" * 5000)
    done = _demo("--recorded", "--no-serve", "--out", tmp_path)
    assert done.returncode == 1
    assert "banwatch.duckdb" in done.stderr
    assert "Traceback" not in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["banwatch.duckdb"]
    assert damaged.read_bytes() == b"\x00garbage" * 5000
