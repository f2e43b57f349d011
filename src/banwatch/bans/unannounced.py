"""Incidents that no ban announces: the reverse of the comparison.

A ban is held against the members of an incident, not against the whole: one target on one network at one time
must be what was announced. A ban that recurs is held against what comes and goes.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from banwatch.bans import thresholds as t
from banwatch.bans.compare import announced_targets, binds
from banwatch.bans.period import Period, period_of
from banwatch.model.ban import Ban
from banwatch.model.ids import Asn, TargetName
from banwatch.model.incident import Incident, IncidentKind

_Times = tuple[tuple[datetime, datetime | None], ...]
_LEAST = timedelta(days=t.LEAST_OVERLAP_DAYS)


def unannounced(incidents: Iterable[Incident], bans: Iterable[Ban]) -> tuple[Incident, ...]:
    """Return the incidents of which no ban announces any part, in the order given."""
    register = tuple(bans)
    return tuple(one for one in incidents if not any(announces(ban, one) for ban in register))


def announces(ban: Ban, incident: Incident) -> bool:
    """Return whether a ban announces part of an incident: one member's target, network and time agree."""
    if ban.country != incident.probe_cc:
        return False
    return any(
        binds(ban, asn, tier) and _is_about(ban, incident, target) and _in_time(ban, times)
        for target, asn, tier, times in _rows(incident)
    )


def announced_members(ban: Ban, incident: Incident) -> tuple[tuple[TargetName, Asn, str], ...]:
    """Return the members that a ban announces, as target, network and tier: the rest is beyond it."""
    return tuple(
        (target, asn, tier)
        for target, asn, tier, times in _rows(incident)
        if binds(ban, asn, tier) and _is_about(ban, incident, target) and _in_time(ban, times)
    )


def _rows(incident: Incident) -> Iterable[tuple[TargetName, Asn, str, _Times]]:
    """Yield the members of an incident with their times; of one without members, each that it may have."""
    if incident.members:
        for one in incident.members:
            times = _windows(one.windows) or ((one.onset_latest, one.end_latest),)
            yield one.target, one.probe_asn, one.access_tier, times
        return
    whole: _Times = _windows(incident.windows) or ((incident.onset_latest, incident.end_latest),)
    for target in incident.targets or (TargetName(""),):
        for asn in incident.asns:
            for tier in incident.access_tiers:
                yield target, asn, tier, whole


def _windows(windows: Iterable[str]) -> _Times:
    pairs = (window.split("/") for window in windows)
    return tuple((datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in pairs)


def _is_about(ban: Ban, incident: Incident, target: TargetName) -> bool:
    if incident.kind is not IncidentKind.BLOCKING:
        return ban.shutdown
    return target in announced_targets(ban)


def _in_time(ban: Ban, times: _Times) -> bool:
    """Return whether one of the times lies in a ban's period, and is as long as what it announces.

    Of what recurs, the hours between its times are no part of it. A ban that recurs for some hours of a day
    announces no silence of weeks.
    """
    covered = period_of(ban)
    return any(
        _reaches(begin, end, covered) and not (ban.recurs and _longer_than_a_day(begin, end))
        for begin, end in times
    )


def _longer_than_a_day(begin: datetime, end: datetime | None) -> bool:
    return end is None or end - begin > timedelta(hours=t.RECURRING_LONGEST_HOURS)


def _reaches(begin: datetime, end: datetime | None, covered: Period) -> bool:
    earliest, latest = covered
    return begin <= latest and (end is None or end - _LEAST >= earliest)
