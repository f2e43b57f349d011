"""Bodies that are compressed: rewritten within, bounded, and kept as they are where nothing changes."""

import gzip
import random
import zlib
from collections.abc import Callable

import pytest
import zstandard

from banwatch.formats.unwrapping.packed_body import MOST_BYTES, rewrite_packed

TEXT = b"you are 198.51.100.77 " + random.Random(1).randbytes(3_000).hex().encode()


def hide(data: bytes) -> bytes:
    return data.replace(b"198.51.100.77", b"[scrubbed]")


def unpack_gzip(data: bytes) -> bytes:
    return zlib.decompressobj(wbits=31).decompress(data)


Code = Callable[[bytes], bytes]
PACKERS: dict[str, tuple[Code, Code]] = {
    "gzip": (gzip.compress, unpack_gzip),
    "zlib": (zlib.compress, zlib.decompress),
    "zstd": (zstandard.compress, zstandard.decompress),
}


@pytest.mark.parametrize("name", PACKERS)
def test_what_is_packed_is_rewritten(name: str) -> None:
    pack, unpack = PACKERS[name]
    assert unpack(rewrite_packed(pack(TEXT), hide)) == hide(TEXT)


@pytest.mark.parametrize("name", PACKERS)
def test_what_holds_nothing_stays(name: str) -> None:
    packed = PACKERS[name][0](hide(TEXT))
    assert rewrite_packed(packed, hide) is packed


def test_text_that_is_not_packed_stays() -> None:
    assert rewrite_packed(TEXT, hide) is TEXT


@pytest.mark.parametrize("name", ["gzip", "zlib"])
@pytest.mark.parametrize("damage", ["cut", "overwritten"])
def test_what_came_before_the_damage_counts(name: str, damage: str) -> None:
    pack, unpack = PACKERS[name]
    packed = pack(TEXT * 20)
    half = len(packed) // 2
    broken = packed[:half] + (b"" if damage == "cut" else b"\xff" * 2_000)
    assert b"198.51.100.77" not in unpack(rewrite_packed(broken, hide))


def test_several_members() -> None:
    rewritten = rewrite_packed(gzip.compress(b"first ") + gzip.compress(TEXT), hide)
    assert unpack_gzip(rewritten) == b"first " + hide(TEXT)


@pytest.mark.parametrize("name", PACKERS)
def test_more_than_can_be_looked_at_is_dropped(name: str) -> None:
    bomb = PACKERS[name][0](b"\0" * (MOST_BYTES + 10))
    assert rewrite_packed(bomb, hide) == b""
