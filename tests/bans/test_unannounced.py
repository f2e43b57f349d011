"""Incidents that no ban announces."""

from banwatch.bans import load_bans, unannounced
from tests.detect.test_first_light import seen


def test_incidents_that_nobody_announced() -> None:
    incidents = seen()[2]
    found = unannounced(incidents, load_bans().values())
    assert [one.incident_id for one in found] == ["KP-2016-0001", "KP-2016-0002", "KP-2016-0004"]
