"""Series as the field has them: bursty probes, bad runs, sites down for all, sparse hours; with truth."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from banwatch.model.incident import Incident, IncidentKind
from banwatch.pipeline.reading.detect_table import detect_in_table

SERIES = Path(__file__).parents[3] / "shared" / "data" / "detect"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not SERIES.is_dir(), reason="the series lie outside the repository"),
]
SERIES_WEEKS = 2160
"""Twelve weeks of 180 series, in each file."""
FALSE_PER_100_WEEKS = 0.5


def _blocks_in(name: str) -> tuple[list[Incident], list[dict[str, object]]]:
    path = SERIES / f"{name}.csv.gz"
    found = detect_in_table(path, None, lambda _: None).incidents
    truth = json.loads((SERIES / f"{name}.csv.gz.truth.json").read_text())
    return [one for one in found if one.kind is IncidentKind.BLOCKING], truth["blocks"]


def _is_of(one: Incident, block: dict[str, object]) -> bool:
    begins = datetime.fromisoformat(str(block["begins"]))
    ends = datetime.fromisoformat(str(block["ends"]))
    targets = block["targets"]
    assert isinstance(targets, list)
    in_time = one.onset_latest <= ends and (one.end_latest is None or one.end_latest >= begins)
    return one.probe_cc == block["country"] and bool(set(one.targets) & set(targets)) and in_time


@pytest.mark.parametrize(("name", "missed"), [("fq0", 0), ("fb20", 1), ("fb21", 2)])
def test_few_false_incidents_and_the_blocks_that_several_networks_or_days_show(
    name: str, missed: int
) -> None:
    """Missed are a block seen five times or less on each of two networks, and two of 30 hours."""
    incidents, blocks = _blocks_in(name)
    false = [one for one in incidents if not any(_is_of(one, block) for block in blocks)]
    assert len(false) <= FALSE_PER_100_WEEKS * SERIES_WEEKS / 100
    found = [block for block in blocks if any(_is_of(one, block) for one in incidents)]
    assert len(found) >= len(blocks) - missed
    for one in incidents:
        for block in blocks:
            if _is_of(one, block):
                begins = datetime.fromisoformat(str(block["begins"]))
                assert one.onset_earliest - timedelta(hours=6) <= begins
