"""Comparison of a ban with the measurements: every target, network and access tier of its country."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from banwatch.bans import period
from banwatch.bans import thresholds as t
from banwatch.model.ban import UNSPECIFIED, Ban, Comparison, Measured, Relation
from banwatch.model.cell import Cell
from banwatch.model.ids import Asn, MeasurementUid, TargetName
from banwatch.model.incident import Change, IncidentKind
from banwatch.model.mechanism import deepest

_ComparedSeries = tuple[TargetName, Asn, str]


def compare(ban: Ban, cells: Iterable[Cell], changes: Iterable[Change]) -> tuple[Comparison, ...]:
    """Compare a ban with the measurements made in its country.

    Args:
        ban: the announced ban.
        cells: cells of any country, in any order.
        changes: the changes that `find_changes` found in them.

    Returns:
        One comparison for every target on every network and tier that was measured, announced or not, and for
        every announced target on every network that the ban binds, measured or not. Sorted by target, network
        and tier.
    """
    covered = period.period_of(ban)
    cells_of: defaultdict[_ComparedSeries, list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.probe_cc == ban.country and covered[0] <= cell.hour <= covered[1]:
            cells_of[cell.target, cell.probe_asn, cell.access_tier].append(cell)
    changes_of: defaultdict[_ComparedSeries, list[Change]] = defaultdict(list)
    for change in changes:
        if (
            change.probe_cc == ban.country
            and change.kind is IncidentKind.BLOCKING
            and not change.partly  # the target was reached all the same
            and period.overlaps(change, covered)
        ):
            changes_of[change.target, change.probe_asn, change.access_tier].append(change)
    keys = set(cells_of) | {
        (target, network.asn, network.access_tier)
        for network in ban.binds
        if network.asn
        for target in announced_targets(ban)
    }
    return tuple(
        _compare_series(
            ban,
            key,
            sorted(cells_of[key], key=lambda cell: cell.hour),
            sorted(changes_of[key], key=lambda change: change.onset_latest),
        )
        for key in sorted(keys)
    )


def announced_targets(ban: Ban) -> frozenset[TargetName]:
    """Return the targets that a ban names, and those that stand for its categories."""
    return frozenset(ban.targets) | {target for _, target in ban.category_targets}


def binds(ban: Ban, asn: Asn, access_tier: str) -> bool:
    """Return whether a ban binds a network and tier; a ban that names no network binds all of the country."""
    if not ban.binds:
        return True
    return any(network.asn in (0, asn) and network.access_tier in ("", access_tier) for network in ban.binds)


def _compare_series(
    ban: Ban, key: _ComparedSeries, cells: Sequence[Cell], changes: Sequence[Change]
) -> Comparison:
    target, asn, access_tier = key
    named = target in announced_targets(ban)
    relation: tuple[str, ...] = ()
    informative = _informative(cells)
    interfered = sum(_interfered(cell) for cell in cells)
    voices = {voice for cell in cells for voice in cell.accusers}
    since: tuple[datetime, datetime] | None = None
    until: tuple[datetime, datetime] | None = None
    since_known = False
    showing: Sequence[Cell] = ()
    during: Sequence[Cell] = ()
    if not informative:
        measured = Measured.NO_DATA
    elif changes:
        first, last = changes[0], changes[-1]
        since = (first.onset_earliest, first.onset_latest)
        since_known = first.onset_known
        if last.end_earliest is not None and last.end_latest is not None:
            until = (last.end_earliest, last.end_latest)
        showing = _within(cells, since[0], until)
        during = _within(cells, since[1], until)
        measured = _degree(ban, cells, changes, since[1])
        announced = named and binds(ban, asn, access_tier)
        relation = period.relations(ban, announced, changes)
    elif interfered >= t.PARTLY_MEASUREMENTS and len(voices) >= t.PARTLY_MEASUREMENTS:
        showing = [cell for cell in cells if _interfered(cell)]
        measured = Measured.PARTLY
    else:
        measured = Measured.NOT_ENFORCED
    if ban.regions and informative and named and binds(ban, asn, access_tier):
        relation = tuple(sorted({*relation, Relation.IN_PART}))
    accusing = [cell for cell in showing if _interfered(cell)]
    return Comparison(
        ban_id=ban.ban_id,
        target=target,
        category=next((code for code, stands in ban.category_targets if stands == target), ""),
        probe_cc=ban.country,
        probe_asn=asn,
        access_tier=access_tier,
        announced=named and binds(ban, asn, access_tier),
        measured=measured,
        since=since,
        until=until,
        since_known=since_known,
        mechanisms=deepest(m for cell in accusing for m in cell.mechanisms),
        measurements=informative,
        interfered=interfered,
        witness=_witness(accusing),
        relation=relation,
        during=_informative(during),
        interfered_during=sum(_interfered(cell) for cell in during),
        settled=sum(cell.blocked for cell in cells),
        tampered=sum(cell.tampered for cell in cells),
    )


def _degree(ban: Ban, cells: Sequence[Cell], changes: Sequence[Change], began: datetime) -> Measured:
    """Return `enforced` where nearly all informative measurements show it, until its end or the ban's."""
    last = changes[-1]
    until = (last.end_earliest, last.end_latest) if last.end_earliest and last.end_latest else None
    during = _within(cells, began, until)
    informative = _informative(during)
    showed = sum(_interfered(cell) for cell in during)
    if not informative or showed < t.ENFORCED_SHARE * informative:
        return Measured.PARTLY
    if until is not None and _while_in_force(ban, until[1], cells):
        return Measured.PARTLY
    return Measured.ENFORCED


def _while_in_force(ban: Ban, ended: datetime, cells: Sequence[Cell]) -> bool:
    """Return whether a block ended while the ban was announced to be in force, as far as data reach."""
    if ban.ends == UNSPECIFIED:
        return any(cell.ok and cell.last_at >= ended for cell in cells)
    return ended < period.first_moment(ban.ends) - timedelta(hours=t.ZONE_MARGIN_HOURS)


def _within(
    cells: Sequence[Cell], since: datetime, until: tuple[datetime, datetime] | None
) -> Sequence[Cell]:
    return [cell for cell in cells if cell.last_at >= since and (until is None or cell.first_at <= until[0])]


def _informative(cells: Sequence[Cell]) -> int:
    """Count the measurements that could tell."""
    return sum(_interfered(cell) + cell.ok for cell in cells)


def _interfered(cell: Cell) -> int:
    return cell.blocked + cell.likely_blocked + cell.tampered


def _witness(cells: Sequence[Cell]) -> MeasurementUid | None:
    if not cells:
        return None
    return min(
        cells,
        key=lambda cell: (not cell.blocked, not cell.likely_blocked, cell.first_at, cell.witness),
    ).witness
