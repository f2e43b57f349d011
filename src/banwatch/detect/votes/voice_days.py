"""Votes counted by voice and day: whoever says a thing all day long has said it once."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from banwatch.detect.votes.series import told_in
from banwatch.model.cell import Cell

VoiceDay = tuple[str, date]


def voice_days(cells: Sequence[Cell], accuses: float, absolves: float) -> dict[VoiceDay, float]:
    """What each voice says on each day, on average, if its votes that accuse and absolve count so much.

    Where cells name no voices, each distinct probe that was counted in an hour is one.
    """
    by_day: defaultdict[VoiceDay, list[float]] = defaultdict(list)
    for cell in cells:
        day = cell.hour.date()
        if not cell.accusers and not cell.absolvers:  # counted without voices
            told = told_in(cell)
            share = 1 - cell.ok / told
            for number in range(min(told, max(cell.probes, 1))):
                by_day[f"{cell.hour} {number}", day].append(share * accuses + (1 - share) * absolves)
            continue
        both = set(cell.accusers) & set(cell.absolvers)
        for voice in cell.accusers:
            by_day[voice, day].append((accuses + absolves) / 2 if voice in both else accuses)
        for voice in cell.absolvers:
            if voice not in both:
                by_day[voice, day].append(absolves)
    return {key: sum(votes) / len(votes) for key, votes in by_day.items()}
