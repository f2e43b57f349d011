"""Shutdowns: networks that fall silent as a whole, against their own rhythm.

Evidence is of two kinds, added up in nats over a stretch of hours. *Absence*: an hour without any answered
measurement weighs by how seldom that hour of the day and week is empty on this network. *Testimony*:
measurements in which nothing at all answered; they arrive late, once the network is back, and can at most
double the evidence of absence, so that nobody can report a shutdown of a network that nobody else measures.

Absence alone is a shutdown only where chance hardly ever gives as much (`chance`) and nothing in the
measuring itself explains it (`ours`).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from math import comb, inf

import numpy as np

from banwatch.detect import thresholds as t
from banwatch.detect.shutdowns.chance import Hours, Tail, networks_of, shifted_tail, tail_of, voices_of
from banwatch.detect.shutdowns.edges import change_of, change_of_season, lone_gaps
from banwatch.detect.shutdowns.main_voice import also_without_main_voice
from banwatch.detect.shutdowns.ours import Clock, is_day_of_ours, level
from banwatch.detect.shutdowns.proposals import (
    WHOLE_COUNTRY,
    Country,
    CountryClock,
    CountrySilences,
    Proposal,
)
from banwatch.detect.shutdowns.recurring import Season, seasons
from banwatch.detect.shutdowns.rhythm import (
    Nats,
    Rhythm,
    Silence,
    absence,
    rhythm_of,
    silences,
)
from banwatch.detect.votes.reach import Reach
from banwatch.detect.votes.series import hour_number
from banwatch.model.cell import Cell
from banwatch.model.ids import Asn, CountryCode
from banwatch.model.incident import Change

_Network = tuple[CountryCode, Asn, str]
_WEEK_HOURS = 7 * 24


@dataclass(frozen=True)
class _Unit:
    """Hours of a network, or of all networks of a country together, and the silences in them."""

    network: _Network
    rhythm: Rhythm
    nats: Nats
    found: tuple[Silence, ...]
    networks: frozenset[_Network]
    """The network itself, or every network of the country."""
    siblings: int
    """Number of networks of the country and access tier."""
    shortest: int
    """Hours of the shortest silence that is examined."""

    @property
    def weeks(self) -> float:
        """Length of its hours in weeks."""
        return len(self.nats) / _WEEK_HOURS

    @property
    def clock(self) -> Clock:
        """Its hours, and the evidence of each."""
        return self.rhythm, self.nats

    @cached_property
    def tail(self) -> Tail:
        """Tail of its own silences."""
        return tail_of((self.absence(one) for one in self.found), len(self.nats))

    @cached_property
    def hours(self) -> Hours:
        """Sums over its hours."""
        return Hours.of(self.nats, self.rhythm.live)

    def absence(self, silence: Silence) -> float:
        """Return a silence's evidence of absence, by how much was heard in the days around it."""
        return (silence.nats - silence.testimony) * self.hours.liveliness(silence.first, silence.last)


@dataclass(frozen=True)
class _Candidate:
    """A silence with enough evidence to be examined."""

    unit: _Unit
    silence: Silence

    @property
    def begins(self) -> int:
        """Hour number of its first hour."""
        return self.unit.rhythm.start + self.silence.first

    @property
    def ends(self) -> int:
        """Hour number of its last hour."""
        return self.unit.rhythm.start + self.silence.last

    @property
    def hours(self) -> int:
        """Number of its hours."""
        return self.ends - self.begins + 1

    @property
    def lasts(self) -> bool:
        """Whether nothing has answered since."""
        return not self.unit.rhythm.live[self.silence.last + 1 :].any()

    @cached_property
    def absence(self) -> float:
        """Evidence of absence, by what was measured shortly before and after it."""
        return self.unit.absence(self.silence) * level(self.silence, self.unit.clock)

    @cached_property
    def expected(self) -> float:
        """Number of silences so heavy that chance gives in all of the unit's hours."""
        return self.unit.tail.expected(self.absence)

    def silent_on(self, asn: Asn) -> int:
        """Count the measurements of one network in which nothing answered meanwhile."""
        hours = range(self.begins, self.ends + 1)
        cells = (cell for hour in hours for cell in self.unit.rhythm.cells.get(hour, ()))
        return sum(cell.silent for cell in cells if cell.probe_asn == asn)

    def overlap(self, other: "_Candidate") -> float:
        """Return the hours that two silences have in common, as a share of the hours of both."""
        both = min(self.ends, other.ends) - max(self.begins, other.begins) + 1
        return max(both, 0) / (max(self.ends, other.ends) - min(self.begins, other.begins) + 1)


