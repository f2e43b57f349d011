"""Titles of pages, as OONI's probe and helper read them.

The title that is stored with an observation is read by `formats.ooni.reading`, which also joins its lines.
"""

import re
from typing import AnyStr

_TITLE = r"<title[^>]{0,200}>([^<]{1,2000})"
_IN_TEXT = re.compile(_TITLE, re.IGNORECASE)
_IN_BYTES = re.compile(_TITLE.encode("ascii"), re.IGNORECASE)
_WITHIN = 1 << 16
"""Bytes, or characters, that are searched: a title stands at the beginning of a page."""


def find_title(page: AnyStr) -> AnyStr | None:
    """Find the title of a page, as it is written there."""
    pattern = _IN_BYTES if isinstance(page, bytes) else _IN_TEXT
    found: re.Match[AnyStr] | None = pattern.search(page[:_WITHIN])
    return found[1] if found else None
