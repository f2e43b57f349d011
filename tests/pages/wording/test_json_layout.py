"""Layout of raw JSON: only white space is added, to any text."""

import json
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from banwatch.pages.wording.json_layout import MAX_INLINE, MAX_TEXT, lay_out

VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(max_examples=40, deadline=None)
@given(VALUES, st.booleans())
def test_nothing_but_white_space_is_added(value: object, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    shown, cut = lay_out(text)
    assert json.loads(shown) == value
    assert not cut
    assert [c for c in shown if not c.isspace()] == [c for c in text if not c.isspace()]


@given(st.text(alphabet='{}[],:"\\ a1\n', max_size=60))
def test_what_is_no_json_is_shown_as_well(text: str) -> None:
    shown, _ = lay_out(text, shorten=True)
    assert len(shown) < 60 * 60
    with suppress(ValueError):
        assert json.loads(shown) == json.loads(text)


@given(st.text(alphabet='\\"aé\u2028😀', min_size=MAX_TEXT + 1, max_size=MAX_TEXT + 200))
def test_a_cut_text_is_still_json_and_says_so(text: str) -> None:
    for encoded in (json.dumps({"body": text}), json.dumps({"body": text}, ensure_ascii=False)):
        shown, cut = lay_out(encoded, shorten=True)
        assert cut
        body = json.loads(shown)["body"]
        kept, _, said = body.rpartition("… [")
        assert text.startswith(kept.rstrip("\ud83d"))
        assert said.endswith(" characters more]")


def test_short_things_stay_on_a_line() -> None:
    shown, _ = lay_out(json.dumps({"a": [1, 2, {"b": None}], "c": ["x" * MAX_INLINE]}))
    assert shown.splitlines()[1] == ' "a": [1, 2, {"b": null}],'
    assert len(shown.splitlines()) == 6


def test_depth_costs_no_room() -> None:
    shown, _ = lay_out("[" * 5000 + "]" * 5000)
    assert len(shown) < 5000 * 2 * 45
