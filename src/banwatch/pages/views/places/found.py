"""The page of a search: what was found, and what is known of it at once."""

from dataclasses import dataclass

from banwatch.bans.compare import announced_targets
from banwatch.model.ids import Asn, CountryCode, TargetName, render_asn
from banwatch.pages.links import Links
from banwatch.pages.naming.search import Found, Subject, entries, find
from banwatch.pages.reader import Reader
from banwatch.pages.views.notices import Notice, notices_for
from banwatch.pages.wording import words
from banwatch.pages.wording.ladder import INTERFERENCE

_KINDS = {
    Subject.COUNTRY: "Country",
    Subject.TARGET: "Site or app",
    Subject.NETWORK: "Network",
    Subject.BAN: "Announced ban",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLine:
    """Line of what was found."""

    label: str
    kind: str
    href: str
    summary: str
    """What is known of it, in a few words."""
    by: str
    """Name by which it was found, where that is another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """Content of the page of a search."""

    title: str
    question: str
    notices: tuple[Notice, ...]
    lines: tuple[FoundLine, ...]
    links: Links


def view_search(reader: Reader, question: str, links: Links, *, recorded: bool) -> SearchPage:
    """Compute the page of a search."""
    totals = {total.probe_cc: total for total in reader.country_totals()}
    names = {network.asn: network.name for ban in reader.bans().values() for network in ban.binds}
    targets: dict[str, int] = {str(name): count for name, count in reader.measured_targets().items()}
    networks: dict[tuple[str, Asn], int] = dict(reader.measured_networks().items())
    for ban in reader.bans().values():
        for announced in announced_targets(ban):
            targets.setdefault(announced, 0)
    bans = {ban_id: ban.title for ban_id, ban in reader.bans().items()}
    found = find(question, entries(sorted(targets), sorted(networks), bans, names))
    lasting: dict[str, int] = {}
    for one in reader.incidents():
        if one.end_latest is None:
            for key in (one.probe_cc, *one.targets, *(f"{one.probe_cc}/{asn}" for asn in one.asns)):
                lasting[key] = lasting.get(key, 0) + 1

    def summary(one: Found) -> str:
        key, subject = one.entry.key, one.entry.subject
        if subject is Subject.BAN:
            return "an announcement, against what was measured"
        if subject is Subject.COUNTRY and key not in totals:
            return "not measured"
        if subject is Subject.TARGET and not targets.get(key):
            return "announced, not measured"
        if count := lasting.get(key):
            return f"{words.counted(count, 'incident')} of {INTERFERENCE}, not seen to end"
        if subject is Subject.TARGET:
            where = words.counted(targets[key], "country", "countries")
            return f"measured in {where}; no incident that lasts"
        count = totals[CountryCode(key)].total if subject is Subject.COUNTRY else networks[_split(key)]
        return f"{count:,} verdicts; no incident that lasts"

    return SearchPage(
        title=f"Search: {words.visible(question, 80)}" if question else "Search",
        question=words.visible(question, 80),
        notices=notices_for(reader.labs() if totals else {}, recorded=recorded),
        lines=tuple(_line(one, summary(one), links) for one in found),
        links=links,
    )


def _split(key: str) -> tuple[str, Asn]:
    code, _, asn = key.partition("/")
    return code, Asn(int(asn))


def _line(one: Found, summary: str, links: Links) -> FoundLine:
    key, subject = one.entry.key, one.entry.subject
    label = one.entry.names[0]
    if subject is Subject.COUNTRY:
        href = links.country(key)
    elif subject is Subject.TARGET:
        href = links.target(TargetName(key))
    elif subject is Subject.NETWORK:
        code, asn = _split(key)
        label = f"{label} ({render_asn(asn)}), {words.country(code)}"
        href = links.network(code, asn)
    else:
        href = links.ban(key)
    return FoundLine(
        label=words.visible(label, 120),
        kind=_KINDS[subject],
        href=href,
        summary=summary,
        by="" if one.name in label else words.visible(one.name, 80),
    )
