"""Incidents that no ban announces: the reverse of the comparison."""

from collections.abc import Iterable
from datetime import timedelta

from banwatch.bans import thresholds as t
from banwatch.bans.compare import announced_targets, binds
from banwatch.bans.period import period_of
from banwatch.model.ban import Ban
from banwatch.model.incident import Incident, IncidentKind


def unannounced(incidents: Iterable[Incident], bans: Iterable[Ban]) -> tuple[Incident, ...]:
    """Return the incidents of which no ban announces any part, in the order given."""
    register = tuple(bans)
    return tuple(one for one in incidents if not any(announces(ban, one) for ban in register))


def announces(ban: Ban, incident: Incident) -> bool:
    """Return whether a ban announces part of an incident: country, time, a network and a target agree."""
    if ban.country != incident.probe_cc:
        return False
    earliest, latest = period_of(ban)
    over = incident.end_latest
    if incident.onset_latest > latest or (
        over is not None and over < earliest + timedelta(days=t.LEAST_OVERLAP_DAYS)
    ):
        return False
    if not any(binds(ban, asn, tier) for asn in incident.asns for tier in incident.access_tiers):
        return False
    if incident.kind is IncidentKind.SHUTDOWN:
        return ban.shutdown
    return not announced_targets(ban).isdisjoint(incident.targets)
