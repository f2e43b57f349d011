"""Coverage of a place: how much of it was measured, and how far that carries."""

from collections.abc import Sequence
from dataclasses import dataclass

from banwatch.model.rollup import CountryDay
from banwatch.pages.views.places.recent import RECENT_DAYS, Period
from banwatch.pages.wording import words

_GOOD_SHARE, _THIN_SHARE = 0.8, 0.25
"""Shares of recent days with measurements, 0 to 1, from which a place is measured nearly daily, or at times:
a block of some days is missed below the second, and dated to a few days below the first."""
_FEW_NETWORKS = 2
"""Networks below which nothing can be said of a country: others may be open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Coverage of a country in words and numbers."""

    level: str
    """`good`, `thin` or `poor`: class of the style sheet."""
    word: str
    detail: str


def view_coverage(days: Sequence[CountryDay], period: Period) -> Coverage:
    """Describe the coverage of the recent days."""
    recent = [day for day in days if period.since <= day.day < period.until]
    share = len(recent) / RECENT_DAYS
    networks = max((day.networks for day in recent), default=0)
    targets = max((day.targets for day in recent), default=0)
    if networks < _FEW_NETWORKS or share < _THIN_SHARE:
        level, word = "poor", "Hardly measured"
    elif share < _GOOD_SHARE:
        level, word = "thin", "Measured at times"
    else:
        level, word = "good", "Measured nearly daily"
    total = sum(day.total for day in recent)
    return Coverage(
        level=level,
        word=word,
        detail=f"{total:,} measurements on {len(recent)} of the last {RECENT_DAYS} days, from "
        f"{words.counted(networks, 'network')} and of {words.counted(targets, 'target')} on the best day",
    )
