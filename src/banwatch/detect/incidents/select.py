"""Selection of changes: clusters that make an incident, and changes set aside, each with the reason."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from banwatch.detect import thresholds as t
from banwatch.detect.incidents.clusters import clusters_of, order
from banwatch.detect.incidents.common_cause import ALONE, set_aside
from banwatch.detect.incidents.evidence import Support, combined_nats
from banwatch.detect.incidents.members import cells_of_series
from banwatch.detect.incidents.schedules import with_schedules
from banwatch.detect.votes.traces import as_interference
from banwatch.detect.votes.voice_days import VoiceDay
from banwatch.model.cell import Cell
from banwatch.model.ids import TargetName
from banwatch.model.incident import Change, IncidentKind


@dataclass(frozen=True, slots=True)
class Cluster:
    """Changes that make an incident together."""

    changes: tuple[Change, ...]
    sure: tuple[Change, ...]
    """Changes that would make an incident alone, by which it is dated; all, where none would."""
    own_resolver: bool = False
    """Whether all of its changes show only with the networks' own resolvers."""
    windows: tuple[str, ...] = ()
    """Where it keeps a schedule, each time, as in `Change`."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Result of the selection."""

    clusters: tuple[Cluster, ...]
    """Clusters that make an incident, in order of time."""
    aside: dict[Change, str]
    """Changes that make no incident, with the reason in words."""


def select_changes(
    changes: Iterable[Change], cells: Iterable[Cell], aside: Mapping[Change, str] | None = None
) -> Selection:
    """Select changes, given in any order, by the cells that they were found in.

    Args:
        changes: the changes.
        cells: the cells.
        aside: changes with a cause elsewhere, where changes and cells are of one country alone.
    """
    every, every_cell = tuple(changes), tuple(cells)
    aside = set_aside(every, every_cell) if aside is None else dict(aside)
    support = Support(every_cell, [change for change in every if not change.partly])
    partly = [change for change in every if change.partly]
    of_traces = Support(as_interference(every_cell), partly) if partly else support
    cells_of = cells_of_series(every_cell, (one for one in every if not one.partly))
    traces_of = cells_of_series(as_interference(every_cell), partly) if partly else {}
    kept: list[Cluster] = []
    clusters = clusters_of((change for change in every if change not in aside), support.measured_on)
    kept += [Cluster(one, one) for one in clusters if one[0].kind is not IncidentKind.BLOCKING]
    of_blocking = [one for one in clusters if one[0].kind is IncidentKind.BLOCKING]
    for is_partly in (False, True):
        mine = [one for one in of_blocking if one[0].partly is is_partly]
        for scheduled in with_schedules(mine, traces_of if is_partly else cells_of):
            if found := _supported(scheduled.changes, of_traces if is_partly else support, aside):
                kept.append(replace(found, windows=scheduled.windows))
    kept.sort(key=lambda one: order(one.changes[0]))
    return Selection(tuple(kept), aside)


def _supported(cluster: Sequence[Change], support: Support, aside: dict[Change, str]) -> Cluster | None:
    """Return a cluster without the targets of too little evidence; None where all of it has too little.

    Each target beside the best supported one adds the evidence that exceeds the chance among all targets.
    """
    of_target: defaultdict[TargetName, list[Change]] = defaultdict(list)
    nats_of: dict[Change, dict[VoiceDay, float]] = {}
    for change in cluster:
        of_target[change.target].append(change)
        nats_of[change] = support.nats_by_voice_day(change)
    nats = {target: combined_nats(nats_of[change] for change in mine) for target, mine in of_target.items()}
    best = max(nats, key=lambda target: (nats[target], target))
    total = nats[best]
    for target, mine in of_target.items():
        if target == best:
            continue
        exact = min(mine, key=lambda change: change.onset_latest - change.onset_earliest)
        above = nats[target] - support.needed_beside(exact)
        total += max(above, 0.0)
        if above < 0:
            aside.update(dict.fromkeys(mine, "too few voices to tell it from chance among so many targets"))
    rest = tuple(change for change in cluster if change not in aside)
    needed = support.needed(cluster[0].probe_cc)
    if min(total, combined_nats(nats_of[change] for change in rest)) < needed:
        aside.update(dict.fromkeys(rest, "too few voices to tell it from chance among so many series"))
        return None
    for mine in of_target.values():
        here = [change for change in mine if change not in aside]
        if here and max(change.probes for change in here) < t.MINIMUM_VOICES and not _by_two(here, nats_of):
            aside.update(dict.fromkeys(here, ALONE))
    rest = tuple(change for change in rest if change not in aside)
    if not rest:
        return None
    sure = tuple(change for change in rest if sum(nats_of[change].values()) >= needed)
    kept = [[change for change in mine if change not in aside] for mine in of_target.values()]
    return Cluster(rest, sure or rest, all(support.shows_only_on_own(mine) for mine in kept if mine))


def _by_two(changes: Sequence[Change], nats_of: Mapping[Change, Mapping[VoiceDay, float]]) -> bool:
    """Return whether changes of one target stand without the voice that says most, on whatever network."""
    of_voice: defaultdict[str, float] = defaultdict(float)
    for change in changes:
        for (voice, _), nats in nats_of[change].items():
            of_voice[voice] += nats
    return sum(of_voice.values()) - max(of_voice.values(), default=0.0) >= t.CORROBORATION_NATS
