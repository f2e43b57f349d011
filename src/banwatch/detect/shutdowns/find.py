"""Shutdowns: networks that fall silent as a whole, against their own rhythm.

Evidence is of two kinds, added up in nats over a stretch of hours. *Absence*: an hour without any answered
measurement weighs by how seldom that hour of the day and week is empty on this network. *Testimony*:
measurements in which nothing at all answered; they arrive late, once the network is back, and can at most
double the evidence of absence, so that nobody can report a shutdown of a network that nobody else measures.

Absence alone is a shutdown only where chance hardly ever gives as much (`chance`) and nothing in the
measuring itself explains it (`ours`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from math import comb, inf

from banwatch.detect import thresholds as t
from banwatch.detect.shutdowns import thresholds as own
from banwatch.detect.shutdowns.chance import Tail, networks_of, shifted_presence, shifted_tail, voices_of
from banwatch.detect.shutdowns.edges import Network, change_of, change_of_season, lone_gaps
from banwatch.detect.shutdowns.ours import Clock, is_day_of_ours, is_mirrored
from banwatch.detect.shutdowns.proposals import (
    WHOLE_COUNTRY,
    Country,
    CountryClock,
    CountrySilences,
    Proposal,
)
from banwatch.detect.shutdowns.recurring import Season, seasons
from banwatch.detect.shutdowns.rhythm import Silence
from banwatch.detect.shutdowns.units import Candidate, Unit, units_of
from banwatch.detect.votes.reach import Reach
from banwatch.detect.votes.series import hour_number
from banwatch.model.cell import Cell
from banwatch.model.ids import Asn
from banwatch.model.incident import Change


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
    units = list(units_of(cells, *span_of(max(cell.hour for cell in cells), reach)))
    clocks = _clocks(units)
    recurring = _seasons(units)
    changes = [change_of_season(network, unit.rhythm, season) for network, (unit, season) in recurring]
    every = [
        Candidate(unit, silence)
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
    last_hour = hour_number(last)
    if end - last_hour > t.MEASURING_ENDED_HOURS:
        end = last_hour
    return end, min(vouched, end)


def _is_settled(candidate: Candidate, proposals: Sequence[Proposal]) -> bool:
    """Return whether a silence repeats one of the same networks that is a shutdown in any case."""
    return any(
        not (one.asks_heard or one.asks_lacking)
        and frozenset(one.networks) == candidate.unit.networks
        and min(one.ends, candidate.ends) >= max(one.begins, candidate.begins)
        for one in proposals
    )


def _seasons(units: Sequence[Unit]) -> list[tuple[Network, tuple[Unit, Season]]]:
    """Return the recurring silences of each network: those of the whole country first, then its own."""
    found: list[tuple[Network, tuple[Unit, Season]]] = []
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


def _clocks(units: Sequence[Unit]) -> dict[Country, Clock]:
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
        every: Sequence[Candidate],
        clocks: Mapping[Country, Clock],
        complete: bool,
        continues: bool,
    ) -> None:
        self._every = every
        self._clocks = clocks
        self._complete = complete
        self._continues = continues
        self._shifted: dict[int, Tail | None] = {}

    def proposal(self, candidate: Candidate) -> Proposal | None:
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
        to_the_end = candidate.lasts and not self._complete
        return Proposal(
            network=unit.network,
            networks=networks,
            begins=candidate.begins,
            ends=candidate.ends,
            asks_heard=not testified and (to_the_end or self._is_day(candidate)),
            asks_lacking=not testified,
            changes=changes,
        )

    def _expected(self, candidate: Candidate) -> float:
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
        return inf if self._is_day(candidate) and is_mirrored(silence, unit.clock) else by_chance

    def _is_day(self, candidate: Candidate) -> bool:
        """Return whether a silence is of whole days: a mirror may lack them, and our collector of all."""
        return is_day_of_ours(candidate.silence, candidate.unit.clock, self._clocks)

    def _alone(self, candidate: Candidate) -> float:
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

    def _by_chance(self, candidate: Candidate) -> float:
        """Return the number expected by the tail of the unit's own silences, and of shifted ones."""
        tail = self._shifted_of(candidate.unit)
        shifted = tail.expected(candidate.absence) if tail else 0.0
        return max(candidate.expected, shifted)

    def _shifted_of(self, unit: Unit) -> Tail | None:
        if id(unit) not in self._shifted:
            whole = unit.network[1] == WHOLE_COUNTRY
            mine = [one for one in self._every if one.unit is unit and one.absence >= own.EXAMINED_NATS]
            examined = [range(one.silence.first, one.silence.last + 1) for one in mine]
            if unit.voices is not None and unit.presence is not None:
                found = shifted_presence(unit.voices, unit.presence, unit.nats, examined, apart=not whole)
            else:
                parts = networks_of(unit.rhythm) if whole else voices_of(unit.rhythm)
                found = shifted_tail(parts, unit.nats, examined)
            self._shifted[id(unit)] = found
        return self._shifted[id(unit)]

    def _together(self, candidate: Candidate) -> float:
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
