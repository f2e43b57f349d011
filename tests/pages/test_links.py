"""Links: a stranger's name never becomes a path that leads elsewhere."""

import pytest

from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.pages.days import DayKey
from banwatch.pages.links import LiveLinks, day_path, slug, vantage_slug
from banwatch.pages.vantages import Vantage
from tests.pages.made_up_country import START


@pytest.mark.parametrize(
    "name", ["../../etc", "..", "a/b", "A", "x" * 200, "", "a b", "ü.example", "-x", "\ud800", "a."]
)
def test_odd_names_become_digests(name: str) -> None:
    assert slug(name).startswith("x-")
    assert len(slug(name)) == 18


def test_plain_names_stay() -> None:
    assert slug("yna.co.kr") == "yna.co.kr"


def test_different_odd_names_differ() -> None:
    assert slug("../a") != slug("../b")


def test_a_path_stays_inside() -> None:
    key = DayKey(Vantage(CountryCode("KP"), Asn(1), "../../x"), TargetName("../y"), START.date())
    assert ".." not in day_path(key)
    assert day_path(key).count("/") == 3
    assert vantage_slug(key.vantage).startswith("kp-as1-x-")


def test_live_links_quote() -> None:
    links = LiveLinks()
    assert links.measurement(MeasurementUid("a/b?c#d")) == "/measurements/a%2Fb%3Fc%23d"
    key = DayKey(Vantage(CountryCode("KP"), Asn(1), "a&b"), TargetName("x=y"), START.date())
    assert links.day(key) == "/days/2016-03-27?cc=KP&asn=1&tier=a%26b&target=x%3Dy"
