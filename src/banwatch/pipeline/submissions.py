"""Submissions in the form that probes post, one a file, converted to lines of measurements.

Wire: `<measurement_uid>.post`: `{"format": "json", "content": {...}}`, as probes post it. OONI's archive has
tar archives of them for hours in which its own pipeline failed; only the name holds the id.
"""

import re
from collections.abc import Iterator

import msgspec

from banwatch.pipeline.lines import held_whole

_NAME = re.compile(r"(?:^|[/!])([0-9]{14}\.[0-9]{6}_[A-Z]{2}_[a-z0-9]{1,64}_[0-9a-f]{16})\.post$")


class _Submission(msgspec.Struct):
    content: dict[str, msgspec.Raw]


def unwrapped(name: str, chunks: Iterator[bytes], longest_bytes: int) -> Iterator[bytes]:
    """Extract the measurement of a submission; other content passes unchanged, and is unreadable later.

    Args:
        name: of the file, which names the measurement.
        chunks: its bytes.
        longest_bytes: size from which on content passes unchanged.
    """
    text, rest = held_whole(chunks, longest_bytes)
    if text is None:
        yield from rest
        return
    try:
        content = msgspec.json.decode(text, type=_Submission).content
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        yield text
        return
    named = _NAME.search(name)
    if named is not None:
        content["measurement_uid"] = msgspec.Raw(msgspec.json.encode(named[1]))
    yield msgspec.json.encode(content).replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"
