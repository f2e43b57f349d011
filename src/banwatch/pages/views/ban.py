"""What the page of a ban shows: sentence, announcement, comparison, pictures, and how to check them."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from banwatch.bans.compare import announced_targets
from banwatch.model.ban import UNSPECIFIED, Ban, Comparison, Measured
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import Asn, CountryCode, TargetName
from banwatch.model.incident import Incident
from banwatch.pages.figures.days import DayCount, DayKey
from banwatch.pages.figures.picture import PictureView
from banwatch.pages.links import Links
from banwatch.pages.places import Column, Place, columns_of, place_of
from banwatch.pages.reader import Reader
from banwatch.pages.views.comparison import GroupView, view_group
from banwatch.pages.views.facts import Fact
from banwatch.pages.views.incident import IncidentView, view_incident
from banwatch.pages.views.notices import Notice, notices_for
from banwatch.pages.wording import words
from banwatch.pages.wording.headline import headline, story

_MAX_OTHERS = 60
"""More targets that nobody announced than these make a table that nobody reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """One link of the chain from the notice to the reader."""

    publisher: str
    title: str
    dated: str
    machine_date: str
    url: str
    """Empty where there is none that a browser may open."""
    cites: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreView:
    """One figure of the score."""

    name: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BanPage:
    """Everything on the page of a ban."""

    title: str
    sentence: str
    story: tuple[str, ...]
    """The rest of the news, in plain sentences."""
    measured_on: str
    notices: tuple[Notice, ...]
    announcement: tuple[Fact, ...]
    known: tuple[Fact, ...]
    """What is known of it: each fact with the publishers that say so."""
    notes: str
    sources: tuple[SourceView, ...]
    columns: tuple[Column, ...]
    groups: tuple[GroupView, ...]
    lead: tuple[PictureView, ...]
    """The picture of those whom the ban binds, shown first; none where nothing was drawn."""
    pictures: tuple[PictureView, ...]
    """The others."""
    incidents: tuple[IncidentView, ...]
    score: tuple[ScoreView, ...]
    checks: tuple[Fact, ...]
    bundle_href: str
    links: Links


@dataclass(frozen=True, slots=True, kw_only=True)
class BanFacts:
    """What was read from the store for a ban, once for all of its pages."""

    ban: Ban
    rows: tuple[Comparison, ...]
    columns: tuple[Column, ...]
    incidents: tuple[Incident, ...]
    labs: Mapping[str, int]

    @property
    def lab(self) -> bool:
        """Whether any of it was made in a lab."""
        return any(self.labs)


def read_ban(reader: Reader, ban_id: str) -> BanFacts:
    """Read what the store holds of a ban.

    Raises:
        BanwatchError: no such ban is known.
    """
    bans = reader.bans()
    ban = bans.get(ban_id)
    if ban is None:
        known = ", ".join(sorted(bans)) or "none"
        raise BanwatchError(f"no ban is called {ban_id!r}", f"Known are: {known}.")
    rows = tuple(reader.comparisons(ban_id))
    names = _network_names(reader, {place_of(row) for row in rows})
    places = {CountryCode(row.probe_cc) for row in rows} | {ban.country}
    return BanFacts(
        ban=ban,
        rows=rows,
        columns=columns_of(ban, rows, names),
        incidents=tuple(incident for incident in reader.incidents() if incident.probe_cc in places),
        labs=reader.labs() if any(row.measurements for row in rows) else {},
    )


def _network_names(reader: Reader, places: Set[Place]) -> dict[Asn, str]:
    """Ask one measurement of each place what its network is called."""
    uids = []
    for place in sorted(places):
        found = reader.verdicts(
            probe_cc=place.probe_cc, probe_asn=place.probe_asn, access_tier=place.access_tier, limit=1
        )
        uids += [verdict.measurement_uid for verdict in found]
    measured = reader.measurements_of(uids).values()
    return {measurement.probe_asn: measurement.probe_network_name for measurement in measured}


