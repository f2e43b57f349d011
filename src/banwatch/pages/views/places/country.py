"""The page of a country: a sentence that answers, how far to trust it, and all that stands behind it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta

from banwatch.bans.compare import announced_targets
from banwatch.model.ban import UNSPECIFIED, Ban
from banwatch.model.ids import CountryCode, TargetName
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.rollup import CountryDay, TargetTotal
from banwatch.pages.figures.timeline import Bar, Timeline, draw_timeline
from banwatch.pages.links import Links
from banwatch.pages.naming.places import native_name
from banwatch.pages.reader import Reader
from banwatch.pages.vantages import Vantage
from banwatch.pages.views.incident import sentence_of, title_of
from banwatch.pages.views.notices import Notice, notices_for
from banwatch.pages.views.places.coverage import Coverage, view_coverage
from banwatch.pages.views.places.matrix import Matrix, view_matrix
from banwatch.pages.views.places.recent import (
    Period,
    Standing,
    recent_counts,
    recent_period,
    standings,
)
from banwatch.pages.wording import ladder, moments, words
from banwatch.pages.wording.ladder import Rung

MAX_TARGETS, MAX_VANTAGES = 40, 8
"""Rows and columns of the matrix: a wider table is not read; the rest is counted, and in the downloads."""
MAX_INCIDENTS = 12
_MAX_NAMES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentLine:
    """Incident in a list."""

    id: str
    href: str
    title: str
    sentence: str
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BanOfPlace:
    """Ban in the list of a place."""

    title: str
    href: str
    period: str
    in_force: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryPage:
    """Content of the page of a country."""

    title: str
    code: str
    name: str
    native: str
    """The country's name in its own language; empty where it is the same."""
    sentence: str
    notices: tuple[Notice, ...]
    period: str
    coverage: Coverage | None
    incidents: tuple[IncidentLine, ...]
    more_incidents: int
    timeline: Timeline | None
    matrix: Matrix
    left_out: str
    """Number of targets and networks that the matrix does not show, in words; empty for none."""
    bans: tuple[BanOfPlace, ...]
    note: str
    """The operator's note, as HTML made from Markdown; empty where there is none."""
    links: Links

    @property
    def sample(self) -> str:
        """Return the number of measurements that the picture shows."""
        return f"{sum(total for *_, total in self.timeline.days):,} measurements" if self.timeline else ""

    def table(self) -> list[list[str]]:
        """Return the matrix as a table."""
        return self.matrix.table()

    def picture(self) -> str:
        """Return the timeline."""
        return self.timeline_svg

    @property
    def timeline_svg(self) -> str:
        """Return the timeline as a drawing; empty where nothing was measured."""
        return draw_timeline(self.timeline) if self.timeline else ""

    @property
    def timeline_narrow(self) -> str:
        """Return the timeline as a drawing for a phone."""
        return draw_timeline(self.timeline, narrow=True) if self.timeline else ""


def view_country(
    reader: Reader, code: CountryCode, links: Links, *, recorded: bool, note: str = ""
) -> CountryPage:
    """Compute the page of a country, measured or not."""
    days = reader.country_days(code)
    incidents = [one for one in reader.incidents() if one.probe_cc == code]
    bans = [ban for ban in reader.bans().values() if ban.country == code]
    period = recent_period(days)
    name = words.country(code)
    totals: dict[tuple[Vantage, TargetName], Standing] = {}
    left_out = ""
    targets: list[TargetName] = []
    vantages: list[Vantage] = []
    if period is not None:
        every = reader.target_totals(code)
        targets = _choose_targets(every, incidents, bans)
        totals = standings(recent_counts(reader, code, targets, period), incidents)
        counts: Counter[Vantage] = Counter()
        for (vantage, _), standing in totals.items():
            counts[vantage] += standing.count.total
        vantages = sorted(counts, key=lambda one: (-counts[one], one))[:MAX_VANTAGES]
        targets = [one for one in targets if any((vantage, one) in totals for vantage in vantages)]
        left_out = _left_out(len(every) - len(targets), len(counts) - len(vantages))
    newest = sorted(incidents, key=lambda one: (one.end_latest is None, one.onset_latest), reverse=True)
    labs = reader.labs((code,)) if days else {}
    bound_names = {network.asn: network.name for ban in bans for network in ban.binds}
    return CountryPage(
        title=f"{name}: what is blocked, for whom, since when",
        code=code,
        name=name,
        native=native_name(code),
        sentence=verdict_sentence(name, period, totals, incidents, lab=any(labs)),
        notices=notices_for(labs, recorded=recorded),
        period=str(period) if period else "",
        coverage=view_coverage(days, period) if period else None,
        incidents=tuple(incident_line(one, links) for one in newest[:MAX_INCIDENTS]),
        more_incidents=max(0, len(newest) - MAX_INCIDENTS),
        timeline=_timeline(newest[:MAX_INCIDENTS], days, bans),
        matrix=view_matrix(targets, vantages, totals, links, bound_names),
        left_out=left_out,
        bans=tuple(ban_of_place(ban, links) for ban in bans),
        note=note,
        links=links,
    )


