"""The register: the form of a ban file, and what a bad one says."""

from datetime import date, timedelta
from importlib import resources

import pytest
import yaml

from banwatch.bans import load_bans, parse_ban, validate
from banwatch.model.ban import Ban
from banwatch.model.errors import BanwatchError

GOOD = """\
id: xx-2020
title: A ban
country: XX
authority: Ministry
targets: [example.com]
begins: "2020-03"
ends: unspecified
penalty: unspecified
facts:
  - {fact: It was said, sources: [one, two]}
sources:
  - {id: one, publisher: A, title: T, published: "2020-03-02", url: "https://a.example/"}
  - {id: two, publisher: B, title: U, published: "2020", url: "https://b.example/", cites: one}
"""


def test_a_good_file_is_read_with_its_precision() -> None:
    ban = parse_ban(GOOD, "xx.yaml")
    assert ban.begins is not None
    assert ban.begins.isoformat() == "2020-03-01"
    assert [source.precision for source in ban.sources] == ["day", "year"]
    assert ban.sources[1].cites == "A"


@pytest.mark.parametrize(
    ("old", "new", "line", "key"),
    [
        ("country: XX", "country: Xx", 3, "country"),
        ("targets: [example.com]", "targets: [1.2.3.4/]", 5, "targets[1]"),
        ("authority: Ministry", "authorty: Ministry", 4, "authorty"),
        ('begins: "2020-03"', "begins: 2020-03-01", 6, "begins"),
        ("ends: unspecified", 'ends: "2020-13"', 7, "ends"),
        ("ends: unspecified", 'ends: "2020-02-29"', 0, "ends"),
        ("penalty: unspecified", "penalty: unspecified\npenalty: none", 9, "penalty"),
        ('url: "https://b.example/"', "url: b.example", 13, "sources[2].url"),
        ("cites: one", "cites: three", 0, "sources: two.cites"),
        ("sources: [one, two]", "sources: [nine]", 0, "facts: It was said"),
        ('url: "https://b.example/"', 'url: ""', 0, "sources"),
    ],
)
def test_a_bad_file_names_line_and_key(old: str, new: str, line: int, key: str) -> None:
    problems = validate(GOOD.replace(old, new), "xx.yaml")
    assert (line, key) in [(problem.line, problem.key) for problem in problems]
    with pytest.raises(BanwatchError, match=r"xx\.yaml"):
        parse_ban(GOOD.replace(old, new), "xx.yaml")


@pytest.mark.parametrize("text", ["", "[]", "a: [", "a: &x 1\nb: *x", "\x00", "a: " + "[" * 5000])
def test_what_is_not_a_mapping_is_refused_kindly(text: str) -> None:
    with pytest.raises(BanwatchError):
        parse_ban(text, "xx.yaml")


def test_every_shipped_ban_is_valid_and_named_for_its_file() -> None:
    bans = load_bans()
    assert "dprk-2016" in bans
    for ban_id, ban in bans.items():
        assert ban.ban_id == ban_id
        assert len([source for source in ban.sources if source.url]) >= 2


BANS = load_bans()
PROMISED = {"KP", "TR", "LK", "MM", "UG", "NG", "RU", "IR", "BR", "NP", "KR", "IQ"}


def _first_and_last(text: str) -> tuple[date, date]:
    """The days that a date of any precision may mean."""
    year, month, day = (*(int(part) for part in text.split("-")), 0, 0)[:3]
    first = date(year, month or 1, day or 1)
    if day:
        return first, first
    after = date(year + 1, 1, 1) if not month or month == 12 else date(year, month + 1, 1)
    return first, after - timedelta(days=1)


@pytest.mark.parametrize("ban", BANS.values(), ids=BANS)
def test_every_ban_rests_on_sources_that_a_reader_can_find(ban: Ban) -> None:
    found = [source for source in ban.sources if source.url]
    assert len({source.url for source in found}) == len(found) >= 2
    assert len({source.publisher for source in found}) >= 2
    for source in found:
        assert source.publisher
        assert source.title
        assert source.published is not None
        assert source.precision
        assert source.url.startswith(("http://", "https://"))
    publishers = {source.publisher for source in found}
    assert ban.facts
    for fact, said_by in ban.facts:
        assert publishers & set(said_by), fact


@pytest.mark.parametrize("ban_id", BANS)
def test_dates_of_every_ban_agree(ban_id: str) -> None:
    text = (resources.files("banwatch.bans") / "data" / f"{ban_id}.yaml").read_text("utf-8")
    content = yaml.safe_load(text)
    dates = {source["id"]: source["published"] for source in content["sources"]}
    for source in content["sources"]:
        cited = dates.get(source.get("cites", ""), "unspecified")
        if "unspecified" not in (cited, source["published"]):
            late_enough = _first_and_last(cited)[0] <= _first_and_last(source["published"])[1]
            assert late_enough, f"{source['id']} is older than what it cites"
    if content["begins"] != "unspecified":
        begins = _first_and_last(content["begins"])[0]
        if content["ends"] != "unspecified":
            assert begins <= _first_and_last(content["ends"])[1]
        dated = [_first_and_last(day) for day in dates.values() if day != "unspecified"]
        assert max(dated)[1] >= begins
        assert min(dated)[0] <= begins + timedelta(days=7), "nobody reported it when it began"


def test_the_record_that_was_promised_is_there() -> None:
    assert {ban.country for ban in BANS.values()} >= PROMISED
    assert len(BANS) >= 12
    assert BANS["iq-exams"].recurs
