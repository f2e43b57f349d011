"""Text of any program is decoded, and what is no text is refused."""

import pytest

from banwatch.formats.encoded_text import decode_untrusted, is_utf16
from banwatch.model.errors import WireError


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["url,x\n", "яндекс.рф, и\n", '{"a": 1}'])
def test_every_codec_gives_the_same_text(codec: str, text: str) -> None:
    if codec in ("utf-16-le", "utf-16-be") and not text.isascii():
        text = "url " + text  # without a mark, the zero bytes of the first letters tell
    assert decode_untrusted(text.encode(codec)) == text


@pytest.mark.parametrize("data", [b"", b"a", b"ab", b"\0\0\0\0", b"a\0", "ключ".encode(), b"a\0bc"])
def test_ordinary_bytes_are_no_utf16(data: bytes) -> None:
    assert not is_utf16(data)


@pytest.mark.parametrize("data", [b"\xff\xfea", b"caf\xe9 au lait"])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(WireError, match="neither UTF-8 nor UTF-16"):
        decode_untrusted(data)


def test_line_ends_are_newlines() -> None:
    assert decode_untrusted(b"\xef\xbb\xbfa\r\nb\rc\n") == "a\nb\nc\n"
