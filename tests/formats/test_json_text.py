"""Strings are found in JSON text without decoding it, in time that grows with its length alone."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banwatch.formats.json_text import count_values, escape, find_strings, pieces_of, unescape
from banwatch.formats.own_address import scrub_submission

SENDER = "198.51.100.77"
TEXTS = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    [SENDER, f"\x08{SENDER}\n", f"é{SENDER}", f'"{SENDER}\\', "77.100.51.198.in-addr.arpa"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def texts_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for name, inner in value.items() for text in (name, *texts_in(inner))]
    if isinstance(value, list):
        return [text for inner in value for text in texts_in(inner)]
    return [value] if isinstance(value, str) else []


@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
@settings(deadline=None, max_examples=40)
def test_the_strings_are_those_of_the_values(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    found = list(find_strings(text))
    assert [unescape(one.content).decode() for one in found] == texts_in(value)
    assert all(text[one.start : one.end] == b'"' + one.content + b'"' for one in found)


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4), st.booleans())
@settings(deadline=None, max_examples=40)
def test_no_spelling_of_the_sender_stays(value: dict[str, Any], ascii_only: bool) -> None:
    text = json.dumps({"test_name": "x", "k": value}, ensure_ascii=ascii_only).encode()
    scrubbed = json.loads(scrub_submission(text, SENDER))
    assert not [one for one in texts_in(scrubbed) if SENDER in one or "77.100.51.198" in one]
    if SENDER.encode() not in text and b"77.100" not in text:
        assert scrubbed == json.loads(text)


@pytest.mark.parametrize(
    "spelled",
    [SENDER, "\\u00319\\u0038.51.100.77", "\\u00e9198.51.100.77\\f"],
    ids=["plain", "escaped", "between"],
)
def test_a_long_text_is_scrubbed_in_pieces(spelled: str) -> None:
    body = f"{'<b>ä</b>' * 30_000}{spelled} {'x' * 270_000} {spelled}{'🐟' * 70_000}\\n{spelled}"
    text = f'{{"test_name":"x","test_keys":{{"body":"{body}"}}}}'.encode()
    found = json.loads(scrub_submission(text, SENDER))["test_keys"]["body"]
    assert found == json.loads(f'"{body}"').replace(SENDER, "[scrubbed]")


@given(st.binary(max_size=60).map(lambda data: data.decode("latin-1")), st.integers(1, 4))
@settings(deadline=None, max_examples=10)
def test_pieces_are_the_whole_and_cut_no_escape(text: str, times: int) -> None:
    content = escape((text * 9_000 * times).encode())
    pieces = list(pieces_of(content))
    assert b"".join(pieces) == content
    assert b"".join(map(unescape, pieces)) == unescape(content)


def test_values_are_counted_outside_of_strings() -> None:
    assert count_values(b'{"a,[{":[1,2,{"b":"\\",,"}]}', 100) == 5
    assert count_values(b"[" * 500, 100) == 101


@pytest.mark.parametrize(
    "text",
    [b"," * 200 + b'"' + b'\\"' * 300_000, b'"' * 90_001, b'"' + b"\\" * 800_001, b'["' * 90_000],
    ids=["escaped", "quotes", "backslashes", "brackets"],
)
def test_strings_that_never_end_cost_no_more_than_others(text: bytes) -> None:
    """A search that began anew at each quotation mark took a minute for 80 kB."""
    began = time.process_time()
    count_values(text, 1_000_000)
    sum(1 for _ in find_strings(text))
    scrub_submission(text, SENDER)
    assert time.process_time() - began < 10
