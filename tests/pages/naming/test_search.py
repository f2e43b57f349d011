"""Search: any name, any script, typing errors; and nothing for what is not there."""

import pytest

from banwatch.model.ids import Asn
from banwatch.pages.naming.places import every_country, native_name
from banwatch.pages.naming.search import Entry, Subject, entries, find, folded

TARGETS = ("youtube.com", "twitter.com", "facebook.com", "telegram", "wikipedia.org", "bbc.com", "x.com")
NETWORKS = (("RU", Asn(12389)), ("KP", Asn(131279)), ("KP", Asn(64512)))


@pytest.fixture(scope="module")
def named() -> list[Entry]:
    bans = {"ru-2022": "Russia's blocking of Facebook, Twitter and Instagram, March 2022"}
    return list(entries(TARGETS, NETWORKS, bans, {Asn(64512): "Koryolink mobile (a note)"}))


@pytest.mark.parametrize(
    ("question", "key"),
    [
        ("youtube", "youtube.com"),
        ("YouTube.com", "youtube.com"),
        ("youtub", "youtube.com"),
        ("yuotube", "youtube.com"),
        ("유튜브", "youtube.com"),
        ("twiter", "twitter.com"),
        ("Фейсбук", "facebook.com"),
        ("تلگرام", "telegram"),
        ("telegrm", "telegram"),
        ("維基百科", None),
        ("wikipédia", "wikipedia.org"),
        ("Rostelecom", "RU/12389"),
        ("rostelekom", "RU/12389"),
        ("AS12389", "RU/12389"),
        ("12389", "RU/12389"),
        ("koryolink", "KP/64512"),
        ("Star Joint", "KP/131279"),
        ("north korea", "KP"),
        ("nort korea", "KP"),
        ("북한", "KP"),
        ("조선", "KP"),
        ("Россия", "RU"),
        ("russia", "RU"),
        ("rusia", "RU"),
        ("deutschland", "DE"),
        ("côte d'ivoire", "CI"),
        ("Burma", "MM"),
        ("qwxz", None),
        ("", None),
        ("..", None),
    ],
)
def test_names_and_their_errors(named: list[Entry], question: str, key: str | None) -> None:
    found = find(question, named)
    assert (found[0].entry.key if found else None) == key


def test_the_exact_name_comes_before_what_holds_it(named: list[Entry]) -> None:
    assert [one.entry.key for one in find("x", named)][:2] == ["twitter.com", "x.com"]
    assert find("facebook", named)[0].entry.subject is Subject.TARGET


def test_a_question_has_a_limit(named: list[Entry]) -> None:
    assert not find("a" * 100_000, named)


def test_names_are_compared_without_case_accents_and_signs() -> None:
    assert folded("Côte d’Ivoire") == "cotedivoire"
    assert folded("YouTube.com") == "youtubecom"


def test_every_country_has_a_name_and_most_their_own() -> None:
    countries = every_country()
    assert len(countries) > 240
    assert "ZZ" not in countries
    assert native_name("KR") == "대한민국"
    assert native_name("GB") == ""