def find_silences(
    cells: Sequence[Cell], reach: Reach, *, complete: bool = True, continues: bool = False
) -> CountrySilences:
    """Find the silences of one country that its own hours do not explain.

    Args:
        cells: every cell of the country, also those without informative measurements.
        reach: how far the data of all countries reach.
        complete: whether somebody vouches that every measurement up to then is here; otherwise a silence that
            lasts to the end may be the end of the table.
        continues: whether the cells are of a store that goes on receiving: a silence that lasts is then told
            where other countries were heard to the end of it.
    """
    units = list(_units(cells, *span_of(max(cell.hour for cell in cells), reach)))
    clocks = _clocks(units)
    recurring = _seasons(units)
    changes = [change_of_season(network, unit.rhythm, season) for network, (unit, season) in recurring]
    every = [
        _Candidate(unit, silence)
        for unit in units
        for silence in unit.found
        if silence.nats >= t.TOGETHER_NATS
        and silence.last - silence.first >= unit.shortest
        and not any(
            network in unit.networks and season.covers(unit.rhythm, silence)
            for network, (_, season) in recurring
        )
    ]
    examination = _Examination(every, clocks, complete, continues)
    proposals: list[Proposal] = []
    for candidate in every:
        if not _is_settled(candidate, proposals) and (one := examination.proposal(candidate)) is not None:
            proposals.append(one)
    found = [*changes, *(change for one in proposals for change in one.changes)]
    return CountrySilences(
        clocks=tuple(
            CountryClock(country, tier, rhythm.start, rhythm.live.tobytes(), nats.tobytes())
            for (country, tier), (rhythm, nats) in sorted(clocks.items(), key=lambda item: item[0])
        ),
        recurring=tuple(changes),
        proposals=tuple(proposals),
        lone_gaps=tuple(lone_gaps(found, cells)),
    )


def span_of(last: datetime, reach: Reach) -> tuple[int, int]:
    """Return the hour numbers to which a country's hours are laid out, and up to which they are vouched for.

    Where its measuring ended long before the data do, the hours since say nothing, here or of others.

    Args:
        last: start of the country's last hour with a measurement.
        reach: how far the data of all countries reach.
    """
    vouched = hour_number(reach.vouched)
    end = min(max(vouched, hour_number(reach.last)), vouched + t.STRAY_CLOCK_HOURS)
    own = hour_number(last)
    if end - own > t.MEASURING_ENDED_HOURS:
        end = own
    return end, min(vouched, end)


def _is_settled(candidate: _Candidate, proposals: Sequence[Proposal]) -> bool:
    """Return whether a silence repeats one of the same networks that is a shutdown in any case."""
    return any(
        not (one.asks_heard or one.asks_lacking)
        and frozenset(one.networks) == candidate.unit.networks
        and min(one.ends, candidate.ends) >= max(one.begins, candidate.begins)
        for one in proposals
    )


