"""The page of a ban: sentence, announcement, comparison, charts, and details to check them by."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from banwatch.bans.compare import announced_targets
from banwatch.model.ban import UNSPECIFIED, Ban, Comparison, Meant, Measured
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import Asn, CountryCode, TargetName
from banwatch.model.incident import Incident
from banwatch.pages.days import DayCount, DayKey
from banwatch.pages.figures.ban_figures import ChartScope
from banwatch.pages.figures.chart import Band
from banwatch.pages.figures.picture import PictureView
from banwatch.pages.links import Links
from banwatch.pages.reader import Reader
from banwatch.pages.vantages import ComparisonColumn, Vantage, vantage_of
from banwatch.pages.views.announced.readings import TITLES, ReadingGroup, view_readings
from banwatch.pages.views.columns import columns_of
from banwatch.pages.views.comparison import GroupView, view_group
from banwatch.pages.views.details import Detail
from banwatch.pages.views.incident import IncidentView, view_incident
from banwatch.pages.views.notices import Notice, notices_for
from banwatch.pages.wording import words
from banwatch.pages.wording.headline import headline, story
from banwatch.pages.wording.ladder import Rung

MAX_COLUMNS = 16
"""Networks and tiers shown; a wider table is not read, and a country may have thousands."""
_MAX_OTHERS = 60
"""Targets shown that were not announced; a longer table is not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """Source of an announcement: one link of the chain from the notice to the reader."""

    publisher: str
    title: str
    dated: str
    machine_date: str
    url: str
    """Empty where the source has no address that a browser may open."""
    cites: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreView:
    """Figure of a lab run's score."""

    name: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BanPage:
    """Content of the page of a ban."""

    title: str
    country: CountryCode
    country_name: str
    rungs: frozenset[Rung]
    """Rungs of the ladder that the page shows."""
    sentence: str
    story: tuple[str, ...]
    """Paragraphs after the first sentence."""
    measured_on: str
    notices: tuple[Notice, ...]
    readings: tuple[ReadingGroup, ...]
    """The announced sites, by how each is meant."""
    announcement: tuple[Detail, ...]
    sourced_facts: tuple[Detail, ...]
    """Facts about the ban, each with the publishers that state it."""
    notes: str
    sources: tuple[SourceView, ...]
    columns: tuple[ComparisonColumn, ...]
    groups: tuple[GroupView, ...]
    lead: tuple[PictureView, ...]
    """The chart of those whom the ban binds, shown first; empty where nothing was drawn."""
    pictures: tuple[PictureView, ...]
    """The other charts."""
    incidents: tuple[IncidentView, ...]
    score: tuple[ScoreView, ...]
    checks: tuple[Detail, ...]
    bundle_href: str
    links: Links


@dataclass(frozen=True, slots=True, kw_only=True)
class BanFindings:
    """Rows of the store about a ban, read once for all of its pages."""

    ban: Ban
    rows: tuple[Comparison, ...]
    columns: tuple[ComparisonColumn, ...]
    incidents: tuple[Incident, ...]
    labs: Mapping[str, int]
    left_out: int = 0
    """Networks and tiers that were measured and are not shown."""

    @property
    def lab(self) -> bool:
        """Tell whether any measurement was made in a lab."""
        return any(self.labs)


def read_ban(reader: Reader, ban_id: str) -> BanFindings:
    """Read the store's rows about a ban.

    Raises:
        BanwatchError: the register has no such ban.
    """
    bans = reader.bans()
    ban = bans.get(ban_id)
    if ban is None:
        ban_ids = ", ".join(sorted(bans)) or "none"
        raise BanwatchError(f"no ban is called {ban_id!r}", f"Known are: {ban_ids}.")
    found = reader.comparisons(ban_id)
    vantages, left_out = _shown_vantages(ban, found)
    rows = tuple(row for row in found if vantage_of(row) in vantages)
    countries = {CountryCode(row.probe_cc) for row in rows} | {ban.country}
    return BanFindings(
        ban=ban,
        rows=rows,
        columns=columns_of(ban, rows, _network_names(reader, vantages)),
        incidents=tuple(reader.incidents_of(countries)),
        labs=reader.labs(countries) if any(row.measurements for row in rows) else {},
        left_out=left_out,
    )


