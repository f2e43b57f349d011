"""Reasons for an incident: evidence for and against it, and the measurements that would refute it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from banwatch.detect import thresholds as t
from banwatch.detect.votes.by_resolver import ByResolver, by_resolver
from banwatch.detect.votes.series import informative_in, interfered_in
from banwatch.detect.votes.traces import as_interference
from banwatch.detect.wording.lists import listed
from banwatch.detect.wording.members import member_lines
from banwatch.model.cell import Cell
from banwatch.model.ids import TargetName, render_asn
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.scope import is_partial

_BEFORE = timedelta(days=t.BEFORE_DAYS)


def reasons(incident: Incident, cells: Iterable[Cell]) -> tuple[str, ...]:
    """Return the reasons in sentences that a reader can check against the measurements.

    Args:
        incident: an incident that `group` returned.
        cells: the cells that it was found in.
    """
    mine = [
        cell
        for cell in (as_interference(cells) if is_partial(incident.scopes) else cells)
        if cell.probe_cc == incident.probe_cc
        and cell.probe_asn in incident.asns
        and cell.access_tier in incident.access_tiers
        and (not incident.targets or cell.target in incident.targets)
    ]
    over = incident.end_latest
    during = [
        cell
        for cell in mine
        if (
            cell.last_at >= incident.onset_latest
            or (interfered_in(cell) and cell.last_at >= incident.onset_earliest)
        )
        and (over is None or cell.first_at < over)
    ]
    week = (incident.onset_earliest - _BEFORE, incident.onset_earliest)
    before = [cell for cell in mine if incident.onset_known and week[0] <= cell.last_at <= week[1]]
    if incident.kind is IncidentKind.SHUTDOWN:
        return (*_of_shutdown(incident, during, before), *member_lines(incident))
    if incident.kind is IncidentKind.IMPAIRMENT:
        return (*_of_impairment(incident, during, before), *member_lines(incident))
    return (*_of_blocking(incident, during, before), *member_lines(incident))


def _of_impairment(incident: Incident, during: Sequence[Cell], before: Sequence[Cell]) -> tuple[str, ...]:
    over = incident.end_earliest
    mine = [cell for cell in during if over is None or cell.last_at <= over]
    targets = {cell.target for cell in mine if cell.impaired}
    loaded = sum(cell.ok for cell in before)
    failed = sum(cell.impaired for cell in before)
    return (
        f"For it: {incident.measurements} measurements of {len(targets)} targets did not load on "
        f"{', '.join(render_asn(asn) for asn in incident.asns)}, none of them with a sign of interference.",
        f"Before it: {loaded} loaded and {failed} did not in the week before it began.",
        f"Against it: {sum(cell.ok for cell in mine)} measurements in that time loaded.",
        "Its cause is not known: an overload, a damaged line and throttling of everything look "
        "the same. Measurements of speed from there, and of other networks then, would tell more.",
    )


def _of_blocking(incident: Incident, during: Sequence[Cell], before: Sequence[Cell]) -> tuple[str, ...]:
    voices = {voice for cell in during for voice in cell.accusers}
    against = sorted({cell.witness for cell in during if cell.ok and not interfered_in(cell)})
    worked = sum(cell.ok for cell in during)
    lines = [
        f"For it: {_count(during)} measurements showed interference, by {len(voices) or 'unnamed'} voices on "
        f"{', '.join(render_asn(asn) for asn in incident.asns)}.",
        f"Before it: {_count(before)} in the week before it began."
        if before
        else "Before it: no measurement could tell in the week before, so nobody saw it begin.",
    ]
    if worked:
        named = (
            ", ".join(against[: t.WITNESSES_AGAINST]) or "all of them in hours that also showed interference"
        )
        lines.append(f"Against it: {worked} measurements in that time saw a target work ({named}).")
    else:
        lines.append("Against it: no measurement in that time saw a target work.")
    lines.extend(_by_resolver(incident, during))
    lines.append(
        "It would be refuted by good measurements from other probes on the same networks in that time, or by "
        "the same failure in unrelated countries in the same hours."
    )
    return tuple(lines)


def _by_resolver(incident: Incident, during: Sequence[Cell]) -> Iterator[str]:
    """Yield sentences on the resolvers with which it shows, where both kinds were asked."""
    only: dict[TargetName, ByResolver] = {}
    both: dict[TargetName, ByResolver] = {}
    of_target: defaultdict[TargetName, list[Cell]] = defaultdict(list)
    for cell in during:
        of_target[cell.target].append(cell)
    for target in incident.targets:
        if found := by_resolver(of_target[target]):
            (only if found.only_own else both)[target] = found
    if only:
        yield (
            f"It shows only with the network's own resolver, and public ones reached it: {_days(only)}. "
            "So it would be refuted, too, by the same failure with public resolvers."
        )
    if both:
        yield f"Whose resolver is asked makes no sure difference: {_days(both)}."


def _days(found: Mapping[TargetName, ByResolver]) -> str:
    every = found.values()
    own = f"{sum(one.own_accusing for one in every):.4g} of {sum(one.own_days for one in every)}"
    public = f"{sum(one.public_accusing for one in every):.4g} of {sum(one.public_days for one in every)}"
    return f"of {listed(sorted(found))}, {own} voices' days with its own showed it, {public} with public ones"


def _of_shutdown(incident: Incident, during: Sequence[Cell], before: Sequence[Cell]) -> tuple[str, ...]:
    over = incident.end_earliest
    during = [cell for cell in during if over is None or cell.last_at <= over]
    when = "in that time"
    if incident.windows:  # the hours between are no part of it
        spans = [[datetime.fromisoformat(part) for part in text.split("/")] for text in incident.windows]
        during = [cell for cell in during if any(a < cell.first_at and cell.last_at < b for a, b in spans)]
        when = "in these hours"
    abroad = [cell for cell in during if cell.target not in incident.reached]
    silent = sum(cell.silent for cell in during)
    hours = len({cell.hour for cell in before if informative_in(cell)})
    counted = [cell for cell in abroad if cell.first_at > incident.onset_latest]
    answered = sum(cell.ok if incident.reached else informative_in(cell) for cell in counted)
    networks = ", ".join(render_asn(asn) for asn in incident.asns)
    if incident.reached:
        speaks = f"{incident.measurements} measurements of sites abroad failed on {networks}"
        against = f"{answered} measurements of sites abroad loaded {when}"
    else:
        speaks = f"{silent} measurements found nothing that answered, and the rest of the usual was missing"
        speaks += f" on {networks}"
        against = f"{answered} measurements {when} reached something"
    return (
        f"For it: {speaks}.",
        f"Before it: {hours} hours with measurements in the week before.",
        f"Against it: {against}.",
        f"It would be refuted by what several probes measured there {when}, also if it comes late.",
    )


def _count(cells: Sequence[Cell]) -> str:
    return f"{sum(interfered_in(cell) for cell in cells)} of {sum(informative_in(cell) for cell in cells)}"
