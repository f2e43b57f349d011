"""Phones with wrong clocks: the files of the field, and cells whose arrival tells."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from banwatch.detect import find_changes, fold
from banwatch.detect.votes.cells import lag_s_of
from banwatch.detect.votes.voices import vouched_span
from banwatch.model.ids import MeasurementUid
from banwatch.model.state import State
from banwatch.pipeline.reading.detect_table import detect_in_table
from tests.detect.making import START, hours, verdict

SHARED = Path(__file__).parents[3] / "shared" / "data" / "field" / "wrong-clocks"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the field's files are not on this machine")
@pytest.mark.parametrize("number", range(8))
def test_files_of_the_field_have_the_shutdown_that_was_and_no_other(number: int) -> None:
    truth = [json.loads(line) for line in (SHARED / "truth.jsonl").read_text().splitlines()][number]
    found = detect_in_table(SHARED / truth["file"], None, print).incidents
    assert len(found) == truth["incidents"]
    for one in found:
        assert one.kind == truth["kind"]
        assert one.onset_earliest <= _at(truth["begins"]) <= one.onset_latest
        assert one.end_earliest is not None
        assert one.end_latest is not None
        assert one.end_earliest <= _at(truth["ends"]) <= one.end_latest
        assert one.confidence <= 0.75  # nothing was measured in it


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_clock_that_ran_ahead_has_a_negative_lag_and_no_say() -> None:
    ahead = replace(
        verdict(START + hours(72), State.OK, probe="a"),
        measurement_uid=MeasurementUid(f"{START:%Y%m%d%H%M%S}.123456_KP_webconnectivity_0011223344556677"),
    )
    assert lag_s_of(ahead) == -timedelta(days=3).total_seconds()
    assert find_changes(fold([ahead])) == ()


def test_two_voices_of_five_do_not_vouch_for_the_span() -> None:
    rows = [
        verdict(START + hours(hour), State.OK, probe=name, report=f"{name}{hour}")
        for hour in range(48)
        for name in "abcde"
    ]
    rows += [verdict(START + hours(200), State.OK, probe=name, report=f"{name}200") for name in "ab"]
    assert vouched_span(fold(rows)) == (START, START + hours(47))
