"""Schedule of interference: an arc of hours of the day, or days of the week, in which votes accuse.

Votes are folded into days, and else into weeks. Where those of one arc accuse and those outside absolve,
beyond what the choice of the arc explains, each time is a window.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from banwatch.detect import thresholds as t
from banwatch.detect.votes.series import HOUR_S, SeriesKey, hour_number, informative_in, interfered_in
from banwatch.model.cell import Cell
from banwatch.model.ids import Asn
from banwatch.model.incident import Change, IncidentKind
from banwatch.model.mechanism import deepest

_Votes = NDArray[np.float64]
_Window = tuple[datetime, datetime]
_DAY = 24
_MONDAY = 4 * _DAY
"""Hour number of the first Monday of 1970."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Windows in which interference recurs."""

    windows: tuple[_Window, ...]
    nats: float
    """Evidence that the votes differ within and without, beyond the choice of the arc."""


def schedule_of(cells: Sequence[Cell]) -> Schedule | None:
    """Return the schedule of some informative cells, of any number of series; None where they keep none."""
    if len({cell.hour for cell in cells if interfered_in(cell)}) < t.RECURRING_TIMES:
        return None  # no arc can hold as many times as a schedule needs
    start = min(hour_number(cell.hour) for cell in cells)
    start -= (start - _MONDAY) % (_DAY * 7)
    hours = max(hour_number(cell.hour) for cell in cells) - start + 1
    padded = (-(-hours // (_DAY * 7)) + 1) * _DAY * 7
    accusing, votes = np.zeros(padded), np.zeros(padded)
    for cell in cells:
        at = hour_number(cell.hour) - start
        accusing[at] += interfered_in(cell) / informative_in(cell)
        votes[at] += 1
    daily = _best(accusing, votes, _DAY, 1, t.RECURRING_LONGEST_HOURS)
    if daily is not None:
        return _named(cells, start, *daily)
    by_day = accusing.reshape(-1, _DAY).sum(axis=1), votes.reshape(-1, _DAY).sum(axis=1)
    weekly = _best(*by_day, 7, _DAY, t.RECURRING_LONGEST_DAYS)
    return _named(cells, start, *weekly) if weekly is not None else None


def _best(
    accusing: _Votes, votes: _Votes, period: int, bin_hours: int, longest: int
) -> tuple[list[int], int, float] | None:
    """Return the hours at which windows begin, their length in hours, and the evidence; None without an arc.

    Args:
        accusing: votes that accuse, by bin.
        votes: all votes, by bin.
        period: bins after which the schedule repeats.
        bin_hours: hours of a bin.
        longest: bins of the longest arc.
    """
    if accusing.sum() >= votes.sum():
        return None  # nothing absolves, so nothing is outside of an arc
    best: tuple[float, int, int, list[int]] | None = None
    for begin in range(period):
        whole = (len(votes) - begin) // period * period
        a = accusing[begin : begin + whole].reshape(-1, period)
        n = votes[begin : begin + whole].reshape(-1, period)
        kept = np.flatnonzero(n.sum(axis=1))  # periods without votes say nothing, and may be most
        a, n = a[kept], n[kept]
        # every day with interference at any hour counts: those with some in the arc would be a chosen few
        touched = a.sum(axis=1) > 0
        if touched.sum() < t.RECURRING_TIMES:
            continue
        a_in, n_in = a.cumsum(axis=1), n.cumsum(axis=1)  # of arcs of every length
        active = 2 * a_in > n_in
        times = active.sum(axis=0)
        # open hours of each time itself are needed, else a few long blocks would be a schedule
        beside = (active & (n_in[:, -1:] > n_in)).sum(axis=0)
        # days without any are not compared: blocks of whole days are no hours of the day
        of_arcs = a_in[touched].sum(axis=0), n_in[touched].sum(axis=0)
        for length in range(1, longest + 1):
            arc = length - 1
            if times[arc] < t.RECURRING_TIMES or 2 * times[arc] < touched.sum():
                continue
            within = round(float(of_arcs[0][arc]), 9), round(float(of_arcs[1][arc]), 9)
            outside = round(float(of_arcs[0][-1]) - within[0], 9), round(float(of_arcs[1][-1]) - within[1], 9)
            if beside[arc] < t.RECURRING_TIMES or not within[1] or not outside[1]:
                continue
            shares = within[0] / within[1], outside[0] / outside[1]
            if shares[0] < t.SCHEDULE_SHARE or shares[1] > t.OUTSIDE_SHARE:
                continue
            both = within[0] + outside[0], within[1] + outside[1]
            apart = _nats(*within) + _nats(*outside) - _nats(*both) - log(period * longest)
            if apart >= t.SCHEDULE_NATS and (best is None or apart > best[0] + t.TIE_NATS):
                starts = [begin + int(one) * period for one in kept[active[:, arc]]]
                best = (apart, begin, length, starts)
    if best is None:
        return None
    return [bin_hours * start for start in best[3]], bin_hours * best[2], best[0]


def _nats(accusing: float, votes: float) -> float:
    """Return the log likelihood of votes at their own share."""
    share = accusing / votes
    return sum(
        count * log(part) for count, part in ((accusing, share), (votes - accusing, 1 - share)) if count
    )


def _named(cells: Sequence[Cell], start: int, begins: Sequence[int], length: int, nats: float) -> Schedule:
    """Return the windows, from the earliest to the latest minute at which any of them showed interference."""
    zeros = [datetime.fromtimestamp((start + begin) * HOUR_S, UTC) for begin in begins]
    span = timedelta(hours=length)
    shown: list[tuple[timedelta, timedelta]] = []
    showing = [cell for cell in cells if interfered_in(cell)]
    for zero in zeros:
        mine = [cell for cell in showing if zero <= cell.hour < zero + span]
        shown.append((min(cell.first_at for cell in mine) - zero, max(cell.last_at for cell in mine) - zero))
    first, last = min(begin for begin, _ in shown), max(end for _, end in shown)
    return Schedule(tuple((zero + first, zero + last) for zero in zeros), nats)


def render_windows(windows: Iterable[_Window]) -> tuple[str, ...]:
    """Return windows as a change has them."""
    return tuple(f"{begin:%Y-%m-%dT%H:%MZ}/{end:%Y-%m-%dT%H:%MZ}" for begin, end in windows)


def in_windows(cells: Iterable[Cell], windows: Iterable[_Window]) -> list[Cell]:
    """Return the cells that lie in one of some windows."""
    spans = list(windows)
    return [cell for cell in cells if any(b <= cell.last_at and cell.first_at <= e for b, e in spans)]


def parse_windows(windows: Iterable[str]) -> list[_Window]:
    """Return the windows of a change as times; both minutes are whole."""
    minute = timedelta(minutes=1)
    pairs = ([datetime.fromisoformat(part) for part in text.split("/")] for text in windows)
    return [(begin, end + minute) for begin, end in pairs]


def find_scheduled(by_series: dict[SeriesKey, list[Cell]]) -> Iterator[Change]:
    """Find targets that are interfered with for some hours of certain days, too short to be changes alone.

    Args:
        by_series: the informative cells of the series of one target in a country and access tier.
    """
    every = [cell for key in sorted(by_series) for cell in by_series[key]]
    showing = [cell for cell in every if interfered_in(cell)]
    days = {cell.hour.date() for cell in showing}
    voices = {voice for cell in showing for voice in cell.accusers}
    if len(days) < t.RECURRING_TIMES or len(voices) < t.MINIMUM_VOICES:
        return
    found = schedule_of(every)
    if found is None or found.nats < t.LONE_SCHEDULE_NATS or not _is_seen_by_several(showing, found):
        return
    for key in sorted(by_series):
        cells = sorted(by_series[key], key=lambda cell: cell.hour)
        within = in_windows(cells, found.windows)
        shown = [cell for cell in within if interfered_in(cell)]
        if len({cell.hour.date() for cell in shown}) >= t.RECURRING_TIMES:
            yield _change(key, cells, within, shown, found)


def _is_seen_by_several(showing: Sequence[Cell], found: Schedule) -> bool:
    """Return whether two voices or more saw most of the windows: a bad hour of one probe is no schedule."""
    voices = [
        len({voice for cell in in_windows(showing, [window]) for voice in cell.accusers})
        for window in found.windows
    ]
    return 2 * sum(count >= t.MINIMUM_VOICES for count in voices) > len(voices)


def _change(
    key: SeriesKey, cells: Sequence[Cell], within: Sequence[Cell], shown: Sequence[Cell], found: Schedule
) -> Change:
    first, last = shown[0], shown[-1]
    before = [cell.last_at for cell in cells if cell.ok and cell.last_at < first.first_at]
    after = [cell.first_at for cell in cells if cell.ok and cell.first_at > last.last_at]
    informative = sum(informative_in(cell) for cell in within)
    outside = sum(informative_in(cell) for cell in cells) - informative
    elsewhere = sum(interfered_in(cell) for cell in cells) - sum(interfered_in(cell) for cell in shown)
    return Change(
        target=key.target,
        probe_cc=key.probe_cc,
        probe_asn=Asn(key.probe_asn),
        access_tier=key.access_tier,
        kind=IncidentKind.BLOCKING,
        onset_earliest=max(before, default=first.first_at),
        onset_latest=first.first_at,
        onset_known=bool(before),
        end_earliest=last.last_at if after else None,
        end_latest=min(after) if after else None,
        share=round(sum(interfered_in(cell) for cell in shown) / informative, 4),
        measurements=informative,
        probes=len({voice for cell in shown for voice in cell.accusers}),
        confidence=round(min(1 - exp(-found.nats / 2), t.HIGHEST_CONFIDENCE), 4),
        mechanisms=deepest(name for cell in shown for name in cell.mechanisms),
        witness=first.witness,
        baseline=round(elsewhere / outside, 4) if outside > 0 else 0.0,
        windows=render_windows(found.windows),
    )
