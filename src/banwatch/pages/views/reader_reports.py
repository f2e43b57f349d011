"""Readers' reports on a ban or an incident: shown beside the measurements, and never counted among them."""

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta

from banwatch.bans.compare import announced_targets
from banwatch.model.ban import Ban, Comparison
from banwatch.model.ids import Asn, CountryCode, render_asn
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.report import ReaderReport
from banwatch.pages.wording import words

FORM = "/report"
"""Address of the form."""
MAX_LINES = 60
"""Lines of the table at most; the latest days are shown."""
MAX_NOTES = 20
_AROUND = timedelta(days=1)
"""Time before and after an incident in which a report belongs to it: readers name hours roughly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderDay:
    """Number of reports on one target, network and day."""

    day: str
    machine_day: str
    target: str
    network: str
    count: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderNote:
    """Note of one reader."""

    text: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadersView:
    """Accepted reports, ready to print."""

    form_href: str
    days: tuple[ReaderDay, ...]
    left_out: str
    """Number of lines that are not shown, in words; empty for none."""
    notes: tuple[ReaderNote, ...]


def on_ban(reports: Iterable[ReaderReport], ban: Ban, rows: Sequence[Comparison]) -> list[ReaderReport]:
    """Choose the reports on a ban's targets, announced or measured, from its country or networks."""
    targets = announced_targets(ban) | {row.target for row in rows}
    asns = {bound.asn for bound in ban.binds} | {row.probe_asn for row in rows}
    countries = {ban.country} | {row.probe_cc for row in rows}
    folded = {target.casefold() for target in targets}
    return [
        report
        for report in reports
        if (ban.shutdown or report.claim.target.casefold() in folded) and _from(report, countries, asns)
    ]


def on_incident(reports: Iterable[ReaderReport], incident: Incident) -> list[ReaderReport]:
    """Choose the reports on an incident's targets, from its country or networks, while it lasted."""
    targets = {target.casefold() for target in incident.targets}
    until = incident.end_latest
    return [
        report
        for report in reports
        if (incident.kind is not IncidentKind.BLOCKING or report.claim.target.casefold() in targets)
        and _from(report, {incident.probe_cc}, set(incident.asns))
        and incident.onset_earliest - _AROUND <= report.claim.seen_at
        and (until is None or report.claim.seen_at <= until + _AROUND)
    ]


def _from(report: ReaderReport, countries: Set[CountryCode], asns: Set[Asn]) -> bool:
    """Tell whether a report is from these countries or networks; one that names neither is not."""
    claim = report.claim
    if claim.probe_cc:
        return claim.probe_cc in countries
    return bool(claim.probe_asn) and claim.probe_asn in asns


def view_readers(reports: Iterable[ReaderReport]) -> ReadersView:
    """Count reports by day, target and network, the latest day first."""
    chosen = sorted(reports, key=lambda r: (r.claim.seen_at, r.report_id), reverse=True)
    counts = Counter((r.claim.seen_at.date(), r.claim.target, r.claim.probe_asn) for r in chosen)
    lines = sorted(counts.items(), key=lambda item: (-item[0][0].toordinal(), item[0][1], item[0][2]))
    rest = len(lines) - MAX_LINES
    return ReadersView(
        form_href=FORM,
        days=tuple(
            ReaderDay(
                day=words.day(day),
                machine_day=day.isoformat(),
                target=words.visible(target, 80),
                network=render_asn(asn) if asn else "not said",
                count=f"{count:,}",
            )
            for (day, target, asn), count in lines[:MAX_LINES]
        ),
        left_out=f"{words.counted(rest, 'earlier line')} not shown." if rest > 0 else "",
        notes=tuple(
            ReaderNote(
                text=words.visible(report.claim.note, 600),
                about=f"{words.visible(report.claim.target, 80)}, {words.day(report.claim.seen_at.date())}",
            )
            for report in chosen
            if report.claim.note
        )[:MAX_NOTES],
    )
