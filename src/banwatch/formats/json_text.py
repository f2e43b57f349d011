"""Strings of a JSON text, found in its bytes without building values.

A decoded text takes up to four times its bytes, and a decoded value a hundred; strings are looked at one by
one here, and only those that change are written again. Text that is no JSON gives some strings all the same.
"""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

_STRING = re.compile(rb'"((?:[^"\\]++|\\.)*+)(?:"|\\?\Z)(\s*+:)?', re.DOTALL)
"""A string, and the colon that makes it a key. The end of the text ends it too, so that no search repeats."""
_NEXT_MARK = re.compile(rb'(?:[^"{\[,]++|"(?:[^"\\]++|\\.)*+(?:"|\\?\Z))*+(?:([{\[,])|\Z)', re.DOTALL)
_PIECE_BYTES = 1 << 18
"""Bytes of a long string that are decoded at once."""
_SEAM = re.compile(rb"(?<!\\)[ <>=/,;()\[\]{}!?'|]")
"""Place in a string where neither an escape nor a word or an address is cut."""
_LEVEL = frozenset({b"", b",", b", "})
"""What stands between strings of the same object or list."""
_SEAM_WITHIN_BYTES = 1 << 12
_ESCAPED = re.compile(rb"(?:[^\\]++|\\u[0-9a-fA-F]{4}|\\[^u])*+", re.DOTALL)


class JsonString(NamedTuple):
    """String of a JSON text."""

    start: int
    end: int
    """Place in the text, with its quotes."""
    content: bytes
    """Bytes between the quotes, with their escapes."""
    is_key: bool
    key: str
    """The key before it; of a list's strings, the list's."""
    top_key: str
    """The key of the outermost object that it belongs to."""
    depth: int
    """Number of objects and lists around it."""


def count_values(text: bytes, limit: int) -> int:
    """Count the commas and opening brackets outside of strings, up to one more than the limit."""
    count = 0
    for found in _NEXT_MARK.finditer(text):
        count += found.lastindex is not None  # the end of the text is found as well
        if count > limit:
            break
    return count


def find_strings(text: bytes) -> Iterator[JsonString]:
    """Find the strings of a JSON text, in order."""
    depth, before, key, top_key = 0, 0, "", ""
    for found in _STRING.finditer(text):
        start, end = found.span()
        gap = text[before:start]
        if gap not in _LEVEL:
            depth += gap.count(b"{") + gap.count(b"[") - gap.count(b"}") - gap.count(b"]")
        before = end
        content, colon = found.groups()
        if colon is None:
            yield JsonString(start, end, content, False, key, top_key, depth)
            continue
        key = unescape(content).decode("utf-8", "replace") if len(content) <= _PIECE_BYTES else ""
        if depth <= 1:
            top_key = key
        yield JsonString(start, end - len(colon), content, True, key, top_key, depth)


def unescape(content: bytes) -> bytes:
    """Decode the escapes of a string's content; broken ones stay."""
    if b"\\" not in content:
        return content
    try:
        text = json.loads(b'"' + content + b'"', strict=False)
    except ValueError:
        return content
    return str(text).encode("utf-8", "surrogatepass")


def escape(data: bytes) -> bytes:
    """Write a string's content with the escapes that JSON needs."""
    text = data.decode("utf-8", "surrogatepass")
    try:
        return json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate, which only an escape can spell
        return json.dumps(text)[1:-1].encode("ascii")


def pieces_of(content: bytes) -> Iterator[bytes]:
    """Cut a long string's content where no escape, character, word or address is cut."""
    start = 0
    while len(content) - start > _PIECE_BYTES:
        wanted = start + _PIECE_BYTES
        seam = _SEAM.search(content, wanted, wanted + _SEAM_WITHIN_BYTES)
        end = seam.end() if seam is not None else _end_of_character(content, start, wanted)
        yield content[start:end]
        start = end
    yield content[start:] if start else content


def _end_of_character(content: bytes, start: int, at: int) -> int:
    """Find the last place up to here that is within no escape, and from there the end of the character."""
    whole = _ESCAPED.match(content, start, at)
    end = whole.end() if whole is not None and whole.end() > start else at
    while end < len(content) and content[end] & 0xC0 == 0x80:
        end += 1
    return end
