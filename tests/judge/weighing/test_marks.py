"""Marks of products in a page."""

import pytest

from banwatch.judge.weighing.facts.marks import Marks
from banwatch.judge.weighing.facts.pages import has_portal_marks, is_refusal
from banwatch.model.ids import MeasurementUid
from banwatch.model.observation import Observation, Step

WORDS = (b"one.two", b"C|D", b"\xff\x00end")


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("around", [b"%s", b"<p>\xfe%s\n", b"%s" + b"x" * 70_000, b"x" * 70_000 + b"%s"])
def test_each_word_stands_for_itself_anywhere(word: bytes, around: bytes) -> None:
    assert Marks(WORDS).are_in(around.replace(b"%s", word))


@pytest.mark.parametrize("text", [b"", b"oneXtwo", b"one.tw", b"C", b"D", b"c|d", b"\xff\x00en"])
def test_what_only_resembles_a_word_marks_nothing(text: bytes) -> None:
    assert not Marks(WORDS).are_in(text)


def test_letters_of_the_other_case_count_where_that_is_asked() -> None:
    assert Marks(WORDS, any_case=True).are_in(b"c|d")
    assert Marks((b"\xe9tat",), any_case=True).are_in(b"\xe9TAT")


def page(body: bytes, url: str = "http://site.example/") -> Observation:
    return Observation(
        measurement_uid=MeasurementUid("m"), ordinal=0, step=Step.HTTP, url=url, status_code=200, body=body
    )


def test_marks_far_down_a_page_are_not_looked_for() -> None:
    assert is_refusal(page(b"x" * 30_000 + b"px-captcha"))
    assert not is_refusal(page(b"x" * 40_000 + b"px-captcha"))
    assert not is_refusal(page(b"PX-CAPTCHA"))


def test_a_gateways_page_is_known_in_any_case_unless_it_came_encrypted() -> None:
    assert has_portal_marks(page(b"<!-- WISPAccessGatewayParam -->"))
    assert not has_portal_marks(page(b"<!-- WISPAccessGatewayParam -->", "https://site.example/"))
