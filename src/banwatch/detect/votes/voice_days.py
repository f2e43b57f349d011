"""Votes counted by voice and day: a voice's votes of one day count once, by their mean."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from banwatch.detect.votes.series import informative_in
from banwatch.model.cell import Cell

VoiceDay = tuple[str, date]


def voice_days(cells: Sequence[Cell], accuses: float, absolves: float) -> dict[VoiceDay, float]:
    """Return the mean vote of each voice on each day.

    Args:
        cells: the cells; where they name no voices, each distinct probe counted in an hour is one.
        accuses: the value of a vote that accuses.
        absolves: the value of a vote that absolves.
    """
    by_day: defaultdict[VoiceDay, list[float]] = defaultdict(list)
    for cell in cells:
        day = cell.hour.date()
        if not cell.accusers and not cell.absolvers:  # counted without voices
            count = informative_in(cell)
            share = 1 - cell.ok / count
            for number in range(min(count, max(cell.probes, 1))):
                by_day[f"{cell.hour} {number}", day].append(share * accuses + (1 - share) * absolves)
            continue
        both = set(cell.accusers) & set(cell.absolvers)
        for voice in cell.accusers:
            by_day[voice, day].append((accuses + absolves) / 2 if voice in both else accuses)
        for voice in cell.absolvers:
            if voice not in both:
                by_day[voice, day].append(absolves)
    return {key: sum(votes) / len(votes) for key, votes in by_day.items()}
