"""Size of a zip archive's list of members, read before the list is: each member takes memory."""

import os
from typing import IO

from banwatch.model.errors import WireError

_END = b"PK\x05\x06"
_END_BYTES = 22
_END_64 = b"PK\x06\x07"
_TAIL_BYTES = _END_BYTES + 20 + (1 << 16)
"""The end record, its comment, and the locator of an archive of more than 4 GiB or 65,535 members."""


def check_directory_untrusted(file: IO[bytes], limit_bytes: int) -> None:
    """Check that the list of members is no longer than memory is given for.

    Every place that a reader might take for the end record counts.

    Raises:
        WireError: it is longer.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL_BYTES))
    tail = file.read()
    file.seek(0)
    at = tail.find(_END)
    while at >= 0:
        claimed = int.from_bytes(tail[at + 12 : at + 16], "little")
        if _END_64 in tail[max(0, at - 20) : at]:
            claimed = size  # its own record may claim anything
        if claimed > limit_bytes:
            raise WireError(f"the zip archive lists its members in more than {limit_bytes} bytes")
        at = tail.find(_END, at + 1)
