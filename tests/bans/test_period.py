"""Periods: interference before, beyond and after the announcement."""

from dataclasses import replace
from datetime import date, timedelta

from banwatch.bans import compare, load_bans
from banwatch.bans.period import last_moment, period_of
from banwatch.detect import find_changes, fold
from banwatch.model.ban import Comparison, Relation
from banwatch.model.ids import TargetName
from banwatch.model.state import State
from tests.detect.making import START, hours, verdict

DPRK = load_bans()["dprk-2016"]
BAN = replace(DPRK, begins=date(2016, 4, 10), ends="2016-04-20")


def _one(first: int, last: int, *, target: str = "youtube.com", tier: str = "visitor") -> Comparison:
    """Blocked from day `first` to day `last` after 27 March, measured every six hours for eight weeks."""
    rows = [
        verdict(
            START + hours(6 * i),
            State.LIKELY_BLOCKED if first * 4 <= i < last * 4 else State.OK,
            target=target,
            tier=tier,
        )
        for i in range(56 * 4)
    ]
    cells = fold(rows)
    found = {(c.target, c.access_tier): c for c in compare(BAN, cells, find_changes(cells))}
    return found[TargetName(target), tier]


def test_as_announced_and_lifted() -> None:
    assert _one(14, 25).relation == (Relation.LIFTED,)


def test_before_it_was_announced() -> None:
    assert _one(5, 25).relation == (Relation.BEFORE_ANNOUNCED, Relation.LIFTED)


def test_it_outlasted_its_end() -> None:
    assert _one(14, 40).relation == (Relation.LIFTED, Relation.OUTLASTED)
    assert _one(14, 56).relation == (Relation.OUTLASTED,)


def test_wider_than_announced() -> None:
    assert _one(14, 56, target="bbc.com").relation == (Relation.BEYOND_ANNOUNCED,)
    assert _one(14, 56, tier="official").relation == (Relation.BEYOND_ANNOUNCED,)


def test_open_has_no_relation() -> None:
    assert _one(0, 0).relation == ()


def test_a_ban_on_a_region_says_that_measurements_do_not_tell_where() -> None:
    for blocked in (True, False):
        states = [State.LIKELY_BLOCKED if blocked and i >= 56 else State.OK for i in range(200)]
        cells = fold(
            verdict(START + hours(6 * i), state, target="youtube.com", tier="citizen")
            for i, state in enumerate(states)
        )
        ban = replace(BAN, regions=("Ryanggang",), binds=())
        found = {one.target: one for one in compare(ban, cells, find_changes(cells))}
        assert Relation.IN_PART in found[TargetName("youtube.com")].relation
        whole = compare(replace(ban, regions=()), cells, find_changes(cells))
        assert all(Relation.IN_PART not in one.relation for one in whole)


def test_periods_of_every_precision() -> None:
    assert last_moment("2016-12").isoformat().startswith("2017-01-01")
    assert last_moment("2016").isoformat().startswith("2017-01-01")
    earliest, latest = period_of(BAN)
    assert latest - earliest == timedelta(days=11 + 120)
