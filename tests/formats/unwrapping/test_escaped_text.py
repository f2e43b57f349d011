"""Characters of addresses behind the escapes of HTML, URLs and JavaScript."""

import pytest

from banwatch.formats.unwrapping.escaped_text import unescape_addresses, without_escapes

SPELLED = [
    "198&#46;51&#x2E;100&period;77",
    "%31%39%38.51%2E100%252e77",
    "&amp;#49;98.51.100.77",
    "&#0049;&#x00039;8.51.100.77",
    "\\u0031\\x39\\u0038.51.100.77",
    "198<wbr>.51<WBR />.100&shy;.77",
    "198.\u200b51.100\u00ad.77",
    "198.51.100.7&#55",
]


@pytest.mark.parametrize("spelled", SPELLED)
def test_escapes_are_read(spelled: str) -> None:
    data = f"you are {spelled}, go away".encode()
    assert without_escapes(data) == b"you are 198.51.100.77, go away"
    unescaped = unescape_addresses(data)
    assert unescaped.data == without_escapes(data)
    start = unescaped.data.index(b"198")
    begun, ended = unescaped.span_of(start, start + len("198.51.100.77"))
    assert data[begun:ended] == spelled.encode()


@pytest.mark.parametrize("text", ["100%", "&amp;&lt;&#39;", "%20%3C", "\\u00e9\\n", "&#8212;", "a%2"])
def test_other_escapes_stay(text: str) -> None:
    assert without_escapes(text.encode()) == text.encode()
    assert unescape_addresses(text.encode()).data == text.encode()
