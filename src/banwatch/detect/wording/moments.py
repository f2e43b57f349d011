"""Moments and brackets as sentences have them."""

from datetime import datetime


def render_moment(at: datetime) -> str:
    """Return a moment as `2016-04-01 06:00 UTC`."""
    return at.strftime("%Y-%m-%d %H:%M UTC")


def render_bounds(earliest: datetime, latest: datetime) -> str:
    """Return a bracket as `2016-04-01 06:00 UTC and 2016-04-01 09:00 UTC`, to follow `between`."""
    return f"{render_moment(earliest)} and {render_moment(latest)}"
