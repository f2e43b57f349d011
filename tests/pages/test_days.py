"""Days: an unclear day is neither open nor blocked."""

from datetime import timedelta

import pytest

from banwatch.detect.votes.cells import fold
from banwatch.model.state import State
from banwatch.pages.days import DayCount, DayState, fold_days
from tests.pages.made_up_country import START, make_verdict


@pytest.mark.parametrize(
    ("count", "state"),
    [
        (DayCount(), DayState.NONE),
        (DayCount(interfered=3), DayState.BLOCKED),
        (DayCount(interfered=3, unclear=1), DayState.BLOCKED),
        (DayCount(interfered=1, reachable=3), DayState.PARTLY),
        (DayCount(reachable=1, unclear=3), DayState.OPEN),
        (DayCount(unclear=4), DayState.UNCLEAR),
        (DayCount(unclear=4, silent=4), DayState.SILENT),
        (DayCount(unclear=4, silent=3), DayState.UNCLEAR),
        (DayCount(down=4), DayState.DOWN),
    ],
)
def test_states(count: DayCount, state: DayState) -> None:
    assert count.state is state


def test_hours_fold_into_days_by_utc() -> None:
    verdicts = [
        make_verdict(f"u{hour}", "bbc.com", "visitor", START + timedelta(hours=hour), State.OK)
        for hour in (0, 23, 24)
    ]
    days = fold_days(fold(verdicts))
    assert {key.day.isoformat(): count.total for key, count in days.items()} == {
        "2016-03-27": 2,
        "2016-03-28": 1,
    }
