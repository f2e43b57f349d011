"""Text files of people: UTF-8 or UTF-16, with or without a mark, with any kind of line ends."""

import codecs

from banwatch.model.errors import WireError

_MARKS_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def is_utf16(head: bytes) -> bool:
    """Whether text is UTF-16: by its mark, or by the zero bytes beside its first letters."""
    if head.startswith(_MARKS_16):
        return True
    pairs = head[:8]
    if len(pairs) < 4 or len(pairs) % 2:
        return False
    return (not any(pairs[1::2]) and all(pairs[::2])) or (not any(pairs[::2]) and all(pairs[1::2]))


def utf16_codec(head: bytes) -> str:
    """Name the codec of UTF-16 text; the mark, where there is one, is decoded with it."""
    if head.startswith(_MARKS_16):
        return "utf-16"
    return "utf-16-be" if not head[0] else "utf-16-le"


def decode_untrusted(data: bytes) -> str:
    """Decode text, and spell its line ends as newlines.

    Raises:
        WireError: it is neither UTF-8 nor UTF-16.
    """
    try:
        text = data.decode(utf16_codec(data)) if is_utf16(data) else data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WireError("neither UTF-8 nor UTF-16 text") from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
