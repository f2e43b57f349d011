"""Pages of verdicts, found by counts of days, against all verdicts in order."""

from datetime import timedelta

import pytest

from banwatch.model.ids import CountryCode
from banwatch.model.state import State
from banwatch.store import Store, queries
from banwatch.store.counting.flagged import Selection, selected_verdicts
from banwatch.store.counting.windows import window
from tests.store.verdict_rows import START, verdict

_DAY = timedelta(days=1)
_DAYS = 40


def _fill(store: Store) -> None:
    """Add verdicts of one country each sixth hour, newest first, and four a day whose clock was wrong."""
    rows = [
        verdict(
            n,
            measurement_start_time=START + n * timedelta(hours=6),
            state=State.BLOCKED if n % 8 == 0 else State.OK,
            probe_cc=CountryCode("IR" if n % 10 == 0 else "KP"),
            received_at=START if 40 <= n < 80 else None,
        )
        for n in reversed(range(4 * _DAYS))
    ]
    with store.transaction():
        store.append("verdict", rows)


@pytest.fixture
def filled(any_store: Store) -> Store:
    _fill(any_store)
    return any_store


def test_pages_by_cursor_are_all_verdicts_in_order(filled: Store) -> None:
    every = queries.verdicts(filled)
    for equal in ({}, {"probe_cc": "KP"}, {"probe_cc": "KP", "state": "blocked"}, {"probe_cc": "XX"}):
        wanted = [v for v in every if all(str(getattr(v, name)) == one for name, one in equal.items())]
        found, after = [], None
        while page := queries.verdicts(filled, **equal, after=after, limit=17):  # type: ignore[arg-type]  # one row a filter
            found += page
            after = (page[-1].measurement_start_time, page[-1].measurement_uid, page[-1].target)
        assert found == wanted


@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_of_the_api_are_too(filled: Store, newest_first: bool) -> None:
    since, until = START + timedelta(hours=30), START + _DAYS * _DAY - timedelta(hours=30)
    chosen = Selection(probe_ccs=("KP",), since=since, since_included=False, until=until, until_included=True)
    every = [v for v in queries.verdicts(filled, probe_cc="KP") if since < v.measurement_start_time <= until]
    found, after = [], None
    while page := selected_verdicts(filled, chosen, newest_first=newest_first, limit=11, after=after):
        found += page
        after = (page[-1].measurement_start_time, page[-1].measurement_uid)
    assert found == (every[::-1] if newest_first else every)
    skipped = selected_verdicts(filled, chosen, newest_first=newest_first, limit=5, offset=30)
    assert skipped == found[30:35]


def test_a_window_is_narrow_and_its_own_days_whole(filled: Store) -> None:
    noon = START + timedelta(hours=12)
    since, until = window(filled, since=noon, until=None, newest_first=False, rows=6)
    assert (since, until) == (noon, START + 3 * _DAY)  # the cut day counts nothing, the next two have eight
    since, until = window(filled, since=None, until=START + 9 * _DAY, newest_first=True, rows=4)
    assert (since, until) == (START + 8 * _DAY, START + 9 * _DAY)
    assert window(filled, since=START, until=None, newest_first=False, rows=10_000) == (START, None)
    assert window(filled, state="no state", since=START, until=None, newest_first=False, rows=1)[1] is None
