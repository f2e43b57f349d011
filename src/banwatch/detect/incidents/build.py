"""Group the changes that belong together into incidents, with ids that last."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from banwatch.detect import thresholds as t
from banwatch.detect.incidents.clusters import first_onset, order, was_seen_to_begin
from banwatch.detect.incidents.extent import extent_of
from banwatch.detect.incidents.ids import number
from banwatch.detect.incidents.members import CellsOf, cells_of_series, members_of
from banwatch.detect.incidents.scopes import scopes_of
from banwatch.detect.incidents.select import Cluster, select_changes
from banwatch.detect.votes.traces import as_interference
from banwatch.detect.wording.sentence import render_sentence
from banwatch.model.cell import Cell
from banwatch.model.ids import CountryCode, IncidentId
from banwatch.model.incident import Change, Incident, IncidentKind
from banwatch.model.mechanism import deepest
from banwatch.model.member import incident_end


def group(
    changes: Iterable[Change],
    cells: Iterable[Cell],
    *,
    published: Sequence[Incident] = (),
    withdrawn: Sequence[Incident] = (),
    used_ids: Iterable[IncidentId] = (),
    first_published: Mapping[IncidentId, Incident] | None = None,
) -> tuple[Incident, ...]:
    """Group changes into incidents, in order of their ids.

    Args:
        changes: the result of `find_changes`, in any order.
        cells: the cells that the changes were found in; they show which networks measure the same targets.
        published: incidents published before; those that are still found keep their ids.
        withdrawn: incidents published once and withdrawn; one that is found again has its id again.
        used_ids: ids given at any time, also to incidents since withdrawn; none is given to another.
        first_published: the first publication of each id.

    Returns:
        Incidents; changes seen by one voice alone, or with a cause elsewhere, are in none.
    """
    drafts = draft(changes, cells)
    return number(drafts, published, withdrawn, used_ids, first_published)


def draft(
    changes: Iterable[Change], cells: Iterable[Cell], aside: Mapping[Change, str] | None = None
) -> tuple[Incident, ...]:
    """Group changes into incidents without ids.

    Args:
        changes: the result of `find_changes`, in any order.
        cells: the cells that the changes were found in.
        aside: changes with a cause elsewhere, where changes and cells are of one country alone.
    """
    every = tuple(cells)
    clusters = select_changes(changes, every, aside).clusters
    of_country: defaultdict[CountryCode, list[Cell]] = defaultdict(list)
    countries = {one.changes[0].probe_cc for one in clusters}
    for cell in every:
        if cell.probe_cc in countries:
            of_country[cell.probe_cc].append(cell)
    grouped = [change for cluster in clusters for change in cluster.changes]
    partly = [change for change in grouped if change.partly]
    cells_of = cells_of_series(every, (change for change in grouped if not change.partly))
    traces_of = cells_of_series(as_interference(every), partly) if partly else {}
    return tuple(_incident(one, traces_of if _is_partly(one) else cells_of, of_country) for one in clusters)


def _is_partly(cluster: Cluster) -> bool:
    return cluster.changes[0].partly


def _incident(
    cluster: Cluster, cells_of: CellsOf, of_country: Mapping[CountryCode, Sequence[Cell]]
) -> Incident:
    ordered = sorted(cluster.changes, key=order)
    members = members_of(ordered, cells_of)
    earliest, latest = first_onset(cluster.sure)
    end_earliest, end_latest = incident_end(members) or (None, None)
    doubt = 1.0
    for change in ordered:
        doubt *= 1 - change.confidence
    strongest = sorted(ordered, key=lambda change: (-change.measurements * change.share, order(change)))
    draft = Incident(
        incident_id=IncidentId(""),
        kind=ordered[0].kind,
        probe_cc=ordered[0].probe_cc,
        asns=tuple(sorted({change.probe_asn for change in ordered})),
        access_tiers=tuple(sorted({change.access_tier for change in ordered})),
        targets=tuple(sorted({change.target for change in ordered if change.target})),
        mechanisms=deepest(m for change in ordered for m in change.mechanisms),
        onset_earliest=earliest,
        onset_latest=latest,
        onset_known=was_seen_to_begin(cluster.sure),
        end_earliest=end_earliest,
        end_latest=end_latest,
        measurements=sum(change.measurements for change in ordered),
        probes=max(change.probes for change in ordered),
        confidence=round(min(1 - doubt, _most_confidence(ordered)), 4),
        witnesses=tuple(dict.fromkeys(change.witness for change in strongest))[: t.INCIDENT_WITNESSES],
        sentence="",
        windows=cluster.windows or max((change.windows for change in ordered), key=len, default=()),
        reached=tuple(sorted({target for change in ordered for target in change.reached})),
        members=members,
        scopes=(*scopes_of(ordered, cells_of), *extent_of(ordered, of_country[ordered[0].probe_cc])),
    )
    return replace(draft, sentence=render_sentence(draft, own_resolver=cluster.own_resolver))


def _most_confidence(changes: Sequence[Change]) -> float:
    """Return the highest confidence that changes give: silences of a country are one piece of evidence."""
    if changes[0].kind is IncidentKind.SHUTDOWN and not any(change.measurements for change in changes):
        return max(change.confidence for change in changes)
    return t.HIGHEST_CONFIDENCE
