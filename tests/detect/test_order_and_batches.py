"""Two elections and a ban, measured in any order and in any batches: the same incidents, ids for life."""

from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banwatch.detect import find_changes, fold, group, merged_into
from banwatch.model.ids import IncidentId
from banwatch.model.incident import Incident
from banwatch.model.verdict import Verdict
from tests.detect.test_first_light import story
from tests.detect.test_timelines import myanmar, uganda

TIMELINES = {"UG": uganda, "MM": myanmar, "KP": story}


class _Desk:
    """Detection as a store does it: what was said once is known by its id for ever."""

    def __init__(self) -> None:
        self.now: tuple[Incident, ...] = ()
        self.withdrawn: tuple[Incident, ...] = ()
        self.first: dict[IncidentId, Incident] = {}
        self.said: dict[IncidentId, list[Incident]] = {}

    def detect(self, rows: list[Verdict]) -> None:
        cells = fold(rows)
        found = group(
            find_changes(cells),
            cells,
            published=self.now,
            withdrawn=self.withdrawn,
            first_published=self.first,
        )
        current = {one.incident_id for one in found}
        self.withdrawn = tuple(one for one in (*self.now, *self.withdrawn) if one.incident_id not in current)
        self.now = found
        for one in found:
            self.first.setdefault(one.incident_id, one)
            self.said.setdefault(one.incident_id, []).append(one)


@cache
def _whole(name: str) -> tuple[list[Verdict], tuple[Incident, ...]]:
    rows = TIMELINES[name]()
    desk = _Desk()
    desk.detect(rows)
    return rows, desk.now


def _what(incident: Incident) -> tuple[object, ...]:
    return (incident.kind, incident.targets, incident.asns, incident.onset_latest, incident.end_latest)


@pytest.mark.parametrize("name", sorted(TIMELINES))
@settings(max_examples=4, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), batches=st.integers(2, 4))
def test_any_order_in_any_batches_gives_the_same_incidents_and_no_id_two_things(
    name: str, seed: int, batches: int
) -> None:
    rows, whole = _whole(name)
    rng = Random(seed)
    shuffled = list(rows)
    rng.shuffle(shuffled)
    desk = _Desk()
    for stop in [*sorted(rng.sample(range(1, len(rows)), batches - 1)), len(rows)]:
        desk.detect(shuffled[:stop])
    assert sorted(map(_what, desk.now), key=str) == sorted(map(_what, whole), key=str)
    for incident_id, times in desk.said.items():
        assert len({(one.probe_cc, one.kind) for one in times}) == 1
        latest = next((one for one in desk.now if one.incident_id == incident_id), None)
        if latest is not None:
            assert merged_into(times[0], [latest]) is latest


@pytest.mark.parametrize("name", sorted(TIMELINES))
def test_detection_at_the_end_alone_gives_the_same_ids_in_any_order(name: str) -> None:
    rows, whole = _whole(name)
    for seed in range(3):
        shuffled = list(rows)
        Random(seed).shuffle(shuffled)
        desk = _Desk()
        desk.detect(shuffled)
        assert desk.now == whole


@pytest.mark.parametrize("name", ["UG", "MM"])
@pytest.mark.parametrize("every", [37, 90, 200])
def test_in_order_of_time_the_ids_are_those_of_one_run(name: str, every: int) -> None:
    rows, whole = _whole(name)
    desk = _Desk()
    for stop in [*range(every, len(rows), every), len(rows)]:
        desk.detect(rows[:stop])
    assert desk.now == whole
    assert set(desk.said) == {one.incident_id for one in whole}  # nothing was said that was not so
