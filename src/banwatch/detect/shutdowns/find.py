"""Shutdowns: networks that fall silent as a whole, against their own rhythm.

Evidence is of two kinds, added up in nats over a stretch of hours. *Absence*: an hour without any answered
measurement weighs by how seldom that hour of the day and week is empty on this network. *Testimony*:
measurements in which nothing at all answered; they arrive late, once the network is back, and can at most
double the evidence of absence, so that nobody can report a shutdown of a network that nobody else measures.

Absence alone is a shutdown only where chance hardly ever gives as much (`chance`) and nothing in the
measuring itself explains it (`ours`).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from math import comb, inf

import numpy as np

from banwatch.detect import thresholds as t
from banwatch.detect.shutdowns.chance import Hours, Tail, networks_of, shifted_tail, tail_of, voices_of
from banwatch.detect.shutdowns.edges import change_of, change_of_season, join_across_lone_voice
from banwatch.detect.shutdowns.ours import Clock, Country, is_gap_of_ours, level, went_on
from banwatch.detect.shutdowns.recurring import Season, seasons
from banwatch.detect.shutdowns.rhythm import (
    Nats,
    Rhythm,
    Silence,
    absence,
    rhythm_of,
    silences,
)
from banwatch.detect.votes.series import hour_number
from banwatch.detect.votes.voices import without
from banwatch.model.cell import Cell
from banwatch.model.ids import Asn, CountryCode
from banwatch.model.incident import Change

WHOLE_COUNTRY = Asn(-1)
"""Number that stands for all networks of a country and access tier together."""
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


def find_shutdowns(
    cells: Sequence[Cell], through: datetime, *, complete: bool = True, continues: bool = False
) -> list[Change]:
    """Find stretches in which a network was shut down.

    Args:
        cells: every cell, also those without informative measurements.
        through: start of the last hour that the data cover.
        complete: whether somebody vouches that every measurement up to then is here; otherwise a silence that
            lasts to the end may be the end of the table.
        continues: whether the cells are of a store that goes on receiving: a silence that lasts is then told
            where other countries were heard to the end of it.
    """
    vouched = hour_number(through)
    last = max(hour_number(cell.hour) for cell in cells)
    end = min(max(vouched, last), vouched + t.STRAY_CLOCK_HOURS)
    units = list(_units(cells, end, vouched))
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
    accepted: list[tuple[_Candidate, float]] = []
    for candidate in every:
        repeated = any(
            other.unit.networks == candidate.unit.networks and candidate.overlap(other) > 0
            for other, _ in accepted
        )
        expected = inf if repeated else examination.expected(candidate)
        if expected < inf:
            accepted.append((candidate, expected))
    for candidate, expected in accepted:
        unit = candidate.unit
        change = change_of(unit.network, unit.rhythm, unit.nats, candidate.silence, expected / unit.weeks)
        if unit.network[1] != WHOLE_COUNTRY:
            changes.append(change)
            continue
        for network in sorted(unit.networks):
            mine = [other for other, _ in accepted if other.unit.network == network]
            if not any(candidate.overlap(other) for other in mine):
                changes.append(
                    replace(change, probe_asn=network[1], measurements=candidate.silent_on(network[1]))
                )
    return join_across_lone_voice(changes, cells)


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
    for network, mine, shortest in _also_without_main_voice(by_network):
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


def _also_without_main_voice(
    by_network: Mapping[_Network, Sequence[Cell]],
) -> Iterator[tuple[_Network, Sequence[Cell], int]]:
    """Yield each network's cells, and where it has several voices, the cells without its most constant one.

    A single voice that goes on while all others are silent does not show that the network is up. That holds
    for a day or more: for some hours the others may be away together.

    Yields:
        The network, its cells, and the shortest silence in them, in hours, that is to be examined.
    """
    for network in sorted(by_network):
        mine = by_network[network]
        yield network, mine, 0
        voices = Counter(voice for cell in mine for voice in {*cell.accusers, *cell.absolvers})
        if len(voices) > t.USUAL_VOICES_A_DAY:
            most = max(voices.values())
            constant = min(voice for voice, times in voices.items() if times == most)
            if most > t.CONSTANT_SHARE * len(mine):
                yield network, tuple(without(mine, constant)), t.LONE_VOICE_HOURS


def _clocks(units: Sequence[_Unit]) -> dict[Country, Clock]:
    """Return the hours of every country: of its networks together, else of its only network."""
    clocks: dict[Country, Clock] = {}
    for unit in units:
        country = (unit.network[0], unit.network[2])
        if unit.shortest == 0 and (unit.network[1] == WHOLE_COUNTRY or unit.siblings == 1):
            clocks[country] = unit.clock
    return clocks


class _Examination:
    """Examines candidates against chance, against each other and against the measuring."""

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

    def expected(self, candidate: _Candidate) -> float:
        """Return how many such silences chance gives in the unit's hours; infinite if it is no shutdown."""
        silence, unit = candidate.silence, candidate.unit
        if silence.testimony >= t.TESTIFIED_NATS and silence.nats >= t.SHUTDOWN_NATS:
            return min(candidate.expected, t.FALSE_PARTS_PER_WEEK * unit.weeks)
        if candidate.lasts and not self._complete and not (self._continues and self._heard(candidate)):
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
        if is_gap_of_ours(silence, unit.clock, unit.network[0], self._clocks):
            return inf
        return by_chance

    def _heard(self, candidate: _Candidate) -> bool:
        """Return whether several other countries were heard in all of a silence, up to its end."""
        silence, unit = candidate.silence, candidate.unit
        span = (unit.rhythm.start + silence.first, unit.rhythm.start + silence.last)
        others = {
            country
            for (country, _), clock in self._clocks.items()
            if country != unit.network[0] and went_on(clock, *span)
        }
        return len(others) >= t.CONTINUING_COUNTRIES

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
