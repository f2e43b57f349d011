"""Reading of a bulletin's subject, a ban or an incident, from the store."""

from collections.abc import Mapping
from datetime import timedelta

from banwatch.bulletin.subject import BulletinSubject, Checks, Pictures
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import TargetName
from banwatch.model.incident import Incident, IncidentKind
from banwatch.pages.days import fold_days
from banwatch.pages.figures.ban_figures import ChartScope
from banwatch.pages.figures.chart import Band
from banwatch.pages.links import Links
from banwatch.pages.reader import Reader
from banwatch.pages.render import render
from banwatch.pages.views.ban import ban_chart_scope, read_ban, view_ban
from banwatch.pages.views.columns import column_of
from banwatch.pages.views.happened.evidence import read_evidence
from banwatch.pages.views.incident import title_of, view_incident_page
from banwatch.pages.views.notices import notices_for

_MARGIN = timedelta(days=3)
"""Time before and after an incident that its bulletin shows."""


def read_subject(
    reader: Reader, subject_id: str, *, recorded: bool, score: Mapping[str, float] | None
) -> BulletinSubject:
    """Read the ban or incident of this id.

    Args:
        reader: answers the questions of pages.
        subject_id: a ban's name or an incident's id.
        recorded: the measurements were replayed from a recording.
        score: the run's score against the lab's own log, for a ban; None where there is none.

    Raises:
        BanwatchError: there is no such ban or incident.
    """
    if subject_id in reader.bans():
        return _read_ban(reader, subject_id, recorded=recorded, score=score)
    incidents = reader.incidents()
    for incident in incidents:
        if incident.incident_id == subject_id:
            return _read_incident(reader, incident, recorded=recorded)
    subject_ids = ", ".join([*sorted(reader.bans()), *(incident.incident_id for incident in incidents)])
    raise BanwatchError(f"nothing is called {subject_id!r}", f"Known are: {subject_ids or 'none'}.")


def _read_ban(
    reader: Reader, ban_id: str, *, recorded: bool, score: Mapping[str, float] | None
) -> BulletinSubject:
    """Read a ban, and its comparison with the measurements, as the subject of a bulletin."""
    findings = read_ban(reader, ban_id)
    countries = tuple(sorted({row.probe_cc for row in findings.rows}))
    days = fold_days(cell for country in countries for cell in reader.daily_cells(country))
    cut = any(reader.daily_cells_from(country) is not None for country in countries)

    def lay_out(links: Links, checks: Checks, pictures: Pictures) -> str:
        page = view_ban(
            findings,
            links,
            recorded=recorded,
            days=days,
            cut=cut,
            pictures=pictures,
            score=score,
            checks=checks,
        )
        return render("ban.html", page)

    return BulletinSubject(
        id=ban_id,
        title=findings.ban.title,
        countries=countries,
        scope=ban_chart_scope(findings, recorded=recorded),
        vantages=frozenset(column.vantage for column in findings.columns),
        since=None,
        until=None,
        days=days,
        incidents=findings.incidents,
        bans=(findings.ban,),
        changes=tuple(reader.changes()),
        labs=findings.labs,
        recorded=recorded,
        render=lay_out,
    )


def _read_incident(reader: Reader, incident: Incident, *, recorded: bool) -> BulletinSubject:
    """Read an incident, with some days before and after it, as the subject of a bulletin."""
    since = incident.onset_earliest - _MARGIN
    until = incident.end_latest + _MARGIN if incident.end_latest else None
    cells = [
        cell
        for cell in reader.cells(probe_cc=incident.probe_cc, since=since, until=until)
        if cell.probe_asn in incident.asns and cell.access_tier in incident.access_tiers
    ]
    targets = incident.targets
    if incident.kind is not IncidentKind.BLOCKING:
        targets = tuple(sorted({cell.target for cell in cells}))
    wanted = frozenset(targets)
    days = fold_days(cell for cell in cells if cell.target in wanted)
    labs = reader.labs((incident.probe_cc,))
    vantages = frozenset(key.vantage for key in days)
    notices = notices_for(labs, recorded=recorded)
    changes = tuple(reader.changes())
    bans = tuple(reader.bans().values())
    scope = ChartScope(
        subject_id=incident.incident_id,
        columns=tuple(column_of(vantage) for vantage in sorted(vantages)),
        bands=(Band(title="Targets", targets=tuple(TargetName(target) for target in targets)),),
        begins=None,
        lab=any(labs),
        recorded=recorded,
    )

    evidence = read_evidence(reader, incident)

    def lay_out(links: Links, checks: Checks, pictures: Pictures) -> str:
        page = view_incident_page(
            incident, bans, notices, links, pictures=pictures, checks=checks, evidence=evidence
        )
        return render("incident.html", page)

    return BulletinSubject(
        id=incident.incident_id,
        title=title_of(incident),
        countries=(incident.probe_cc,),
        scope=scope,
        vantages=vantages,
        since=since,
        until=until,
        days=days,
        incidents=(incident,),
        bans=bans,
        changes=changes,
        labs=labs,
        recorded=recorded,
        render=lay_out,
    )
