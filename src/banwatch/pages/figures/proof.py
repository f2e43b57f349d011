"""Proof in a picture: source, address, time, sample size and the exact data, with hashes that tell a change.

Wire: an SVG has `<metadata>` right after its start tag, a PNG an `iTXt` chunk named `banwatch` right before
its end; both hold JSON, in Base64 in the SVG. The hash of the picture is of its bytes without them.

The hashes say that picture and data are as they were made. They are no signature: whoever makes a whole new
picture can make hashes for it, so `data_sha256` is to be compared with the table at the address.
"""

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import msgspec

from banwatch.model.errors import WireError
from banwatch.pages.figures.svg import PAPER, SOFT_INK, number, wrapped

MAX_BYTES = 20 << 20
"""Longest picture that is read: a chart has some hundred kilobytes."""
_HEAD = re.compile(r'<svg [^>]*?width="([0-9.]+)" height="([0-9.]+)" viewBox="0 0 [0-9.]+ [0-9.]+"[^>]*>')
_METADATA = re.compile(rb"<metadata>([A-Za-z0-9+/=]*)</metadata>")
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"banwatch\0\0\0\0\0"
"""Name of the chunk: not compressed, without language and translated name."""
_SHORT = 12
"""Characters of a hash that are printed in a picture: enough to tell pictures apart by eye."""
_SIZE_PX, _LINE_PX = 10.0, 13.0


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Claims of a picture about itself."""

    title: str
    source: str
    address: str
    span: str
    """Days that it covers, in UTC; empty where the picture says so itself."""
    measurements: str
    data: str
    """The table that the picture shows, as CSV: the same as at the address."""
    data_sha256: str = ""
    picture_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureVerification:
    """Result of reading a picture's proof."""

    facts: Facts
    picture_unaltered: bool
    data_unaltered: bool

    @property
    def consistent(self) -> bool:
        """Whether picture and data are as they were made."""
        return self.picture_unaltered and self.data_unaltered


def stamp_svg(svg: str, facts: Facts) -> str:
    """Add a line of source and hash to a drawing, and the data with their hashes."""
    digest = _hash(facts.data.encode())
    head = _HEAD.match(svg)
    if head is None:
        raise ValueError("only drawings of this package are stamped")
    wide, high = float(head[1]), float(head[2])
    parts = (facts.source, facts.address, facts.span, facts.measurements, f"data {digest[:_SHORT]}")
    lines = wrapped(" · ".join(part for part in parts if part), _SIZE_PX, wide - 28)
    strip = _LINE_PX * len(lines) + 8
    texts = "".join(
        f'<text x="14" y="{number(high + 8 + index * _LINE_PX)}" font-size="10" fill="{SOFT_INK}">'
        f"{escape(line)}</text>"
        for index, line in enumerate(lines)
    )
    paper = f'<path d="M0 {number(high)}h{number(wide)}v{number(strip)}H0z" fill="{PAPER}"/>'
    start = head[0].replace(f'height="{head[2]}"', f'height="{number(high + strip)}"', 1)
    start = start.replace(f"0 0 {head[1]} {head[2]}", f"0 0 {head[1]} {number(high + strip)}", 1)
    stamped = start + svg[head.end() : -len("</svg>")] + paper + texts + "</svg>"
    said = _sealed(facts, digest, _hash(stamped.encode()))
    return f"{start}<metadata>{base64.b64encode(said).decode()}</metadata>{stamped[len(start) :]}"


def stamp_png(png: bytes, facts: Facts) -> bytes:
    """Add the data with their hashes to a picture that was drawn from a stamped SVG."""
    said = _sealed(facts, _hash(facts.data.encode()), _hash(png))
    end = png.rindex(b"IEND") - 4
    return png[:end] + _chunk(b"iTXt", _KEYWORD + said) + png[end:]


def without_proof(svg: str) -> str:
    """Return a stamped SVG as it is drawn, without its data."""
    return re.sub(r"<metadata>[A-Za-z0-9+/=]*</metadata>", "", svg, count=1)


def verify_picture_untrusted(content: bytes) -> PictureVerification:
    """Read the proof in a picture, and hold picture and data against it.

    Raises:
        WireError: it is no picture of Banwatch, or its proof is gone or damaged.
    """
    if len(content) > MAX_BYTES:
        raise WireError(f"the picture has more than {MAX_BYTES:,} bytes")
    said, rest = _parts_of_png(content) if content.startswith(_SIGNATURE) else _parts_of_svg(content)
    try:
        facts = msgspec.json.decode(said, type=Facts)
    except msgspec.DecodeError as error:
        raise WireError("the proof in the picture is damaged") from error
    return PictureVerification(
        facts=facts,
        picture_unaltered=_hash(rest) == facts.picture_sha256,
        data_unaltered=_hash(facts.data.encode("utf-8", "replace")) == facts.data_sha256,
    )


def _parts_of_svg(content: bytes) -> tuple[bytes, bytes]:
    found = _METADATA.findall(content)
    if len(found) != 1:
        raise WireError("the picture has no proof of Banwatch: it was made elsewhere, or saved anew")
    try:
        said = base64.b64decode(found[0], validate=True)
    except binascii.Error as error:
        raise WireError("the proof in the picture is damaged") from error
    return said, _METADATA.sub(b"", content, count=1)


def _parts_of_png(content: bytes) -> tuple[bytes, bytes]:
    found = [
        (at, length)
        for at, kind, length in _chunks(content)
        if kind == b"iTXt" and content[at + 8 :].startswith(_KEYWORD)
    ]
    if len(found) != 1:
        raise WireError("the picture has no proof of Banwatch: it was made elsewhere, or saved anew")
    at, length = found[0]
    said = content[at + 8 + len(_KEYWORD) : at + 8 + length]
    return said, content[:at] + content[at + 12 + length :]


def _chunks(content: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yield place, name and length of each chunk."""
    at = len(_SIGNATURE)
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        if at + 12 + length > len(content):
            raise WireError("the picture is cut off")
        yield at, content[at + 4 : at + 8], length
        at += 12 + length


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return len(content).to_bytes(4, "big") + kind + content + check.to_bytes(4, "big")


def _sealed(facts: Facts, data: str, picture: str) -> bytes:
    sealed = msgspec.structs.replace(facts, data_sha256=data, picture_sha256=picture)
    return msgspec.json.encode(sealed)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def describe(found: PictureVerification) -> Sequence[str]:
    """Return what was found, in sentences."""
    facts = found.facts
    yes, no = "as it was made", "CHANGED since it was made"
    return (
        f"Picture: {yes if found.picture_unaltered else no}.",
        f"Data: {yes if found.data_unaltered else no} (SHA-256 {facts.data_sha256}).",
        f"It says: {facts.title}; {facts.source}; {facts.measurements}; {facts.span}.",
        f"Compare the hash of the data with that of the table at {facts.address or 'its address'}: these "
        "hashes are no signature.",
    )
