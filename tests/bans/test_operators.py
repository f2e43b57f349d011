"""Operators of a table are matched to AS numbers where the names are the same, and else said."""

import pytest

from banwatch.bans.operators import bound_networks, match_operators, render_operators
from banwatch.model.ids import CountryCode

UG = (
    (20294, "MTN Uganda"),
    (37075, "Airtel Uganda Limited"),
    (21491, "Uganda Telecom"),
    (328462, "National Social Security Fund"),
    (328939, "Sprint Internet Limited"),
    (328814, "Africell Telecom Data Centre"),
)
UGANDA = CountryCode("UG")


@pytest.mark.parametrize(
    ("text", "asns"),
    [
        ("MTN", [20294]),
        ("MTN Uganda Ltd.", [20294]),
        ("airtel", [37075]),
        ("Airtel and MTN", [20294, 37075]),
        ("Uganda Telecom", [21491]),
        ("Telecom", []),
        ("Uganda", []),
        ("National Telecommunications", []),
        ("Africell", []),  # part of another name
        ("Lycamobile", []),
        ("Yes", []),
        ("", []),
    ],
)
def test_a_name_is_matched_where_its_words_are_the_same(text: str, asns: list[int]) -> None:
    found = match_operators(text, UGANDA, UG)
    assert sorted(asn for one in found for asn in one.asns) == asns


def test_a_draft_binds_networks_only_where_every_operator_is_sure() -> None:
    sure = match_operators("MTN; Airtel", UGANDA, UG)
    assert bound_networks(sure) == [{"asn": 20294, "name": "MTN"}, {"asn": 37075, "name": "Airtel"}]
    mixed = match_operators("MTN, Lycamobile", UGANDA, UG)
    assert bound_networks(mixed) == []
    assert "MTN (AS20294), Lycamobile (no AS surely has this name)" in render_operators(mixed)
    assert "binds no network" in render_operators(mixed)
    assert bound_networks(match_operators("Yes", UGANDA, UG)) == []


def test_a_word_that_many_networks_share_is_no_operator() -> None:
    many = tuple((64512 + n, "Orange SA") for n in range(12))
    assert match_operators("Orange", CountryCode("ML"), many)[0].asns == ()
    assert len(match_operators("Orange", CountryCode("ML"), many[:3])[0].asns) == 3