def _shown_vantages(ban: Ban, rows: Sequence[Comparison]) -> tuple[frozenset[Vantage], int]:
    """Choose the vantages that a page shows: those that the ban names, then those with most measurements.

    Returns:
        The vantages, and the number of others.
    """
    counts: Counter[Vantage] = Counter()
    for row in rows:
        counts[vantage_of(row)] += row.measurements
    if len(counts) <= MAX_COLUMNS:
        return frozenset(counts), 0
    named = {bound.asn for bound in ban.binds}
    ranked = sorted(counts, key=lambda v: (v.probe_asn not in named, -counts[v], v))
    return frozenset(ranked[:MAX_COLUMNS]), len(counts) - MAX_COLUMNS


def _network_names(reader: Reader, vantages: Set[Vantage]) -> dict[Asn, str]:
    """Read the network's name from one measurement of each vantage."""
    witnesses = [
        witness
        for country in sorted({vantage.probe_cc for vantage in vantages})
        for witness in reader.witnesses(country)
        if Vantage(witness.probe_cc, witness.probe_asn, witness.access_tier) in vantages
    ]
    measured = reader.measurements_of([witness.measurement_uid for witness in witnesses]).values()
    return {measurement.probe_asn: measurement.probe_network_name for measurement in measured}


def view_ban(
    findings: BanFindings,
    links: Links,
    *,
    recorded: bool,
    days: Mapping[DayKey, DayCount],
    cut: bool = False,
    pictures: Sequence[PictureView] = (),
    score: Mapping[str, float] | None = None,
    checks: Sequence[Detail] = (),
) -> BanPage:
    """Compute the page of a ban.

    Args:
        findings: the store's rows about it.
        links: the page's neighbours.
        recorded: the measurements were replayed from a recording.
        days: the counts of each day; the page names the time that they cover.
        cut: whether earlier days were measured too, and are more than the page counts.
        pictures: the charts, one for each column.
        score: the run's score against the lab's own log, where there is one.
        checks: details to check the page by: rules, snapshots, counts.
    """
    groups = tuple(
        view_group(title, targets, findings.rows, findings.columns, days, links)
        for title, targets in group_targets(findings)
    )
    measured_on = ""
    if days:
        first, last = min(key.day for key in days), max(key.day for key in days)
        measured_on = f"Measured from {words.day(first)} to {words.day(last)}"
        if cut:
            measured_on += ", and before: the numbers and charts are of these days alone"
        if findings.left_out:
            measured_on += f", on {findings.left_out:,} more networks than are shown"
    return BanPage(
        title=findings.ban.title,
        country=findings.ban.country,
        country_name=words.country(findings.ban.country),
        rungs=frozenset(cell.rung for group in groups for row in group.rows for cell in row.cells),
        readings=view_readings(findings.ban, links),
        sentence=headline(
            findings.ban, findings.rows, findings.columns, findings.incidents, lab=findings.lab
        ),
        story=story(findings.ban, findings.rows, findings.columns, findings.incidents),
        measured_on=measured_on,
        notices=notices_for(findings.labs, recorded=recorded),
        announcement=_announcement(findings.ban),
        sourced_facts=tuple(
            Detail(name=words.listed(publishers), value=fact) for fact, publishers in findings.ban.facts
        ),
        notes=findings.ban.notes,
        sources=tuple(
            SourceView(
                publisher=source.publisher,
                title=source.title,
                dated=words.dated(source.published, source.precision),
                machine_date=source.published.isoformat() if source.published else "",
                url=source.url if source.url.startswith(("https://", "http://")) else "",
                cites=source.cites,
            )
            for source in findings.ban.sources
        ),
        columns=findings.columns,
        groups=groups,
        lead=tuple(pictures[:1]),
        pictures=tuple(pictures[1:]),
        incidents=tuple(view_incident(incident, links) for incident in findings.incidents),
        score=_score(score) if score is not None else (),
        checks=tuple(checks),
        bundle_href=links.bundle(),
        links=links,
    )


