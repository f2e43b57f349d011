"""Gaps of ours: silences that come of the measuring, not of a network.

A day that a mirror lacks begins and ends at midnight UTC. A collector that is down silences several countries
in the same hours. A campaign that ends leaves fewer voices than there were.
"""

from collections.abc import Mapping

import numpy as np

from banwatch.detect import thresholds as t
from banwatch.detect.shutdowns.proposals import Country
from banwatch.detect.shutdowns.rhythm import Nats, Rhythm, Silence, missed_by
from banwatch.model.receipt import SourceClass

_DAY = 24
Clock = tuple[Rhythm, Nats]
"""Hours of a country's networks together, and the evidence of each if it is empty."""


def is_day_of_ours(silence: Silence, clock: Clock, at_home: Mapping[Country, Clock]) -> bool:
    """Return whether a silence looks like days of a country that a mirror lacks, for all networks and tiers.

    Args:
        silence: a silence without testimony.
        clock: the hours that it is a silence of.
        at_home: the hours of each access tier of its country.
    """
    rhythm, _ = clock
    begins, ends = rhythm.start + silence.first, rhythm.start + silence.last
    heard = 0
    for theirs, _ in at_home.values():
        first, last = max(begins - theirs.start, 0), ends - theirs.start + 1
        heard += int(theirs.live[first : max(last, first)].sum())
    return not heard and is_whole_days(silence, clock)


def is_mirrored(silence: Silence, clock: Clock) -> bool:
    """Return whether what was heard in the weeks around a silence is mostly OONI's: a file for each day."""
    rhythm, _ = clock
    first, last = silence.first - t.LEVEL_HOURS, silence.last + t.LEVEL_HOURS
    cells = [cell for hour in range(first, last + 1) for cell in rhythm.cells.get(rhythm.start + hour, ())]
    ours = sum(cell.source_class is not SourceClass.OONI for cell in cells)
    return 2 * ours <= len(cells)


def is_whole_days(silence: Silence, clock: Clock) -> bool:
    """Return whether a silence begins and ends at midnight UTC, as far as can be seen."""
    rhythm, nats = clock
    before = np.flatnonzero(rhythm.live[: silence.first])
    after = np.flatnonzero(rhythm.live[silence.last + 1 :]) + silence.last + 1
    if not len(before) or not len(after):
        return False
    hours = range(silence.first, silence.last + 1)
    began = (int(before[-1]) + 1, missed_by(nats, hours, silence.last))
    ended = (missed_by(nats, hours[::-1], silence.first) + 1, int(after[0]))
    return all(_has_midnight(rhythm.start + first, rhythm.start + last) for first, last in (began, ended))


def _has_midnight(first: int, last: int) -> bool:
    """Return whether a short span of hours, both included, holds the first hour of a day."""
    return last - first <= t.MIDNIGHT_SPAN_HOURS and -(-first // _DAY) * _DAY <= last


def level(silence: Silence, clock: Clock) -> float:
    """Return how much was measured around a silence, as a share of what is usual over all: at most 1.

    It is the least of two weeks before it, two weeks after it, and the middle week of all: voices of a
    campaign that ended are not missed.
    """
    rhythm, nats = clock
    usual = 1 - np.exp(-nats)
    overall = (float(rhythm.live.sum()) + 1) / (float(usual.sum()) + 1)

    def share(first: int, last: int) -> float:
        part = slice(max(first, 0), max(last, 0))
        return (float(rhythm.live[part].sum()) + 1) / (float(usual[part].sum()) + 1) / overall

    span = t.LEVEL_HOURS
    shares = []
    if silence.first >= span // 2:
        shares.append(share(silence.first - span, silence.first))
    if len(nats) - silence.last > span // 2:
        shares.append(share(silence.last + 1, silence.last + 1 + span))
    weeks = [share(week, week + span // 2) for week in range(0, len(nats) - span // 2, span // 2)]
    if len(weeks) >= t.SHIFTED_WEEKS_AT_LEAST:
        shares.append(float(np.median(weeks)))
    least = min(shares, default=1.0)
    return least if least < t.LEVEL_STEADY else 1.0
