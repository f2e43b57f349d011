"""Times and sizes as people write them: `6h`, `90s`, `200MB`."""

import re

from banwatch.model.errors import BanwatchError

_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "kib": 1 << 10,
    "mib": 1 << 20,
    "gib": 1 << 30,
}
_AMOUNT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)\s*", re.ASCII | re.IGNORECASE)


def parse_duration_s(text: str) -> float:
    """Read `90s`, `15m`, `6h` or `1d`; a bare number is seconds.

    Raises:
        BanwatchError: it is no such time.
    """
    found = _AMOUNT.fullmatch(text)
    if not found or found[2].lower() not in _SECONDS:
        raise BanwatchError(f"No time: {text!r}", "Expected one such as 90s, 15m, 6h or 1d.")
    return float(found[1]) * _SECONDS[found[2].lower()]


def parse_size_bytes(text: str) -> int:
    """Read `500kB`, `200MB` or `1GB`; a bare number is bytes.

    Raises:
        BanwatchError: it is no such size.
    """
    found = _AMOUNT.fullmatch(text)
    if not found or found[2].lower() not in _BYTES:
        raise BanwatchError(f"No size: {text!r}", "Expected one such as 500kB, 200MB or 1GB.")
    return int(float(found[1]) * _BYTES[found[2].lower()])
