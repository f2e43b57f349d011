"""The view and the page of an incident."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from banwatch.bans.compare import announced_targets
from banwatch.detect.wording.members import render_hours
from banwatch.model.ban import Ban
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.member import Member
from banwatch.model.scope import is_partial
from banwatch.pages.figures.picture import PictureView
from banwatch.pages.links import Links
from banwatch.pages.naming.networks import name_and_number
from banwatch.pages.views.details import Detail
from banwatch.pages.views.happened.evidence import IncidentEvidence
from banwatch.pages.views.mechanism import MechanismView, view_mechanisms
from banwatch.pages.views.notices import Notice
from banwatch.pages.wording import ladder, moments, words
from banwatch.pages.wording.headline import shutdown_sentence
from banwatch.pages.wording.ladder import Rung

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
    end_label: str
    targets: tuple[tuple[str, str], ...]
    """Name and address of each."""
    people: str
    networks: tuple[tuple[str, str], ...]
    """Name with number, and address, of each."""
    mechanisms: tuple[MechanismView, ...]
    counts: str
    confidence: str
    witnesses: tuple[tuple[str, str], ...]
    """Id and address of the measurements that show the incident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView:
    """Member of an incident: a target on a network."""

    target: str
    target_href: str
    vantage: str
    network_href: str
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
    evidence: IncidentEvidence | None
    checks: tuple[Detail, ...]
    bundle_href: str
    links: Links

    @property
    def sample(self) -> str:
        """Return the number of measurements that show the incident."""
        return self.incident.counts

    def table(self) -> list[list[str]]:
        """Return the members as a table."""
        rows = [["target", "where", "began", "ended", "hours", "share", "measurements", "mechanisms"]]
        for one in self.members:
            mechanisms = " then ".join("; ".join(item.id for item in phase) for phase in one.phases)
            began, ended = f"{one.onset} {one.onset_exact}", f"{one.end} {one.end_exact}"
            rows.append([one.target, one.vantage, began, ended, one.hours, one.share, one.counts, mechanisms])
        return rows

    def picture(self) -> str:
        """Return the picture by the hour; empty where there is none."""
        return self.evidence.svg if self.evidence else ""


def view_incident(incident: Incident, links: Links) -> IncidentView:
    """Compute the view of an incident."""
    onset, onset_exact = _onset(incident, incident.probe_cc)
    last_at = max((member.last_at for member in incident.members), default=None)
    end, end_exact = _end(incident, incident.probe_cc, last_at)
    people = words.listed([words.tier(name) for name in incident.access_tiers]) or words.tier("")
    return IncidentView(
        id=incident.incident_id,
        href=links.incident(incident.incident_id),
        kind={
            IncidentKind.BLOCKING: "Interference",
            IncidentKind.SHUTDOWN: "No answer at all",
            IncidentKind.IMPAIRMENT: "Trouble of unclear cause",
        }[incident.kind],
        title=title_of(incident),
        sentence=sentence_of(incident),
        onset=onset,
        onset_exact=onset_exact,
        end=end,
        end_exact=end_exact,
        end_label="Ended" if incident.end_latest else "Lasts",
        targets=tuple((words.visible(target, 80), links.target(target)) for target in incident.targets),
        people=people,
        networks=tuple(
            (name_and_number(asn), links.network(incident.probe_cc, asn)) for asn in incident.asns
        ),
        mechanisms=view_mechanisms(incident.mechanisms, links),
        counts=f"{words.counted(incident.measurements, 'measurement')} from "
        f"{words.counted(incident.probes, 'separate probe or report', 'separate probes or reports')}",
        confidence=confidence_of(incident),
        witnesses=tuple(
            (words.visible(uid, 80), href) for uid in incident.witnesses if (href := links.measurement(uid))
        ),
    )


def title_of(incident: Incident) -> str:
    """Return the title of an incident: what, for whom, where, since when."""
    people = words.listed([words.tier(name) for name in incident.access_tiers if name])
    where = words.country(incident.probe_cc)
    for_whom = f" for {people} in {where}" if people else f" in {where}"
    onset, _ = _onset(incident, incident.probe_cc)
    when = f"since {onset.partition(',')[0]}"
    if incident.end_earliest is not None and incident.end_latest is not None:
        end = moments.between(incident.end_earliest, incident.end_latest, incident.probe_cc)
        began = onset.partition(",")[0]
        when = began if began == end else f"{began} to {end}"
    if incident.kind is IncidentKind.SHUTDOWN:
        abroad = " from abroad" if incident.reached else ""
        what = f"{ladder.word(Rung.SILENT)}{abroad}"
    elif incident.kind is IncidentKind.IMPAIRMENT:
        what = "Nearly everything failed or was slow, cause unclear,"
    else:
        part = "Partial interference" if is_partial(incident.scopes) else "Interference"
        if len(incident.targets) <= _MAX_NAMES:
            sites = words.listed([words.visible(target, 60) for target in incident.targets])
        else:
            sites = words.counted(len(incident.targets), "site")
        what = f"{part} with {sites}"
    return f"{what}{for_whom}, {when}"


