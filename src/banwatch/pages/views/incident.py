"""The view and the page of an incident."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from banwatch.bans.compare import announced_targets
from banwatch.detect.wording.members import render_hours
from banwatch.model.ban import Ban
from banwatch.model.ids import render_asn
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.member import Member
from banwatch.model.scope import is_partial
from banwatch.pages.figures.picture import PictureView
from banwatch.pages.links import Links
from banwatch.pages.views.details import Detail
from banwatch.pages.views.mechanism import MechanismView, view_mechanisms
from banwatch.pages.views.notices import Notice
from banwatch.pages.wording import words

_MAX_NAMES = 3
"""Targets named in a title; more are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """Incident, ready to print."""

    id: str
    href: str
    kind: str
    title: str
    sentence: str
    onset: str
    onset_exact: str
    end: str
    end_exact: str
    targets: tuple[str, ...]
    people: str
    networks: str
    mechanisms: tuple[MechanismView, ...]
    counts: str
    confidence: str
    witnesses: tuple[tuple[str, str], ...]
    """Id and address of the measurements that show the incident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView:
    """Member of an incident: a target on a network."""

    target: str
    vantage: str
    onset: str
    onset_exact: str
    end: str
    end_exact: str
    hours: str
    share: str
    counts: str
    phases: tuple[tuple[MechanismView, ...], ...]
    """Mechanisms in order of time; one entry, where they did not change."""
    witness: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedBan:
    """Ban that announced some of an incident's targets."""

    title: str
    href: str
    announced: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPage:
    """Content of the page of an incident."""

    title: str
    notices: tuple[Notice, ...]
    incident: IncidentView
    members: tuple[MemberView, ...]
    bans: tuple[RelatedBan, ...]
    pictures: tuple[PictureView, ...]
    checks: tuple[Detail, ...]
    bundle_href: str
    links: Links


def view_incident(incident: Incident, links: Links) -> IncidentView:
    """Compute the view of an incident."""
    onset, onset_exact = _onset(
        incident.onset_earliest, incident.onset_latest, onset_known=incident.onset_known
    )
    end, end_exact = _end(incident.end_earliest, incident.end_latest)
    people = words.listed([words.tier(name) for name in incident.access_tiers]) or words.tier("")
    return IncidentView(
        id=incident.incident_id,
        href=links.incident(incident.incident_id),
        kind={IncidentKind.BLOCKING: "Blocking", IncidentKind.SHUTDOWN: "Shutdown"}[incident.kind],
        title=title_of(incident),
        sentence=words.visible(incident.sentence, 1000),
        onset=onset,
        onset_exact=onset_exact,
        end=end,
        end_exact=end_exact,
        targets=tuple(words.visible(target, 80) for target in incident.targets),
        people=people,
        networks=words.listed([render_asn(asn) for asn in incident.asns]),
        mechanisms=view_mechanisms(incident.mechanisms),
        counts=f"{words.counted(incident.measurements, 'measurement')} from "
        f"{words.counted(incident.probes, 'separate probe or report', 'separate probes or reports')}",
        confidence=words.percent(incident.confidence),
        witnesses=tuple(
            (words.visible(uid, 80), href) for uid in incident.witnesses if (href := links.measurement(uid))
        ),
    )


def title_of(incident: Incident) -> str:
    """Return the title of an incident: what, for whom, where, since when."""
    people = words.listed([words.tier(name) for name in incident.access_tiers if name])
    where = words.country(incident.probe_cc)
    for_whom = f" for {people} in {where}" if people else f" in {where}"
    onset, _ = _onset(incident.onset_earliest, incident.onset_latest, onset_known=incident.onset_known)
    when = f"since {onset}" if incident.onset_known else f"since {onset.partition(',')[0]}"
    if incident.end_earliest is not None and incident.end_latest is not None:
        when = f"{onset.partition(',')[0]} to {words.between(incident.end_earliest, incident.end_latest)}"
    blocked = "blocked in part" if is_partial(incident.scopes) else "blocked"
    if incident.kind is IncidentKind.SHUTDOWN:
        what = "The network shut down"
    elif len(incident.targets) <= _MAX_NAMES:
        what = f"{words.listed([words.visible(target, 60) for target in incident.targets])} {blocked}"
    else:
        what = f"{words.counted(len(incident.targets), 'site')} {blocked}"
        what = what[0].upper() + what[1:]
    return f"{what}{for_whom}, {when}"


def view_incident_page(
    incident: Incident,
    bans: Iterable[Ban],
    notices: Sequence[Notice],
    links: Links,
    *,
    pictures: Sequence[PictureView] = (),
    checks: Sequence[Detail] = (),
) -> IncidentPage:
    """Compute the page of an incident: its members, and the bans that announced it."""
    return IncidentPage(
        title=title_of(incident),
        notices=tuple(notices),
        incident=view_incident(incident, links),
        members=tuple(_view_member(member, links) for member in incident.members),
        bans=tuple(_related(ban, incident, links) for ban in bans if _announces(ban, incident)),
        pictures=tuple(pictures),
        checks=tuple(checks),
        bundle_href=links.bundle(),
        links=links,
    )


def _view_member(member: Member, links: Links) -> MemberView:
    onset, onset_exact = _onset(member.onset_earliest, member.onset_latest, onset_known=member.onset_known)
    end, end_exact = _end(member.end_earliest, member.end_latest)
    people = f"{words.tier(member.access_tier)}, " if member.access_tier else ""
    phases = [phase.mechanisms for phase in member.phases] or [member.mechanisms]
    return MemberView(
        target=words.visible(member.target, 80) or "the network as a whole",
        vantage=f"{people}{render_asn(member.probe_asn)}",
        onset=onset,
        onset_exact=onset_exact,
        end=end,
        end_exact=end_exact or f"last shown {words.exact(member.last_at)}",
        hours=render_hours(member.hours) if member.hours else "",
        share=words.percent(member.share),
        counts=f"{member.measurements:,}",
        phases=tuple(view_mechanisms(mechanisms) for mechanisms in phases),
        witness=next((href for uid in member.witnesses if (href := links.measurement(uid))), ""),
    )


def _announces(ban: Ban, incident: Incident) -> bool:
    return ban.country == incident.probe_cc and bool(announced_targets(ban) & set(incident.targets))


def _related(ban: Ban, incident: Incident, links: Links) -> RelatedBan:
    announced = announced_targets(ban) & set(incident.targets)
    rest = len(incident.targets) - len(announced)
    said = f"announced {words.counted(len(announced), 'of these sites', 'of these sites')}"
    if rest:
        said += f"; {words.number(rest)} {'was' if rest == 1 else 'were'} not announced"
    return RelatedBan(title=ban.title, href=links.ban(ban.ban_id), announced=said)


def _onset(earliest: datetime, latest: datetime, *, onset_known: bool) -> tuple[str, str]:
    if onset_known:
        return words.between(earliest, latest), words.exact_between(earliest, latest)
    said = f"before {words.day(earliest.date())}, when measuring began"
    return said, f"already so in the first measurement, {words.exact(latest)}"


def _end(earliest: datetime | None, latest: datetime | None) -> tuple[str, str]:
    if earliest is None or latest is None:
        return "not yet, by the last measurement", ""
    return words.between(earliest, latest), words.exact_between(earliest, latest)
