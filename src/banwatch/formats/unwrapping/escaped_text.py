"""Text in which characters of addresses are written as escapes of HTML, URLs or JavaScript.

A page may spell `198.51.100.77` as `198%2E51%2E100%2E77` or `&#49;98.51.100.77`: a reader sees the address.
"""

import re
from array import array
from typing import NamedTuple

_URL = rb"%(?:25){0,3}(?P<url>[2-6][0-9a-f])"
_SCRIPT = rb"\\(?:u00(?P<json>[2-6][0-9a-f])|x(?P<js>[2-6][0-9a-f]))"
_HTML = (
    rb"&(?:amp;){0,2}(?:\#x0{0,6}(?P<hex>[2-6][0-9a-f])(?![0-9a-f])|\#0{0,6}(?P<number>[0-9]{2,3})(?![0-9])"
    rb"|(?P<name>period|colon|lowbar)|(?P<unseen>shy|zerowidthspace|\#173|\#8203|\#x0{0,6}ad|\#x0{0,6}200b));?"
)
_WORD_BREAK = rb"<(?P<word_break>wbr)\s{0,4}/?>"
_UNSEEN = rb"\xe2\x80\x8b|\xc2\xad"
"""Zero-width space and soft hyphen in UTF-8."""
_KINDS = tuple(re.compile(kind, re.IGNORECASE) for kind in (_URL, _SCRIPT, _HTML, _WORD_BREAK))
"""Each begins with one letter, which the search for it uses: far faster than all at once."""
_ESCAPE = re.compile(b"|".join((_URL, _SCRIPT, _HTML, _WORD_BREAK, _UNSEEN)), re.IGNORECASE)
_NAMED = {b"period": b".", b"colon": b":", b"lowbar": b"_"}
_BY_BYTES = (b"\xe2\x80\x8b", b"\xc2\xad")
_OF_ADDRESSES = frozenset(b"0123456789abcdefABCDEF.:-_")


class Unescaped(NamedTuple):
    """Text with the characters of addresses in place of their escapes."""

    data: bytes
    places: "array[int]"
    """For each byte, its place in the text as it was; and the text's length."""

    def span_of(self, start: int, end: int) -> tuple[int, int]:
        """Return where a part of the text stood before."""
        return self.places[start], self.places[end]


def without_escapes(data: bytes) -> bytes:
    """Write the characters of addresses plainly; the very same object where no escape stands for one."""
    for kind in _KINDS:
        data = kind.sub(_plainly, data)
    for mark in _BY_BYTES:
        data = data.replace(mark, b"")
    return data


def _plainly(found: "re.Match[bytes]") -> bytes:
    character = _character_of(found)
    return found[0] if character is None else character


def unescape_addresses(data: bytes) -> Unescaped:
    """Write the characters of addresses plainly, and keep where each stood."""
    written: list[bytes] = []
    places = array("Q")
    at = 0
    for found in _ESCAPE.finditer(data):
        character = _character_of(found)
        if character is None:
            continue
        written += [data[at : found.start()], character]
        places.extend(range(at, found.start()))
        places.extend([found.start()] * len(character))
        at = found.end()
    written.append(data[at:])
    places.extend(range(at, len(data) + 1))
    return Unescaped(b"".join(written), places)


def _character_of(found: "re.Match[bytes]") -> bytes | None:
    """Return the character that an escape stands for; None where no address has it."""
    groups = found.groupdict()
    if name := groups.get("name"):
        return _NAMED[name.lower()]
    digits = groups.get("url") or groups.get("json") or groups.get("js") or groups.get("hex")
    if digits is None and not groups.get("number"):
        return b""
    code = int(digits, 16) if digits else int(groups["number"])
    return bytes([code]) if code in _OF_ADDRESSES else None
