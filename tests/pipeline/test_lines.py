"""Lines do not depend on how the stream is cut, and are never longer than the limit."""

import hashlib
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from banwatch.pipeline.lines import LongLine, split_lines

_TEXT = st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\n\n", b"x" * 30, b"\r\n"]), max_size=30).map(
    b"".join
)


def _split(chunks: list[bytes], limit: int) -> list[bytes | LongLine]:
    return [line for lines in split_lines(chunks, max_line_bytes=limit) for line in lines]


@settings(max_examples=200)
@given(text=_TEXT, cuts=st.lists(st.integers(0, 400), max_size=10), limit=st.sampled_from([1, 5, 40, 1000]))
def test_cut_in_any_pieces_is_the_same_as_whole(text: bytes, cuts: list[int], limit: int) -> None:
    at = sorted({min(c, len(text)) for c in cuts} | {0, len(text)})
    pieces = [text[a:b] for a, b in pairwise(at)]
    assert _split(pieces, limit) == _split([text], limit)


@settings(max_examples=200)
@given(text=_TEXT, limit=st.sampled_from([1, 5, 40]))
def test_lines_are_those_of_the_text_and_long_ones_are_only_counted(text: bytes, limit: int) -> None:
    expected = text.split(b"\n")
    if expected[-1] == b"":
        expected.pop()
    found = _split([text], limit)
    assert len(found) == len(expected)
    for line, true in zip(found, expected, strict=True):
        if len(true) <= limit:
            assert line == true
        else:
            assert isinstance(line, LongLine)
            assert line.size_bytes == len(true)
            assert line.sha256 == hashlib.sha256(true).hexdigest()
            assert line.head == true[:512]


def test_a_line_of_two_gigabytes_meets_a_limit_instead_of_our_memory() -> None:
    chunk = bytes(1 << 20)
    (line,) = _split([chunk] * 64 + [b"\n"], 1 << 20)  # 64 MiB stand for any number
    assert isinstance(line, LongLine)
    assert line.size_bytes == 64 << 20
    assert len(line.head) == 512
