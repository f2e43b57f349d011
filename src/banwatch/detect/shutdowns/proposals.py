"""Silences of one country, examined by its own hours; what other countries say of them is asked later.

A *proposal* is a silence that is a shutdown unless the hours of other countries explain it. It holds the
changes that it makes, so that nothing of the country need be kept to decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from banwatch.detect import thresholds as t
from banwatch.detect.shutdowns.edges import Network
from banwatch.detect.shutdowns.rhythm import Flags, Nats
from banwatch.model.ids import Asn, CountryCode
from banwatch.model.incident import Change

WHOLE_COUNTRY = Asn(-1)
"""Number that stands for all networks of a country and access tier together."""
Country = tuple[CountryCode, str]
"""A country and access tier."""


@dataclass(frozen=True, slots=True)
class CountryClock:
    """Hours of a country and access tier, as other countries are held against them."""

    probe_cc: CountryCode
    access_tier: str
    start: int
    """Hour number of the first hour."""
    heard: bytes
    """Whether something answered in each hour: a byte an hour."""
    evidence: bytes
    """Evidence of each hour if it is empty, in nats: a double an hour."""

    @property
    def live(self) -> Flags:
        """Hours in which something answered."""
        return np.frombuffer(self.heard, np.bool_)

    @property
    def nats(self) -> Nats:
        """Evidence of each hour if it is empty."""
        return np.frombuffer(self.evidence, np.float64)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Silence that is a shutdown where other countries do not explain it."""

    network: Network
    """Its network; AS -1 for all networks of the country together."""
    networks: tuple[Network, ...]
    """Networks that were silent, sorted."""
    begins: int
    """Hour number of its first hour."""
    ends: int
    """Hour number of its last hour."""
    asks_heard: bool
    """Whether several other countries must have been heard to its end: nothing has answered since, or it is
    of whole days, which a collector of ours may have lacked."""
    asks_lacking: bool
    """Whether no other country may lack the same hours: no measurement tells of the silence."""
    changes: tuple[Change, ...]
    """Its change on each of the networks, in their order."""

    def overlaps(self, other: "Proposal") -> bool:
        """Return whether two silences have hours in common."""
        return min(self.ends, other.ends) >= max(self.begins, other.begins)


@dataclass(frozen=True, slots=True)
class CountrySilences:
    """Silences of one country that its own hours do not explain."""

    clocks: tuple[CountryClock, ...] = ()
    """Hours of each access tier."""
    recurring: tuple[Change, ...] = ()
    """Changes of silences that recur; other countries are not asked about them."""
    proposals: tuple[Proposal, ...] = ()
    """In the order in which they are decided: of two that overlap on the same networks the first counts."""
    lone_gaps: tuple[tuple[Network, datetime, datetime], ...] = ()
    """Times between two silences of a network in which one voice alone was heard."""


def is_lacking_elsewhere(proposal: Proposal, clocks: Mapping[Country, CountryClock]) -> bool:
    """Return whether other countries lack the same hours, so that the gap is one of the measuring."""
    lacking, going_on = set[CountryCode](), set[CountryCode]()
    for (other, _tier), clock in clocks.items():
        if other == proposal.network[0]:
            continue
        nats = clock.nats
        first, last = max(proposal.begins - clock.start, 0), proposal.ends - clock.start + 1
        if last <= first or last > len(nats):
            continue
        usual = float((1 - np.exp(-nats[first:last])).sum())
        if usual < t.LACKING_USUAL_HOURS:
            continue
        heard = int(clock.live[first:last].sum())
        (lacking if heard <= t.LACKING_SHARE * usual else going_on).add(other)
    lacking -= going_on
    return len(lacking) >= t.LACKING_COUNTRIES - 1 or (bool(lacking) and not going_on)


def is_heard_elsewhere(proposal: Proposal, clocks: Mapping[Country, CountryClock]) -> bool:
    """Return whether several other countries were heard in all of a silence, up to its end."""
    others = {
        country
        for (country, _), clock in clocks.items()
        if country != proposal.network[0] and _went_on(clock, proposal.begins, proposal.ends)
    }
    return len(others) >= t.CONTINUING_COUNTRIES


def _went_on(clock: CountryClock, first: int, last: int) -> bool:
    """Return whether a country was heard about as usual from one hour to another, also in the last quarter.

    Args:
        clock: its hours.
        first: hour number of the first hour.
        last: hour number of the last.
    """
    nats, live = clock.nats, clock.live
    begin, end = max(first - clock.start, 0), last - clock.start + 1
    if end > len(nats):
        return False
    tail = end - max((end - begin) // 4, t.CONTINUING_HOURS)
    if tail < begin:
        return False
    for part in (slice(begin, end), slice(tail, end)):
        usual = float((1 - np.exp(-nats[part])).sum())
        if usual < 1 or float(live[part].sum()) < t.LEVEL_STEADY * usual:
            return False
    return True