def group_targets(findings: BanFindings) -> list[tuple[str, list[TargetName]]]:
    """Group the targets by their relation to the announcement, in the announcement's own order.

    Where a whole test list was measured, those not announced are shown as far as something was found in them.
    """
    measured = {row.target for row in findings.rows}
    readings = {one.target for one in findings.ban.meanings if one.meant is Meant.READING}
    named = [target for target in findings.ban.targets if target in measured and target not in readings]
    ours = [target for target in findings.ban.targets if target in measured and target in readings]
    by_category = {target: code for code, target in findings.ban.category_targets}
    announced = announced_targets(findings.ban) | {row.target for row in findings.rows if row.announced}
    in_category = sorted(
        (announced & measured) - set(named) - set(ours),
        key=lambda target: (by_category.get(target, ""), target),
    )
    others = sorted(measured - announced)
    title = "Not announced"
    if len(others) > _MAX_OTHERS:
        found = {row.target for row in findings.rows if row.measured in (Measured.ENFORCED, Measured.PARTLY)}
        shown = sorted(set(others) & found)[:_MAX_OTHERS]
        title = f"Not announced ({len(others) - len(shown):,} more were measured and are not shown)"
        others = shown
    groups = [
        (TITLES[Meant.NAMED], named),
        (TITLES[Meant.CATEGORY], in_category),
        (TITLES[Meant.READING], ours),
        (title, others),
    ]
    return [(title, targets) for title, targets in groups if targets]


def ban_chart_scope(findings: BanFindings, *, recorded: bool) -> ChartScope:
    """Return the scope of a ban's charts: the targets and columns of its comparison."""
    return ChartScope(
        subject_id=findings.ban.ban_id,
        columns=findings.columns,
        bands=tuple(Band(title=title, targets=tuple(targets)) for title, targets in group_targets(findings)),
        begins=findings.ban.begins,
        lab=findings.lab,
        recorded=recorded,
    )


def _announcement(ban: Ban) -> tuple[Detail, ...]:
    bound = [
        f"{words.tier(network.access_tier)} ({network.name}, AS{network.asn})" for network in ban.binds
    ] or ["everybody"]
    kinds = [f"{words.category(code)} ({code})" for code in ban.categories]
    until = "for a period that it does not name" if ban.ends == UNSPECIFIED else f"until {ban.ends}"
    begins = f"from {words.day(ban.begins)}, {until}" if ban.begins else until
    details = [
        ("Country", words.country(ban.country)),
        ("Announced by", ban.authority),
        ("Sites", "" if ban.meanings else words.listed(ban.targets)),
        ("Categories", words.listed(kinds)),
        ("Shutdown", "the Internet as a whole" if ban.shutdown else ""),
        ("Binds", words.listed(bound)),
        ("Period", begins),
        ("Recurs", ban.recurs),
        ("Penalty", ban.penalty),
    ]
    return tuple(Detail(name=name, value=value) for name, value in details if value)


_SCORE_WORDS = {
    "measurements": (
        "Measurements scored",
        "all that the lab made, against the censor’s own log of each packet",
    ),
    "false_blocked": ("Falsely called blocked", "measurements that the censor did not touch, called blocked"),
    "missed": ("Missed", "measurements that the censor interfered with, not called so"),
    "mechanism_precision": (
        "Mechanism precision",
        "of what was said about the means, the share that is true",
    ),
    "mechanism_recall": ("Mechanism recall", "of what is true about the means, the share that was said"),
}


def _score(score: Mapping[str, float]) -> tuple[ScoreView, ...]:
    found = []
    for key, (name, meaning) in _SCORE_WORDS.items():
        if key in score:
            shown = f"{score[key]:.3f}" if key.startswith("mechanism_") else f"{score[key]:,.0f}"
            found.append(ScoreView(name=name, value=shown, meaning=meaning))
    return tuple(found)