def _seasons(units: Sequence[_Unit]) -> list[tuple[_Network, tuple[_Unit, Season]]]:
    """Return the recurring silences of each network: those of the whole country first, then its own."""
    found: list[tuple[_Network, tuple[_Unit, Season]]] = []
    for unit in sorted(units, key=lambda one: one.network[1] != WHOLE_COUNTRY):
        if unit.shortest:
            continue
        for season in seasons(unit.rhythm, unit.nats, unit.found):
            alone = unit.network[1] != WHOLE_COUNTRY and unit.siblings > 1
            if alone and season.testimony < t.TESTIFIED_NATS:
                continue  # its few probes may have changed their hours
            for network in sorted(unit.networks):
                days = {begin.date() for begin, _ in season.windows}
                taken = {
                    begin.date()
                    for name, (_, other) in found
                    if name == network
                    for begin, _ in other.windows
                }
                if min(days) > max(taken, default=min(days)) or not taken or max(days) < min(taken):
                    found.append((network, (unit, season)))
    return found


def _units(cells: Sequence[Cell], end: int, vouched: int) -> Iterator[_Unit]:
    by_network: defaultdict[_Network, list[Cell]] = defaultdict(list)
    of_country: defaultdict[_Network, set[_Network]] = defaultdict(set)
    for cell in cells:
        network = (cell.probe_cc, cell.probe_asn, cell.access_tier)
        by_network[network].append(cell)
        of_country[cell.probe_cc, WHOLE_COUNTRY, cell.access_tier].add(network)
    for country, networks in of_country.items():
        if len(networks) > 1:  # networks that measure too seldom on their own may suffice together
            by_network[country] = [cell for network in sorted(networks) for cell in by_network[network]]
    for network, mine, shortest in also_without_main_voice(by_network):
        rhythm = rhythm_of(mine, end)
        nats = absence(rhythm, vouched) if rhythm else None
        if rhythm is None or nats is None:
            continue
        # outside the hours that several voices vouch for, wrong clocks may make an hour empty
        hours = np.arange(len(nats)) + rhythm.start
        outside = (hours < rhythm.vouched) | (hours > vouched)
        nats = np.where(outside & ~rhythm.dark, 0.0, nats)
        siblings = of_country[network[0], WHOLE_COUNTRY, network[2]]
        whole = network[1] == WHOLE_COUNTRY
        yield _Unit(
            network=network,
            rhythm=rhythm,
            nats=nats,
            found=tuple(silences(rhythm, nats)),
            networks=frozenset(siblings if whole else {network}),
            siblings=len(siblings),
            shortest=shortest,
        )


def _clocks(units: Sequence[_Unit]) -> dict[Country, Clock]:
    """Return the hours of every country: of its networks together, else of its only network."""
    clocks: dict[Country, Clock] = {}
    for unit in units:
        country = (unit.network[0], unit.network[2])
        if unit.shortest == 0 and (unit.network[1] == WHOLE_COUNTRY or unit.siblings == 1):
            clocks[country] = unit.clock
    return clocks


def _is_testified(silence: Silence) -> bool:
    """Return whether measurements in which nothing answered settle a silence."""
    return silence.testimony >= t.TESTIFIED_NATS and silence.nats >= t.SHUTDOWN_NATS


