"""The register: the form of a ban file, and what a bad one says."""

import pytest

from banwatch.bans import load_bans, parse_ban, validate
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
