"""Durations as people write them in settings and options: `30s`, `15m`, `6h`, `7d`."""

import re
from datetime import timedelta

DURATION_PATTERN = r"^[1-9][0-9]{0,5}(s|m|h|d)$"
"""Regular expression of a duration."""
_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def parse_duration(text: str) -> timedelta:
    """Parse a duration such as `6h`.

    Raises:
        ValueError: the text is no duration.
    """
    if not re.fullmatch(DURATION_PATTERN, text):
        raise ValueError(f"{text!r} is no duration such as 30s, 15m, 6h or 7d")
    return timedelta(seconds=int(text[:-1]) * _UNITS_S[text[-1]])