class _Examination:
    """Examines candidates of one country against chance, against each other and against its own hours."""

    def __init__(
        self,
        every: Sequence[_Candidate],
        clocks: Mapping[Country, Clock],
        complete: bool,
        continues: bool,
    ) -> None:
        self._every = every
        self._clocks = clocks
        self._complete = complete
        self._continues = continues
        self._shifted: dict[int, Tail | None] = {}

    def proposal(self, candidate: _Candidate) -> Proposal | None:
        """Return a silence with its changes and what other countries are asked; None if it is no shutdown."""
        silence, unit = candidate.silence, candidate.unit
        expected = self._expected(candidate)
        if expected == inf:
            return None
        testified = _is_testified(silence)
        change = change_of(unit.network, unit.rhythm, unit.nats, silence, expected / unit.weeks)
        changes: tuple[Change, ...] = (change,)
        networks = tuple(sorted(unit.networks))
        if unit.network[1] == WHOLE_COUNTRY:
            changes = tuple(
                replace(change, probe_asn=network[1], measurements=candidate.silent_on(network[1]))
                for network in networks
            )
        return Proposal(
            network=unit.network,
            networks=networks,
            begins=candidate.begins,
            ends=candidate.ends,
            asks_heard=candidate.lasts and not self._complete and not testified,
            asks_lacking=not testified,
            changes=changes,
        )

    def _expected(self, candidate: _Candidate) -> float:
        """Return how many such silences chance gives in the unit's hours; infinite if it is no shutdown."""
        silence, unit = candidate.silence, candidate.unit
        if _is_testified(silence):
            return min(candidate.expected, t.FALSE_PARTS_PER_WEEK * unit.weeks)
        if candidate.lasts and not self._complete and not self._continues:
            return inf  # the table, or the measuring, may have ended
        longest = t.MEASURING_ENDED_HOURS if candidate.lasts else t.MEASURING_PAUSED_HOURS
        if candidate.hours > longest or unit.weeks < t.RHYTHM_WEEKS:
            return inf
        part = (unit.network[1] != WHOLE_COUNTRY and unit.siblings > 1) or unit.shortest > 0
        allowed = unit.weeks * (t.FALSE_PARTS_PER_WEEK if part else t.FALSE_SHUTDOWNS_PER_WEEK)
        by_chance = self._alone(candidate)
        if by_chance > allowed:
            by_chance = self._together(candidate)
        if by_chance > allowed:
            return inf
        return inf if is_day_of_ours(silence, unit.clock, self._clocks) else by_chance

    def _alone(self, candidate: _Candidate) -> float:
        unit = candidate.unit
        whole = unit.network[1] == WHOLE_COUNTRY
        odds = (1 if whole else unit.siblings * t.LONE_NETWORK_ODDS) * (
            t.WITHOUT_VOICE_ODDS if unit.shortest else 1
        )
        expected = candidate.expected * odds
        if expected > t.FALSE_SHUTDOWNS_PER_WEEK * unit.weeks:
            return expected
        if self._shifted_of(unit) is None:
            return expected * (1 if whole else t.NAMELESS_ODDS)
        return max(
            expected,
            self._by_chance(candidate)
            * (1 if whole else unit.siblings)
            * (t.WITHOUT_VOICE_ODDS if unit.shortest else 1),
        )

    def _by_chance(self, candidate: _Candidate) -> float:
        """Return the number expected by the tail of the unit's own silences, and of shifted ones."""
        tail = self._shifted_of(candidate.unit)
        shifted = tail.expected(candidate.absence) if tail else 0.0
        return max(candidate.expected, shifted)

    def _shifted_of(self, unit: _Unit) -> Tail | None:
        if id(unit) not in self._shifted:
            parts = networks_of(unit.rhythm) if unit.network[1] == WHOLE_COUNTRY else voices_of(unit.rhythm)
            mine = [one for one in self._every if one.unit is unit and one.absence >= t.SHUTDOWN_NATS]
            examined = [range(one.silence.first, one.silence.last + 1) for one in mine]
            self._shifted[id(unit)] = shifted_tail(parts, unit.nats, examined)
        return self._shifted[id(unit)]

    def _together(self, candidate: _Candidate) -> float:
        """Return the number expected by chance of silences of several networks in the same hours."""
        unit = candidate.unit
        if unit.network[1] == WHOLE_COUNTRY:
            return inf
        others: dict[Asn, float] = {}
        for other in self._every:
            same = (other.unit.network[0], other.unit.network[2]) == (unit.network[0], unit.network[2])
            if not same or other.unit.network[1] in {unit.network[1], WHOLE_COUNTRY}:
                continue
            if candidate.overlap(other) < t.TOGETHER_OVERLAP:
                continue
            window = max(candidate.hours, t.TOGETHER_HOURS) / len(unit.nats)
            chance = min(self._by_chance(other) * window, 1.0)
            others[other.unit.network[1]] = min(chance, others.get(other.unit.network[1], 1.0))
        best = inf
        product = self._by_chance(candidate) * t.LONE_NETWORK_ODDS
        for number, chance in enumerate(sorted(others.values()), start=1):
            product *= chance
            best = min(best, product * comb(unit.siblings - 1, number) * unit.siblings)
        return best