def sentence_of(incident: Incident) -> str:
    """Describe an incident with its counts and their denominators, in the words of the ladder."""
    if incident.kind is IncidentKind.SHUTDOWN:
        return shutdown_sentence(incident)
    if incident.kind is IncidentKind.IMPAIRMENT:
        return incident.sentence
    could_tell = sum(member.measurements for member in incident.members)
    counted = sum(member.interfered for member in incident.members)
    mechanisms = words.listed([words.mechanism_briefly(name) for name in incident.mechanisms], 4)
    counts = (
        f"{counted:,} of {could_tell:,} measurements"
        if could_tell
        else f"{incident.measurements:,} measurements"
    )
    by = words.counted(incident.probes, "separate probe or report", "separate probes or reports")
    said = f"{counts} of that time, by {by}, showed {ladder.INTERFERENCE}"
    span = _span_of(incident)
    return f"{said}{f' ({mechanisms})' if mechanisms else ''}{f'; it lasted {span}' if span else ''}."


def confidence_of(incident: Incident) -> str:
    """Say of what one can be confident, and how much: that something changed, never why."""
    sure = words.percent(incident.confidence)
    if incident.kind is IncidentKind.SHUTDOWN:
        return f"{sure} that the silence is not chance, by the usual rhythm there; nothing on its cause"
    return (
        f"{sure} that the measurements changed at that time, by a hidden Markov model; nothing on who did it"
    )


def _span_of(incident: Incident) -> str:
    if incident.end_earliest is None or incident.end_latest is None:
        return ""
    onset = (incident.onset_earliest, incident.onset_latest)
    end = (incident.end_earliest, incident.end_latest)
    return moments.lasted(onset, end, onset_known=incident.onset_known)


def view_incident_page(
    incident: Incident,
    bans: Iterable[Ban],
    notices: Sequence[Notice],
    links: Links,
    *,
    pictures: Sequence[PictureView] = (),
    checks: Sequence[Detail] = (),
    evidence: IncidentEvidence | None = None,
) -> IncidentPage:
    """Compute the page of an incident: its members, its evidence, and the bans that announced it."""
    return IncidentPage(
        title=title_of(incident),
        notices=tuple(notices),
        incident=view_incident(incident, links),
        members=tuple(_view_member(member, links, incident.probe_cc) for member in incident.members),
        bans=tuple(_related(ban, incident, links) for ban in bans if _announces(ban, incident)),
        pictures=tuple(pictures),
        evidence=evidence,
        checks=tuple(checks),
        bundle_href=links.bundle(),
        links=links,
    )


def _view_member(member: Member, links: Links, country: str) -> MemberView:
    onset, onset_exact = _onset(member, country)
    end, end_exact = _end(member, country, member.last_at)
    people = f"{words.tier(member.access_tier)}, " if member.access_tier else ""
    phases = [phase.mechanisms for phase in member.phases] or [member.mechanisms]
    return MemberView(
        target=words.visible(member.target, 80) or "the network as a whole",
        target_href=links.target(member.target) if member.target else "",
        vantage=f"{people}{name_and_number(member.probe_asn)}",
        network_href=links.network(country, member.probe_asn),
        onset=onset,
        onset_exact=onset_exact,
        end=end,
        end_exact=end_exact,
        hours=render_hours(member.hours) if member.hours else "",
        share=words.percent(member.share),
        counts=f"{member.interfered:,} of {member.measurements:,}"
        if member.target
        else f"{member.measurements:,}",
        phases=tuple(view_mechanisms(mechanisms, links) for mechanisms in phases),
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


def _onset(found: Incident | Member, country: str) -> tuple[str, str]:
    if found.onset_known:
        interval = (found.onset_earliest, found.onset_latest)
        return moments.between(*interval, country), moments.exactly(*interval, country)
    first = words.day(moments.local(found.onset_earliest, country).date())
    exact = f"already so in the first measurement, {moments.moment(found.onset_latest, country)}"
    return f"before {first}, when measuring began", exact


def _end(found: Incident | Member, country: str, last_at: datetime | None) -> tuple[str, str]:
    if found.end_earliest is None or found.end_latest is None:
        if last_at is None:
            return "not seen to end", ""
        return "still so when last measured", moments.moment(last_at, country)
    interval = (found.end_earliest, found.end_latest)
    return moments.between(*interval, country), moments.exactly(*interval, country)
