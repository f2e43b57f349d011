"""Days: an unclear day is neither open nor blocked."""

from datetime import timedelta

import pytest

from banwatch.detect.votes.cells import fold
from banwatch.model.state import State
from banwatch.pages.days import DayCount, fold_days
from banwatch.pages.wording.ladder import Rung
from tests.pages.made_up_country import START, make_verdict


@pytest.mark.parametrize(
    ("count", "rung"),
    [
        (DayCount(), Rung.NOT_MEASURED),
        (DayCount(blocked=3), Rung.BLOCKED),
        (DayCount(likely_blocked=3), Rung.LIKELY_BLOCKED),
        (DayCount(likely_blocked=3, blocked=3), Rung.LIKELY_BLOCKED),
        (DayCount(tampered=3), Rung.TAMPERED),
        (DayCount(tampered=3, blocked=2, likely_blocked=1), Rung.TAMPERED),
        (DayCount(likely_blocked=3, unclear=1), Rung.LIKELY_BLOCKED),
        (DayCount(blocked=1, reachable=3), Rung.AT_TIMES),
        (DayCount(tampered=1, reachable=3), Rung.AT_TIMES),
        (DayCount(reachable=1, unclear=3), Rung.OK),
        (DayCount(unclear=4), Rung.INSUFFICIENT),
        (DayCount(impaired=4), Rung.IMPAIRED),
        (DayCount(unclear=4, silent=4), Rung.SILENT),
        (DayCount(unclear=4, silent=3), Rung.INSUFFICIENT),
        (DayCount(down=4), Rung.DOWN),
        (DayCount(down=2, impaired=2), Rung.IMPAIRED),
    ],
)
def test_states(count: DayCount, rung: Rung) -> None:
    assert count.rung is rung


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
