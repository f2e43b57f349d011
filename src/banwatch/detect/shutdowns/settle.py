"""Decision on the silences of all countries: those that other countries do not explain are shutdowns."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from banwatch.detect.shutdowns.edges import Network
from banwatch.detect.shutdowns.find import find_silences
from banwatch.detect.shutdowns.proposals import (
    WHOLE_COUNTRY,
    Country,
    CountryClock,
    CountrySilences,
    Proposal,
    is_heard_elsewhere,
    is_lacking_elsewhere,
)
from banwatch.detect.votes.reach import Reach
from banwatch.model.cell import Cell
from banwatch.model.ids import CountryCode
from banwatch.model.incident import Change


def find_shutdowns(
    cells: Sequence[Cell], through: datetime, *, complete: bool = True, continues: bool = False
) -> list[Change]:
    """Find stretches in which a network was shut down, in the cells of all countries; see `find_silences`."""
    reach = Reach(through, max(cell.hour for cell in cells))
    of_country: defaultdict[CountryCode, list[Cell]] = defaultdict(list)
    for cell in cells:
        of_country[cell.probe_cc].append(cell)
    found = settle_silences(
        {
            country: find_silences(mine, reach, complete=complete, continues=continues)
            for country, mine in sorted(of_country.items())
        }
    )
    return [change for mine in found.values() for change in mine]


def settle_silences(
    of_country: Mapping[CountryCode, CountrySilences],
) -> dict[CountryCode, list[Change]]:
    """Return the shutdowns of each country, by what was heard in the others."""
    clocks = {
        (clock.probe_cc, clock.access_tier): clock
        for country in sorted(of_country)
        for clock in of_country[country].clocks
    }
    return {country: _shutdowns(of_country[country], clocks) for country in sorted(of_country)}


def _shutdowns(silences: CountrySilences, clocks: Mapping[Country, CountryClock]) -> list[Change]:
    accepted: list[Proposal] = []
    for one in silences.proposals:
        if any(one.networks == other.networks and one.overlaps(other) for other in accepted):
            continue
        if one.asks_heard and not is_heard_elsewhere(one, clocks):
            continue
        if one.asks_lacking and is_lacking_elsewhere(one, clocks):
            continue
        accepted.append(one)
    changes = list(silences.recurring)
    for one in accepted:
        if one.network[1] != WHOLE_COUNTRY:
            changes.extend(one.changes)
            continue
        for network, change in zip(one.networks, one.changes, strict=True):
            if not any(one.overlaps(other) for other in accepted if other.network == network):
                changes.append(change)
    return _join_across_lone_voice(changes, silences.lone_gaps)


def _join_across_lone_voice(
    changes: Iterable[Change], lone_gaps: Sequence[tuple[Network, datetime, datetime]]
) -> list[Change]:
    """Join silences of one network where a single voice alone was heard between them.

    One voice is a claim: it does not show that the network came back, so it cuts no shutdown in two.
    """
    lone = set(lone_gaps)
    joined: list[Change] = []
    for change in sorted(
        changes, key=lambda one: (one.probe_cc, one.probe_asn, one.access_tier, one.onset_latest)
    ):
        before = joined[-1] if joined else None
        if before is not None and _gap(before, change) in lone:
            joined[-1] = replace(
                before,
                end_earliest=change.end_earliest,
                end_latest=change.end_latest,
                measurements=before.measurements + change.measurements,
                confidence=max(before.confidence, change.confidence),
            )
        else:
            joined.append(change)
    return joined


def _gap(before: Change, after: Change) -> tuple[Network, datetime | None, datetime] | None:
    """Return the time between two silences of one network; None where they are not joined in any case."""
    network = (before.probe_cc, before.probe_asn, before.access_tier)
    if network != (after.probe_cc, after.probe_asn, after.access_tier) or before.windows or after.windows:
        return None
    return network, before.end_earliest, after.onset_latest
