"""The view of a measurement tells what is not as its line had it."""

from typing import Any

import msgspec
import pytest

from banwatch.formats.own_address import scrub_line
from banwatch.judge import judge_line
from banwatch.pages.links import LiveLinks
from banwatch.pages.views.measurement import view_measurement
from tests.judge.judging import shipped_reference
from tests.pipeline.measurement_lines import line


def details_of(data: bytes) -> dict[str, str]:
    judged = judge_line(data, shipped_reference())
    view = view_measurement(
        judged.measurement, [judged.verdict], judged.observations, [judged.evidence], data, LiveLinks()
    )
    return {detail.name: detail.value for detail in view.details}


@pytest.mark.parametrize("time", ["", None, "2016-13-45 99:99:99", "2016-04-01", "9999-12-31 23:59:59"])
def test_a_time_that_was_taken_from_the_test_is_told(time: str | None) -> None:
    changes: dict[str, Any] = {"measurement_start_time": time}
    details = details_of(line(1, **changes))
    assert "start of its test" in details["Time repaired"]
    assert (time or "nothing") in details["Time repaired"]
    assert "Time repaired" not in details_of(line(1))


def test_an_address_that_was_taken_out_is_told() -> None:
    changes: dict[str, Any] = {"probe_ip": "198.51.100.77", "annotations": {"seen": "198.51.100.77"}}
    details = details_of(scrub_line(line(1, **changes)))
    assert details["Taken out"] == "the probe's address, from two values of the line"
    assert "Taken out" not in details_of(line(1))
    assert "x_scrubbed" not in msgspec.json.decode(line(1))
