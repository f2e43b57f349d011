"""The view and the page of an incident."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from banwatch.bans.compare import announced_targets
from banwatch.model.ban import Ban
from banwatch.model.ids import render_asn
from banwatch.model.incident import Change, Incident, IncidentKind
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
class ChangeView:
    """Stretch of interference that belongs to an incident."""

    target: str
    vantage: str
    onset: str
    onset_exact: str
    end: str
    end_exact: str
    share: str
    counts: str
    mechanisms: tuple[MechanismView, ...]
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
    changes: tuple[ChangeView, ...]
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
    if incident.kind is IncidentKind.SHUTDOWN:
        what = "The network shut down"
    elif len(incident.targets) <= _MAX_NAMES:
        what = f"{words.listed([words.visible(target, 60) for target in incident.targets])} blocked"
    else:
        what = f"{words.counted(len(incident.targets), 'site')} blocked"
        what = what[0].upper() + what[1:]
    return f"{what}{for_whom}, {when}"


def view_incident_page(
    incident: Incident,
    changes: Iterable[Change],
    bans: Iterable[Ban],
    notices: Sequence[Notice],
    links: Links,
    *,
    pictures: Sequence[PictureView] = (),
    checks: Sequence[Detail] = (),
) -> IncidentPage:
    """Compute the page of an incident: its stretches, and the bans that announced it."""
    return IncidentPage(
        title=title_of(incident),
        notices=tuple(notices),
        incident=view_incident(incident, links),
        changes=tuple(_view_change(change, links) for change in changes if _belongs(change, incident)),
        bans=tuple(_related(ban, incident, links) for ban in bans if _announces(ban, incident)),
        pictures=tuple(pictures),
        checks=tuple(checks),
        bundle_href=links.bundle(),
        links=links,
    )


def _belongs(change: Change, incident: Incident) -> bool:
    """Tell whether a stretch is part of an incident: same kind, vantage and targets, within its time."""
    return (
        change.kind is incident.kind
        and change.probe_cc == incident.probe_cc
        and change.probe_asn in incident.asns
        and change.access_tier in incident.access_tiers
        and (change.kind is IncidentKind.SHUTDOWN or change.target in incident.targets)
        and change.onset_latest >= incident.onset_latest
        and (incident.end_latest is None or change.onset_latest <= incident.end_latest)
    )


def _view_change(change: Change, links: Links) -> ChangeView:
    onset, onset_exact = _onset(change.onset_earliest, change.onset_latest, onset_known=change.onset_known)
    end, end_exact = _end(change.end_earliest, change.end_latest)
    people = f"{words.tier(change.access_tier)}, " if change.access_tier else ""
    return ChangeView(
        target=words.visible(change.target, 80) or "the network as a whole",
        vantage=f"{people}{render_asn(change.probe_asn)}",
        onset=onset,
        onset_exact=onset_exact,
        end=end,
        end_exact=end_exact,
        share=words.percent(change.share),
        counts=f"{change.measurements:,}",
        mechanisms=view_mechanisms(change.mechanisms),
        witness=links.measurement(change.witness),
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