def view_ban(
    facts: BanFacts,
    links: Links,
    *,
    recorded: bool,
    days: Mapping[DayKey, DayCount],
    pictures: Sequence[PictureView] = (),
    score: Mapping[str, float] | None = None,
    checks: Sequence[Fact] = (),
) -> BanPage:
    """Compute the page of a ban.

    Args:
        facts: what the store holds.
        links: the page's neighbours.
        recorded: the measurements were replayed from a recording.
        days: what was counted, for the time that it covers.
        pictures: the charts, one a column.
        score: the run's score against the lab's own log, where there is one.
        checks: what a reader needs to check it: rules, snapshots, counts.
    """
    measured_on = ""
    if days:
        first, last = min(key.day for key in days), max(key.day for key in days)
        measured_on = f"Measured from {words.day(first)} to {words.day(last)}"
    return BanPage(
        title=facts.ban.title,
        sentence=headline(facts.ban, facts.rows, facts.columns, facts.incidents, lab=facts.lab),
        story=story(facts.ban, facts.rows, facts.columns, facts.incidents),
        measured_on=measured_on,
        notices=notices_for(facts.labs, recorded=recorded),
        announcement=_announcement(facts.ban),
        known=tuple(Fact(name=words.listed(publishers), value=fact) for fact, publishers in facts.ban.facts),
        notes=facts.ban.notes,
        sources=tuple(
            SourceView(
                publisher=source.publisher,
                title=source.title,
                dated=words.dated(source.published, source.precision),
                machine_date=source.published.isoformat() if source.published else "",
                url=source.url if source.url.startswith(("https://", "http://")) else "",
                cites=source.cites,
            )
            for source in facts.ban.sources
        ),
        columns=facts.columns,
        groups=tuple(
            view_group(title, targets, facts.rows, facts.columns, days, links)
            for title, targets in grouped(facts)
        ),
        lead=tuple(pictures[:1]),
        pictures=tuple(pictures[1:]),
        incidents=tuple(view_incident(incident, links) for incident in facts.incidents),
        score=_score(score) if score is not None else (),
        checks=tuple(checks),
        bundle_href=links.bundle(),
        links=links,
    )


def grouped(facts: BanFacts) -> list[tuple[str, list[TargetName]]]:
    """Sort the targets by their relation to the announcement, in the announcement's own order.

    Where a whole test list was measured, those not announced are shown as far as something was found in them.
    """
    measured = {row.target for row in facts.rows}
    named = [target for target in facts.ban.targets if target in measured]
    by_category = {target: code for code, target in facts.ban.category_targets}
    announced = announced_targets(facts.ban) | {row.target for row in facts.rows if row.announced}
    in_category = sorted(
        (announced & measured) - set(named), key=lambda target: (by_category.get(target, ""), target)
    )
    others = sorted(measured - announced)
    title = "Not announced"
    if len(others) > _MAX_OTHERS:
        found = {row.target for row in facts.rows if row.measured in (Measured.ENFORCED, Measured.PARTLY)}
        shown = sorted(set(others) & found)[:_MAX_OTHERS]
        title = f"Not announced ({len(others) - len(shown):,} more were measured and are not shown)"
        others = shown
    groups = [
        ("Named in the announcement", named),
        ("In an announced category", in_category),
        (title, others),
    ]
    return [(title, targets) for title, targets in groups if targets]


def _announcement(ban: Ban) -> tuple[Fact, ...]:
    bound = [
        f"{words.tier(network.access_tier)} ({network.name}, AS{network.asn})" for network in ban.binds
    ] or ["everybody"]
    kinds = [f"{words.category(code)} ({code})" for code in ban.categories]
    until = "for a period that it does not name" if ban.ends == UNSPECIFIED else f"until {ban.ends}"
    begins = f"from {words.day(ban.begins)}, {until}" if ban.begins else until
    facts = [
        ("Country", words.country(ban.country)),
        ("Announced by", ban.authority),
        ("Sites", words.listed(ban.targets)),
        ("Categories", words.listed(kinds)),
        ("Shutdown", "the Internet as a whole" if ban.shutdown else ""),
        ("Binds", words.listed(bound)),
        ("Period", begins),
        ("Recurs", ban.recurs),
        ("Penalty", ban.penalty),
    ]
    return tuple(Fact(name=name, value=value) for name, value in facts if value)


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
