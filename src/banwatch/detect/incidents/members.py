"""Members of an incident: a row for each target on each network, with its own onset, end and mechanisms.

A member takes all changes of its series that belong to the incident. Where the mechanism changed for good,
its time is cut into phases.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from banwatch.detect.incidents import thresholds as own
from banwatch.detect.votes.series import SeriesKey, informative_in, interfered_in, key_of
from banwatch.model.cell import Cell
from banwatch.model.incident import Change, IncidentKind
from banwatch.model.mechanism import deepest
from banwatch.model.member import Member, Phase

CellsOf = Mapping[SeriesKey, Sequence[Cell]]
"""Informative cells of each series, in order of time."""


def cells_of_series(cells: Iterable[Cell], changes: Iterable[Change]) -> CellsOf:
    """Return the informative cells of the series that have changes, in order of time."""
    wanted = {_key(change) for change in changes}
    found: defaultdict[SeriesKey, list[Cell]] = defaultdict(list)
    for cell in cells:
        if informative_in(cell) and (key := key_of(cell)) in wanted:
            found[key].append(cell)
    for mine in found.values():
        mine.sort(key=lambda cell: (cell.hour, cell.resolver_kind, cell.source_class))
    return found


def members_of(changes: Sequence[Change], cells_of: CellsOf) -> tuple[Member, ...]:
    """Return the members that the changes of an incident make, in order of target, network and tier."""
    by_series: defaultdict[SeriesKey, list[Change]] = defaultdict(list)
    for change in changes:
        by_series[_key(change)].append(change)
    return tuple(_member(key, by_series[key], cells_of.get(key, ())) for key in sorted(by_series))


def _member(key: SeriesKey, changes: Sequence[Change], cells: Sequence[Cell]) -> Member:
    ordered = sorted(changes, key=lambda change: change.onset_latest)
    first, last = ordered[0], ordered[-1]
    during = [cell for change in ordered for cell in within(change, cells)]
    showing = [cell for cell in during if interfered_in(cell)]
    of_shutdown = first.kind is not IncidentKind.BLOCKING
    phases = phases_of(showing)
    count = sum(change.measurements for change in ordered)
    interfered = count if of_shutdown else sum(interfered_in(cell) for cell in showing)
    windows = tuple(window for change in ordered for window in change.windows)
    if not windows and len(ordered) > 1:
        windows = tuple(_window(change) for change in ordered)
    witnesses = [ordered[0].witness]
    if showing:
        witnesses = [_first_of(phase, showing).witness for phase in phases] + [showing[-1].witness]
    return Member(
        target=key.target,
        probe_asn=key.probe_asn,
        access_tier=key.access_tier,
        onset_earliest=first.onset_earliest,
        onset_latest=first.onset_latest,
        onset_known=first.onset_known,
        end_earliest=last.end_earliest,
        end_latest=last.end_latest,
        last_at=showing[-1].last_at if showing else last.end_earliest or last.onset_latest,
        mechanisms=deepest(name for change in ordered for name in change.mechanisms),
        phases=phases,
        hours=tuple(sorted({cell.hour.hour for cell in showing})),
        share=round(interfered / count, 4) if count and not of_shutdown else last.share,
        interfered=interfered,
        measurements=count,
        probes=max(change.probes for change in ordered),
        windows=windows,
        witnesses=tuple(dict.fromkeys(witnesses))[: own.MEMBER_WITNESSES],
    )


def within(change: Change, cells: Sequence[Cell]) -> Sequence[Cell]:
    """Return the cells of a change's series from its onset to its end."""
    first = bisect_left(cells, change.onset_latest, key=lambda cell: cell.last_at)
    last = len(cells)
    if change.end_earliest is not None:
        last = bisect_right(cells, change.end_earliest, key=lambda cell: cell.first_at)
    return cells[first:last]


def phases_of(showing: Sequence[Cell]) -> tuple[Phase, ...]:
    """Return the phases of some cells that show interference, cut where the mechanism changed for good.

    Args:
        showing: cells in order of time.
    """
    if not showing:
        return ()
    named = [frozenset(_action(name) for name in cell.mechanisms) for cell in showing]
    cuts = [0, *_cuts(named, 0, len(named)), len(showing)]
    return tuple(
        Phase(
            mechanisms=_usual_in(showing[begin:end]),
            first_at=showing[begin].first_at,
            last_at=showing[end - 1].last_at,
        )
        for begin, end in pairwise(cuts)
    )


def _cuts(named: Sequence[frozenset[str]], begin: int, end: int) -> list[int]:
    """Return the steps at which another mechanism took the place of the one before, in order."""
    least = own.PHASE_CELLS
    names = sorted(set().union(*named[begin:end]))
    best: tuple[float, int] | None = None
    for name in names:
        before, total = 0, sum(name in one for one in named[begin:end])
        for cut in range(begin + 1, end):
            before += name in named[cut - 1]
            if cut - begin < least or end - cut < least:
                continue
            apart = abs((total - before) / (end - cut) - before / (cut - begin))
            if apart >= own.PHASE_APART and (best is None or (-apart, cut) < best):
                best = (-apart, cut)
    if best is None:
        return []
    return [*_cuts(named, begin, best[1]), best[1], *_cuts(named, best[1], end)]


def _action(mechanism: str) -> str:
    """Return layer and action of a mechanism: a mere change of its qualifier begins no phase."""
    return ".".join(mechanism.split(".")[:2])


def _usual_in(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Return the mechanisms of a good part of some cells."""
    counts: defaultdict[str, int] = defaultdict(int)
    for cell in cells:
        for name in cell.mechanisms:
            counts[name] += 1
    usual = [name for name, count in counts.items() if count >= own.PHASE_NAMED_SHARE * len(cells)]
    return deepest(usual or counts)


def _first_of(phase: Phase, showing: Sequence[Cell]) -> Cell:
    return next(cell for cell in showing if cell.first_at == phase.first_at)


def _window(change: Change) -> str:
    end = change.end_earliest
    return f"{change.onset_latest:%Y-%m-%dT%H:%MZ}/" + (f"{end:%Y-%m-%dT%H:%MZ}" if end else "")


def _key(change: Change) -> SeriesKey:
    return SeriesKey(change.target, change.probe_cc, change.probe_asn, change.access_tier)
