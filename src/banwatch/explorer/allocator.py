"""Settings of the C library's allocator, for a server that strangers make hold large blocks."""

import ctypes
import sys
from contextlib import suppress

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
"""Options of `mallopt(3)`."""
_LARGE_BYTES = 1 << 20
_ARENAS = 2


def return_large_blocks() -> None:
    """Have blocks of a mebibyte and more returned to the system as soon as they are freed.

    By itself glibc raises that limit to 32 MiB once a large block was freed; blocks of one request then stay
    between those of others, and the process never shrinks. Elsewhere than on glibc nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_M_ARENA_MAX, _ARENAS)
