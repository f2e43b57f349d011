"""Extent of an incident: networks that went on while others were silent, and everything on a network."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from banwatch.detect import thresholds as t
from banwatch.detect.incidents import thresholds as own
from banwatch.detect.votes.series import answered_in, informative_in
from banwatch.model.cell import Cell
from banwatch.model.ids import Asn, TargetName, render_asn
from banwatch.model.incident import Change, IncidentKind
from banwatch.model.scope import Scope, ScopeKind


def extent_of(changes: Sequence[Change], cells: Sequence[Cell]) -> tuple[Scope, ...]:
    """Return the scopes that follow from what else was measured in the country in that time.

    Args:
        changes: the changes of an incident.
        cells: cells of its country.
    """
    since = max(change.onset_latest for change in changes)
    ends = [change.end_earliest for change in changes]
    until = None if None in ends else min(end for end in ends if end)
    meanwhile = [cell for cell in cells if cell.hour >= since and (until is None or cell.last_at <= until)]
    if changes[0].kind is not IncidentKind.BLOCKING:
        return _networks(changes, meanwhile, cells)
    return _everything(changes, meanwhile)


def _networks(
    changes: Sequence[Change], meanwhile: Sequence[Cell], cells: Sequence[Cell]
) -> tuple[Scope, ...]:
    """Return whether other networks of the country went on, of those that usually measure."""
    if any(change.windows for change in changes):
        return ()
    silent = {change.probe_asn for change in changes}
    tiers = {change.access_tier for change in changes}
    first = min(change.onset_latest for change in changes)
    hours: defaultdict[Asn, set[datetime]] = defaultdict(set)
    voices: defaultdict[Asn, set[str]] = defaultdict(set)
    for cell in meanwhile:
        if answered_in(cell) and cell.probe_asn not in silent and cell.access_tier in tiers:
            hours[cell.probe_asn].add(cell.hour)
            voices[cell.probe_asn] |= {*cell.accusers, *cell.absolvers}
    week = timedelta(days=t.BEFORE_DAYS)
    usual = {cell.probe_asn for cell in cells if first - week <= cell.hour < first and answered_in(cell)}
    went_on = sorted(
        asn
        for asn, of_network in hours.items()
        if len(of_network) >= own.WENT_ON_HOURS and len(voices[asn]) >= t.MINIMUM_VOICES and asn in usual
    )
    if not went_on:
        return ()
    return (
        Scope(
            kind=ScopeKind.NETWORKS,
            name=", ".join(render_asn(asn) for asn in sorted(silent)),
            targets=(),
            beside=tuple(render_asn(asn) for asn in went_on),
        ),
    )


def _everything(changes: Sequence[Change], meanwhile: Sequence[Cell]) -> tuple[Scope, ...]:
    """Return whether nearly all targets of the incident's networks were interfered with."""
    networks = {(change.probe_asn, change.access_tier) for change in changes}
    hit = {change.target for change in changes}
    measured: set[TargetName] = set()
    for cell in meanwhile:
        if (cell.probe_asn, cell.access_tier) in networks and informative_in(cell):
            measured.add(cell.target)
    if len(hit & measured) < own.EVERYTHING_TARGETS or len(hit & measured) < own.EVERYTHING_SHARE * len(
        measured
    ):
        return ()
    beside = tuple(sorted(str(name) for name in measured - hit))
    return (
        Scope(kind=ScopeKind.EVERYTHING, name=str(len(measured)), targets=tuple(sorted(hit)), beside=beside),
    )
