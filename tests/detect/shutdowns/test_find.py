"""Shutdowns: a silence that exceeds the network's own, and none where the measuring itself ended."""

from banwatch.detect import fold
from banwatch.detect.shutdowns.edges import MECHANISM
from banwatch.detect.shutdowns.settle import find_shutdowns
from banwatch.model.incident import Change, IncidentKind
from banwatch.model.state import State
from tests.detect.making import START, hours, verdict

DAYS = 28


def _found(silent: range) -> list[Change]:
    rows = [
        verdict(START + hours(hour), State.OK, probe=name, report=f"{name}{hour}")
        for hour in range(DAYS * 24)
        for name in ("a", "b")
        if hour not in silent
    ]
    return list(find_shutdowns(fold(rows), START + hours(DAYS * 24 - 1)))


def test_two_days_of_silence_are_a_shutdown_within_its_bounds() -> None:
    (change,) = _found(range(20 * 24 + 5, 22 * 24 + 5))
    assert (change.kind, change.target, change.mechanisms) == (IncidentKind.SHUTDOWN, "", (MECHANISM,))
    assert change.onset_earliest == START + hours(20 * 24 + 4)
    assert change.onset_earliest <= change.onset_latest <= START + hours(20 * 24 + 8)
    assert change.end_latest == START + hours(22 * 24 + 5)


def test_two_whole_days_without_measurements_may_be_what_a_mirror_lacks() -> None:
    assert _found(range(20 * 24, 22 * 24)) == []


def test_a_network_that_answers_every_hour_has_none() -> None:
    assert _found(range(0)) == []


def test_silence_to_the_end_of_more_than_two_weeks_is_an_end_of_the_measuring() -> None:
    assert _found(range(13 * 24, DAYS * 24)) == []
