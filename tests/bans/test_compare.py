"""What was announced against what was measured, on made cells."""

from datetime import timedelta
from functools import cache

from banwatch.bans import compare, load_bans
from banwatch.detect import find_changes, fold
from banwatch.model.ban import Comparison, Measured
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.detect.making import START, verdict
from tests.detect.test_first_light import BAN, story

DPRK = load_bans()["dprk-2016"]


@cache
def _story() -> dict[tuple[str, str], Comparison]:
    return _compared(story())


def _compared(rows: list[Verdict]) -> dict[tuple[str, str], Comparison]:
    cells = fold(rows)
    return {(c.target, c.access_tier): c for c in compare(DPRK, cells, find_changes(cells))}


def test_the_ban_of_the_story() -> None:
    compared = _story()
    youtube = compared["youtube.com", "visitor"]
    assert youtube.announced
    assert youtube.measured is Measured.ENFORCED
    assert youtube.since is not None
    assert youtube.since[0] < BAN <= youtube.since[1]
    assert youtube.until is None
    assert (youtube.interfered, youtube.measurements) == (36, 56)
    assert youtube.mechanisms == ("dns.injection.other",)
    assert youtube.witness
    assert compared["youtube.com", "official"].measured is Measured.NOT_ENFORCED
    assert not compared["youtube.com", "official"].announced


def test_an_announced_target_may_be_open() -> None:
    yonhap = _story()["yna.co.kr", "visitor"]
    assert yonhap.announced
    assert yonhap.measured is Measured.NOT_ENFORCED
    assert yonhap.since is None
    assert yonhap.witness is None


def test_a_day_of_trouble_is_partly() -> None:
    instagram = _story()["instagram.com", "visitor"]
    assert not instagram.announced
    assert instagram.measured is Measured.PARTLY
    assert instagram.interfered == 2


def test_a_category_is_announced_through_its_target_and_without_measurements_there_is_no_data() -> None:
    bet365 = _story()["bet365.com", "visitor"]
    assert bet365.announced
    assert bet365.category == "GMB"
    assert bet365.measured is Measured.NO_DATA


def test_nothing_that_cannot_tell_counts() -> None:
    rows = [
        verdict(START + timedelta(hours=i), state, tier="visitor", serial=n)
        for i in range(40)
        for n, state in enumerate((State.DOWN, State.IMPAIRED, State.INSUFFICIENT))
    ]
    one = _compared(rows)["youtube.com", "visitor"]
    assert one.measured is Measured.NO_DATA
    assert one.measurements == 0


def test_a_block_that_is_lifted_while_the_ban_lasts_is_partly() -> None:
    rows = [
        verdict(
            START + timedelta(hours=i),
            State.LIKELY_BLOCKED if 100 <= i < 200 else State.OK,
            tier="visitor",
        )
        for i in range(300)
    ]
    one = _compared(rows)["youtube.com", "visitor"]
    assert one.measured is Measured.PARTLY
    assert one.until is not None
    assert one.until[0] < START + timedelta(hours=200) <= one.until[1]


def test_other_countries_do_not_count() -> None:
    rows = [verdict(START + timedelta(hours=i), State.BLOCKED, cc="RU", tier="visitor") for i in range(40)]
    assert _compared(rows)["youtube.com", "visitor"].measured is Measured.NO_DATA
