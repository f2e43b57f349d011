"""Sentences on the members of an incident: freed earlier, changed mechanisms, and a line for each."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from banwatch.detect import thresholds as t
from banwatch.detect.wording.lists import listed
from banwatch.detect.wording.moments import render_bounds, render_moment
from banwatch.model.ids import Asn, render_asn
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.member import Member, by_target, target_end

_FREED = timedelta(hours=t.FREED_HOURS)


def freed_earlier(incident: Incident) -> str:
    """Return a clause on targets, or networks, that worked again before the incident ended; else empty."""
    named = _freed_targets(incident) or _freed_networks(incident)
    if not named:
        return ""
    return "freed earlier: " + listed([f"{name} by {render_moment(end)}" for name, end in named])


def _freed_targets(incident: Incident) -> list[tuple[str, datetime]]:
    found = []
    for target, members in by_target(incident.members).items():
        end = target_end(members)
        if target and end and (not incident.end_earliest or end[1] + _FREED <= incident.end_earliest):
            found.append((str(target), end[1]))
    return sorted(found, key=lambda one: (one[1], one[0]))


def _freed_networks(incident: Incident) -> list[tuple[str, datetime]]:
    of_network: dict[Asn, list[Member]] = {}
    for one in incident.members:
        of_network.setdefault(one.probe_asn, []).append(one)
    found = []
    for asn, members in of_network.items():
        ends = [one.end_latest for one in members if one.end_latest]
        if len(ends) < len(members):
            continue
        latest = max(ends)
        if not incident.end_earliest or latest + _FREED <= incident.end_earliest:
            found.append((render_asn(asn), latest))
    return sorted(found, key=lambda one: (one[1], one[0]))


def changed_mechanism(incident: Incident) -> str:
    """Return a clause on a change of mechanism that most of the members with one had; else empty."""
    changed = [one for one in incident.members if len(one.phases) > 1]
    if not changed:
        return ""
    steps = [step for one in changed for step in pairwise(one.phases)]
    ways = Counter((before.mechanisms, after.mechanisms) for before, after in steps)
    way, _ = min(ways.items(), key=lambda item: (-item[1], item[0]))
    begun = min(new.first_at for old, new in steps if (old.mechanisms, new.mechanisms) == way)
    where = "" if len(changed) == len(incident.members) else f" on {len(changed)} of its members"
    before, after = map(_named, way)
    return f"the mechanism changed{where} from {before} to {after}, first seen {render_moment(begun)}"


def member_lines(incident: Incident) -> Iterator[str]:
    """Yield a line for each member, up to a limit, and the number of the rest."""
    for one in incident.members[: t.MEMBERS_IN_TEXT]:
        yield f"Member: {_line(one, incident)}"
    rest = len(incident.members) - t.MEMBERS_IN_TEXT
    if rest > 0:
        yield f"And {rest} more members; `--json` lists them all."


def _line(one: Member, incident: Incident) -> str:
    where = f"{one.target} on {render_asn(one.probe_asn)}" if one.target else render_asn(one.probe_asn)
    where += f" ({one.access_tier} access)" if one.access_tier else ""
    began = (
        _between(one.onset_earliest, one.onset_latest)
        if one.onset_known
        else (f"before {render_moment(one.onset_latest)}, when it was first measured")
    )
    if one.end_earliest is not None and one.end_latest is not None:
        ended = f"ended {_between(one.end_earliest, one.end_latest)}"
    else:
        ended = f"not seen to end, last shown {render_moment(one.last_at)}"
    parts = [f"{where}: began {began}, {ended}"]
    if len(one.windows) > 1:
        parts.append(f"{len(one.windows)} times")
    if incident.reached:
        parts.append(f"{one.measurements} measurements of sites abroad failed")
    elif incident.kind is IncidentKind.SHUTDOWN:
        parts.append(f"{one.measurements} measurements in which nothing answered")
    elif incident.kind is IncidentKind.IMPAIRMENT:
        parts.append(f"{one.measurements} measurements that did not load, for an unclear cause")
    else:
        parts.append(
            f"{one.interfered} of {one.measurements} measurements showed it ({one.share:.0%}), "
            f"by {one.probes} {'voice' if one.probes == 1 else 'voices'}"
        )
        parts.append(", then ".join(_named(phase.mechanisms) for phase in one.phases))
        parts.append(f"seen at {render_hours(one.hours)}")
    parts.append(f"witnesses {', '.join(one.witnesses)}")
    return "; ".join(part for part in parts if part) + "."


def render_hours(hours: Sequence[int]) -> str:
    """Return hours of the day as `18:00 to 23:00 UTC`; both ends of an arc are full hours."""
    if len(hours) >= 24 - t.HOURS_MISSED_OF_ALL or not hours:
        return "all hours of the day"
    present = set(hours)
    begins = [hour for hour in hours if (hour - 1) % 24 not in present]
    arcs = []
    for begin in begins:
        end = begin
        while (end + 1) % 24 in present and end - begin < 24:
            end += 1
        arcs.append(f"{begin:02}:00 to {(end + 1) % 24:02}:00")
    if len(arcs) > t.NAMES_IN_A_LIST:
        return f"{len(hours)} of the day's 24 hours"
    return listed(arcs) + " UTC"


def _named(mechanisms: Sequence[str]) -> str:
    return listed(list(mechanisms)) if mechanisms else "an unnamed mechanism"


def _between(earliest: datetime, latest: datetime) -> str:
    return render_moment(latest) if earliest == latest else f"between {render_bounds(earliest, latest)}"