def verdict_sentence(
    name: str,
    period: Period | None,
    standing: Mapping[tuple[Vantage, TargetName], Standing],
    incidents: Sequence[Incident],
    *,
    lab: bool = False,
) -> str:
    """Return one sentence that answers: what is interfered with there, since when, as last measured.

    Args:
        name: of the country.
        period: the days that are counted; None where nothing was measured.
        standing: how each target stands on each network.
        incidents: of the country.
        lab: some of it was measured in a lab.
    """
    if period is None:
        return f"We have no measurements from {name}."
    where = f"in the lab’s model of {name}" if lab else f"in {name}"
    informative = {key: one for key, one in standing.items() if one.count.informative}
    hit: dict[TargetName, int] = {}
    for (_, target), one in informative.items():
        if one.rung.accuses:
            hit[target] = hit.get(target, 0) + one.count.interfered
    could_tell = len({target for _, target in informative})
    networks = len({vantage for vantage, _ in informative})
    lasting = [one for one in incidents if one.end_latest is None]
    open_targets = {target for one in lasting for target in one.targets}
    silent = [one for one in lasting if one.kind is IncidentKind.SHUTDOWN]
    last = words.day(period.last)
    if silent:
        since = moments.between(silent[-1].onset_earliest, silent[-1].onset_latest, silent[-1].probe_cc)
        return (
            f"{where[0].upper()}{where[1:]}, no measurement has got any answer since {since} (as of {last})."
        )
    if not hit:
        if not could_tell:
            return f"Not enough to say {where}: no measurement of {period} could tell."
        sites = words.counted(could_tell, "target")
        verb = "was" if could_tell == 1 else "were"
        return f"{sites[0].upper()}{sites[1:]} that we measured {where} {verb} reachable ({period})."
    first = sorted(hit, key=lambda one: (one not in open_targets, -hit[one], one))
    found = {one.rung for one in informative.values() if one.rung.accuses}
    rungs = " or ".join(ladder.in_a_sentence(rung) for rung in Rung if rung in found)
    named = words.listed([words.visible(target, 60) for target in first], _MAX_NAMES + 1)
    verb = "is" if len(hit) == 1 else "are"
    onsets = [
        (one.onset_earliest, one.onset_latest)
        for one in lasting
        if one.onset_known and set(one.targets) & set(hit)
    ]
    since = f", the first since {moments.between(*min(onsets), lasting[0].probe_cc)}" if onsets else ""
    counted = f"{words.number(len(hit))} of {words.counted(could_tell, 'target')} that could be measured"
    on = f" on at least one of {words.counted(networks, 'network')}" if networks > 1 else ""
    return f"{where[0].upper()}{where[1:]}, {counted} {verb} {rungs}{on}: {named}{since} (as of {last})."


def _choose_targets(
    every: Sequence[TargetTotal], incidents: Sequence[Incident], bans: Sequence[Ban]
) -> list[TargetName]:
    """Choose the targets of the matrix: of open incidents, announced, most interfered with, most measured."""
    open_targets = {target for one in incidents if one.end_latest is None for target in one.targets}
    announced = {target for ban in bans for target in announced_targets(ban)}

    def rank(total: TargetTotal) -> tuple[bool, bool, float, int, str]:
        could_tell = total.interfered + total.ok
        share = total.interfered / could_tell if could_tell else 0.0
        return (
            total.target not in open_targets,
            total.target not in announced,
            -round(share, 1),
            -total.total,
            total.target,
        )

    return [total.target for total in sorted(every, key=rank)[:MAX_TARGETS]]


def _left_out(targets: int, vantages: int) -> str:
    parts = []
    if targets > 0:
        parts.append(words.counted(targets, "more target"))
    if vantages > 0:
        parts.append(words.counted(vantages, "more network and tier", "more networks and tiers"))
    return f"{words.listed(parts)} were measured and are not shown." if parts else ""


def incident_line(one: Incident, links: Links) -> IncidentLine:
    """Return an incident as a line of a list."""
    return IncidentLine(
        id=one.incident_id,
        href=links.incident(one.incident_id),
        title=title_of(one),
        sentence=sentence_of(one),
        is_open=one.end_latest is None,
    )


def ban_of_place(ban: Ban, links: Links) -> BanOfPlace:
    """Return a ban as a line of a list."""
    begins = words.day(ban.begins) if ban.begins else "a day not said"
    until = "no end announced" if ban.ends == UNSPECIFIED else f"until {ban.ends}"
    return BanOfPlace(
        title=ban.title,
        href=links.ban(ban.ban_id),
        period=f"from {begins}, {until}",
        in_force=ban.ends == UNSPECIFIED,
    )


def _timeline(
    incidents: Sequence[Incident], days: Sequence[CountryDay], bans: Sequence[Ban]
) -> Timeline | None:
    """Lay incidents over the time that was measured, with the share of interference of each day."""
    if not days:
        return None
    last = max(day.day for day in days) + timedelta(days=1)
    first = min([day.day for day in days] + [one.onset_earliest for one in incidents])
    shares = tuple(
        (day.day.astimezone(UTC).date(), day.interfered, day.interfered + day.ok, day.total) for day in days
    )
    bars = tuple(
        Bar(
            label=one.incident_id,
            said=title_of(one),
            onset=(one.onset_earliest, one.onset_latest),
            end=(one.end_earliest, one.end_latest) if one.end_earliest and one.end_latest else None,
            silent=one.kind is IncidentKind.SHUTDOWN,
        )
        for one in incidents
    )
    return Timeline(
        title="Incidents, and measurements by day",
        first=first,
        last=last,
        bars=bars,
        days=shares,
        announced=tuple(
            ban.begins for ban in bans if ban.begins and first.date() <= ban.begins <= last.date()
        ),
    )
