"""Inputs: lists in both forms, and risky targets that are left out."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.ids import CountryCode
from banwatch.probe.inputs.choose import choose_inputs
from banwatch.probe.inputs.inputs import UNKNOWN, Input, only_categories, parse_list_untrusted
from banwatch.probe.inputs.risk import leave_out_risky
from banwatch.probe.settings import Settings

FIELD = Path(__file__).parents[4] / "shared" / "data" / "field" / "test-list-rows"


def test_risky_kinds_are_left_out_unless_chosen() -> None:
    listed = [Input("a", "NEWS"), Input("b", "PORN"), Input("c", ""), Input("d", "GMB")]

    def kept(cc: str, *opted_in: str) -> str:
        return "".join(one.url for one in leave_out_risky(listed, CountryCode(cc), opted_in)[0])

    assert kept("FR") == "ac"
    assert kept("KP") == "c"
    assert kept("FR", "PORN") == "abc"
    assert kept("KP", "NEWS", "GMB") == "acd"


def test_lists_are_read_in_both_forms() -> None:
    head = b"\xef\xbb\xbfurl,category_code,category_description\r\n"
    citizen_lab = head + b"https://a.example/,NEWS,News\r\nbad url,X,\r\n"
    parsed = parse_list_untrusted(citizen_lab)
    assert parsed.inputs == [Input("https://a.example/", "NEWS")]
    assert parsed.passed_over == {"no URL that can be measured": 1}
    assert only_categories(parsed.inputs, {"GMB"}) == []
    plain = b"# mine\nhttps://a.example/\n\nb.example\nhttps://a.example/\n"
    assert [one.url for one in parse_list_untrusted(plain).inputs] == ["https://a.example/", "b.example"]


@given(st.binary(max_size=300))
def test_no_list_does_more_harm_than_a_wire_error(data: bytes) -> None:
    for start in (b"", b"url,category_code\n"):
        try:
            inputs = parse_list_untrusted(start + data).inputs
        except WireError:
            continue
        assert len({one.url for one in inputs}) == len(inputs)


HEAD = b"url,category_code,category_description,date_added,source,notes\n"
ROWS = {
    b"https://a.example/,PORN,Pornography,2014-04-15,citizenlab,as it should be\n": "PORN",
    b"https://a.example/,porn,Pornography,2014-04-15,citizenlab,small letters\n": "PORN",
    b"https://a.example/, PORN ,Pornography,2014-04-15,citizenlab,blanks\n": "PORN",
    b"https://a.example/,,Pornography,2014-04-15,citizenlab,no code\n": UNKNOWN,
    b"https://a.example/,PRON,Pornography,2014-04-15,citizenlab,misspelt\n": UNKNOWN,
    b"https://a.example/,PORN;GMB,two,2014-04-15,citizenlab,two codes\n": UNKNOWN,
    b"https://a.example/\n": UNKNOWN,
    b"https://a.example/?a=1,2,PORN,Pornography,2014-04-15,citizenlab\n": None,
    b"https://a.example/?a=1,2,PORN,Pornography,2014-04-15,citizenlab,comma\n": None,
    b"https://a.example/?a=1,NEWS,PORN,Pornography,2014-04-15,citizenlab,a comma and a word\n": None,
    b"https://a.example/,Pornography,PORN,2014-04-15,citizenlab,swapped\n": None,
    b"url,category_code,category_description,date_added,source,notes\n": None,
}


@pytest.mark.parametrize("row", ROWS)
def test_a_category_that_the_list_cannot_vouch_for_is_measured_only_on_wish(row: bytes) -> None:
    parsed = parse_list_untrusted(HEAD + row)
    assert [one.category for one in parsed.inputs] == ([ROWS[row]] if ROWS[row] else [])
    assert parsed.passed_over.total() == (ROWS[row] is None)
    for country in ("FR", "IR"):
        assert leave_out_risky(parsed.inputs, CountryCode(country), ()) == ([], parsed.inputs)
        chosen = [ROWS[row] or ""]
        assert leave_out_risky(parsed.inputs, CountryCode(country), chosen) == (parsed.inputs, [])


def test_what_a_person_named_and_harmless_kinds_stay() -> None:
    parsed = parse_list_untrusted(
        HEAD + b"https://n.example/,news,News Media,,,\nhttps://t.example/,TERR,,,,\n"
    )
    assert [one.category for one in parsed.inputs] == ["NEWS", "TERR"]
    kept, left_out = leave_out_risky(parsed.inputs, CountryCode("FR"), ())
    assert [one.url for one in kept] == ["https://n.example/"]
    assert [one.url for one in left_out] == ["https://t.example/"]
    named = parse_list_untrusted(b"https://p.example/\n").inputs
    assert leave_out_risky(named, CountryCode("FR"), ()) == (named, [])


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_lists_of_any_program(codec: str, line_end: str) -> None:
    text = line_end.join(["url,category_code", "https://a.example/,NEWS", "https://b.example/,GMB", ""])
    parsed = parse_list_untrusted(text.encode(codec))
    assert parsed.inputs == [Input("https://a.example/", "NEWS"), Input("https://b.example/", "GMB")]


def choose(path: Path, notes: list[str], **options: str) -> list[str]:
    given: dict[str, Any] = {"category": "", "risky": "", "settings": Settings(probe_cc=CountryCode("BD"))}
    return choose_inputs(
        [], [str(path)], None, required=True, load_bans=dict, note=notes.append, **(given | options)
    )


@pytest.mark.skipif(not FIELD.is_dir(), reason="the lists lie outside the repository")
def test_the_published_lists() -> None:
    notes: list[str] = []
    with pytest.raises(BanwatchError, match="Nothing is left"):
        choose(FIELD / "risky-slipped.csv", notes)
    assert "2 PORN" in " ".join(notes)
    assert "2 rows of" in notes[0]
    assert "nobody can tell whether they endanger you here: 1 " in " ".join(notes)
    assert len(choose(FIELD / "risky-slipped.csv", [], risky="PORN")) == 2
    notes.clear()
    chosen = choose(FIELD / "lists" / "bd.csv", notes)
    assert "url" not in chosen
    assert not [url for url in chosen if "board." in url or "odd." in url or "comma.example" in url]
    assert "https://comma2.example.bd/a,b" in chosen
    assert "1 a second header" in notes[0]
