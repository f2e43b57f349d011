"""Schedules of blocking: interference that comes at the same hours of days, or on the same days of weeks.

Clusters of the same targets and networks that follow each other within two weeks are read together. Their
votes are folded into days, and else into weeks: where the votes of one arc of hours (or weekdays) accuse and
those outside absolve, beyond what the choice of the arc explains, all are one incident with a window for each
time.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from banwatch.detect import thresholds as t
from banwatch.detect.blocking.schedule import render_windows, schedule_of
from banwatch.detect.incidents.members import CellsOf
from banwatch.detect.votes.series import SeriesKey
from banwatch.model.cell import Cell
from banwatch.model.incident import Change

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """Changes that belong together, with a window for each time where they keep a schedule."""

    changes: tuple[Change, ...]
    windows: tuple[str, ...] = ()


def with_schedules(clusters: Sequence[tuple[Change, ...]], cells_of: CellsOf) -> list[Scheduled]:
    """Join the clusters that keep a schedule together; the others stay as they are, in order.

    Args:
        clusters: clusters of blocking changes, in order of time.
        cells_of: cells of the series of these changes.
    """
    found: list[Scheduled] = []
    for chain in _chains(clusters):
        together = tuple(change for cluster in chain for change in cluster)
        windows = _windows(together, cells_of)
        if windows:
            found.append(Scheduled(together, windows))
        else:
            found.extend(Scheduled(cluster, _windows(cluster, cells_of)) for cluster in chain)
    return sorted(found, key=lambda one: min(change.onset_latest for change in one.changes))


def _chains(clusters: Sequence[tuple[Change, ...]]) -> Iterator[list[tuple[Change, ...]]]:
    """Yield chains of clusters of the same targets and networks, with less than two weeks between."""
    longest = timedelta(hours=t.SEASON_GAP_HOURS)
    chains: list[list[tuple[Change, ...]]] = []
    current: list[list[tuple[Change, ...]]] = []  # those that may go on: what begins later meets no others
    for cluster in sorted(clusters, key=lambda one: min(change.onset_latest for change in one)):
        begins = min(change.onset_latest for change in cluster)
        current = [chain for chain in current if _may_go_on(chain[-1], begins - longest)]
        for chain in current:
            if _alike(chain[-1], cluster):
                chain.append(cluster)
                break
        else:
            chains.append([cluster])
            current.append(chains[-1])
    yield from chains


def _may_go_on(cluster: Sequence[Change], since: datetime) -> bool:
    """Return whether all changes of a cluster ended, and the last of them no earlier than a moment."""
    ends = [change.end_latest for change in cluster if change.end_latest is not None]
    return len(ends) == len(cluster) and max(ends) >= since


def _alike(one: Sequence[Change], other: Sequence[Change]) -> bool:
    """Return whether two clusters share half of their targets and of their networks."""
    if one[0].partly is not other[0].partly or one[0].probe_cc != other[0].probe_cc:
        return False
    for mine, theirs in (
        ({change.target for change in one}, {change.target for change in other}),
        (
            {(change.probe_asn, change.access_tier) for change in one},
            {(change.probe_asn, change.access_tier) for change in other},
        ),
    ):
        if 2 * len(mine & theirs) < len(mine | theirs):
            return False
    return True


def _from_hour(cells: Sequence[Cell], since: datetime, until: datetime | None) -> Sequence[Cell]:
    """Return the cells, in order of time, of the hours that meet a time; without looking at all of them."""
    first = bisect_left(cells, since - _HOUR, key=lambda cell: cell.hour)
    last = bisect_right(cells, until, key=lambda cell: cell.hour) if until is not None else len(cells)
    return cells[first:last]


def _windows(changes: Sequence[Change], cells_of: CellsOf) -> tuple[str, ...]:
    keys = {SeriesKey(one.target, one.probe_cc, one.probe_asn, one.access_tier) for one in changes}
    since = min(change.onset_latest for change in changes)
    ends = [change.end_earliest for change in changes]
    until = None if None in ends else max(end for end in ends if end)
    cells = [
        cell
        for key in sorted(keys)
        for cell in _from_hour(cells_of.get(key, ()), since, until)
        if cell.last_at >= since and (until is None or cell.first_at <= until)
    ]
    found = schedule_of(cells)
    if found is None:
        return max((change.windows for change in changes), key=len)
    return render_windows(found.windows)
