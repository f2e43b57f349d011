"""What is printed of incidents, and why each is one."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from banwatch.cli.main import create_app
from banwatch.detect.wording.reasons import reasons
from banwatch.model.errors import BanwatchError
from banwatch.model.verdict import Verdict
from tests.detect.making import START, hours, verdict
from tests.detect.test_first_light import BANNED, OK_LINE, seen, story


def _table(rows: list[Verdict], path: Path) -> Path:
    lines = [
        "measurement_uid,measurement_start_time,probe_cc,probe_asn,target,state,mechanisms,access_tier,report_id"
    ]
    for row in rows:
        mechanisms = "network.shutdown" if row.layer else ";".join(row.mechanisms)
        lines.append(
            f"{row.measurement_uid},{row.measurement_start_time.isoformat()},{row.probe_cc},AS{row.probe_asn},"
            f"{row.target},{row.state},{mechanisms},{row.access_tier},{row.report_id}"
        )
    path.write_text("\n".join(lines) + "\n")
    return path


def _run(*arguments: str) -> list[dict[str, object]]:
    result = CliRunner().invoke(create_app(), ["detect", *arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_story_from_a_table(tmp_path: Path) -> None:
    incidents = _run("--verdicts", str(_table(story(), tmp_path / "v.csv")))
    assert [one["id"] for one in incidents] == [one.incident_id for one in seen()[2]]
    ban = incidents[2]
    assert ban["country"] == "KP"
    assert ban["asns"] == [64512]
    assert ban["targets"] == sorted(BANNED)
    assert ban["kind"] == "blocking"
    assert ban["end"] is None
    onset: Any = ban["onset"]
    earliest, latest = onset
    assert earliest < "2016-04-01T00:00:00Z" <= latest
    assert incidents[3]["kind"] == "shutdown"


def test_as_of_leaves_out_what_came_later(tmp_path: Path) -> None:
    path = str(_table(story(), tmp_path / "v.csv"))
    then = (START + hours(6 * 24)).isoformat()
    assert len(_run("--verdicts", path, "--as-of", then)) == 3


def test_why_says_what_speaks_for_and_against() -> None:
    cells, _, incidents = seen()
    grumble, ban, shutdown = (reasons(one, cells) for one in incidents[1:])
    assert ban[0].startswith("For it: 216 of 216 measurements")
    assert re.fullmatch(r"Before it: 0 of 1[12]\d in the week before it began\.", ban[1])
    assert "no measurement in that time" in ban[2]
    assert "saw a target work" in grumble[2]
    assert shutdown[0].startswith("For it: 60 measurements found nothing")


def test_why_lists_what_was_set_aside(tmp_path: Path) -> None:
    rows = [verdict(START + hours(i), row_state, probe="lonely") for i, row_state in enumerate(OK_LINE)]
    lines = _run("--verdicts", str(_table_with_probe(rows, tmp_path / "v.csv")), "--why")
    assert [line["set_aside"] for line in lines] == ["one probe or report alone says so"]


def _table_with_probe(rows: list[Verdict], path: Path) -> Path:
    lines = ["measurement_uid,measurement_start_time,probe_cc,probe_asn,target,state,mechanisms,probe_id"]
    lines += [
        f"{row.measurement_uid},{row.measurement_start_time.isoformat()},{row.probe_cc},{row.probe_asn},"
        f"{row.target},{row.state},,{row.probe_id}"
        for row in rows
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_store_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BanwatchError):
        CliRunner().invoke(
            create_app(),
            ["detect", "--store", str(tmp_path / "no" / "such.duckdb"), "--as-of", "2016-04-01"],
            catch_exceptions=False,
        )
