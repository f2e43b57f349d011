"""Units in which silences are looked for: the hours of a network, or of all of a country's together."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from banwatch.detect.shutdowns.chance import Hours, Tail, tail_of
from banwatch.detect.shutdowns.edges import Network
from banwatch.detect.shutdowns.main_voice import also_without_main_voice
from banwatch.detect.shutdowns.ours import Clock, level
from banwatch.detect.shutdowns.presence import Presence, Voices, constant_voices
from banwatch.detect.shutdowns.proposals import WHOLE_COUNTRY
from banwatch.detect.shutdowns.rhythm import Nats, Rhythm, Silence, absence, rhythm_of, silences
from banwatch.model.cell import Cell
from banwatch.model.ids import Asn

_WEEK_HOURS = 7 * 24


@dataclass(frozen=True)
class Unit:
    """Hours of a network, or of all networks of a country together, and the silences in them."""

    network: Network
    rhythm: Rhythm
    nats: Nats
    found: tuple[Silence, ...]
    networks: frozenset[Network]
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
        return tail_of(self._absences.values(), len(self.nats))

    @cached_property
    def voices(self) -> Voices | None:
        """Its voices, where most come back."""
        return constant_voices(self.rhythm)

    @cached_property
    def presence(self) -> Presence | None:
        """Law of its voices' gaps."""
        return Presence.of(self.voices.heard, self.nats) if self.voices else None

    @cached_property
    def _absences(self) -> dict[tuple[int, int], float]:
        windows = [(one.first, one.last) for one in self.found]
        if self.presence is None or self.voices is None:
            plain = (one.nats - one.testimony for one in self.found)
            lively = (self.hours.liveliness(*window) for window in windows)
            return dict(zip(windows, (a * b for a, b in zip(plain, lively, strict=True)), strict=True))
        wide = [self.voices.widened(*window) for window in windows]
        found = self.presence.weights(self.voices.heard, wide)
        return dict(zip(windows, found.tolist(), strict=True))

    @cached_property
    def hours(self) -> Hours:
        """Sums over its hours."""
        return Hours.of(self.nats, self.rhythm.live)

    def absence(self, silence: Silence) -> float:
        """Return a silence's evidence of absence, by which voices were there in the days around it."""
        return self._absences[silence.first, silence.last]


@dataclass(frozen=True)
class Candidate:
    """A silence with enough evidence to be examined."""

    unit: Unit
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

    def overlap(self, other: "Candidate") -> float:
        """Return the hours that two silences have in common, as a share of the hours of both."""
        both = min(self.ends, other.ends) - max(self.begins, other.begins) + 1
        return max(both, 0) / (max(self.ends, other.ends) - min(self.begins, other.begins) + 1)


def units_of(cells: Sequence[Cell], end: int, vouched: int) -> Iterator[Unit]:
    """Yield the networks and countries that have a rhythm, with the silences in them.

    Args:
        cells: every cell.
        end: hour number of the last hour of the grid.
        vouched: hour number of the last hour that enough voices vouch for.
    """
    by_network: defaultdict[Network, list[Cell]] = defaultdict(list)
    of_country: defaultdict[Network, set[Network]] = defaultdict(set)
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
        yield Unit(
            network=network,
            rhythm=rhythm,
            nats=nats,
            found=tuple(silences(rhythm, nats)),
            networks=frozenset(siblings if whole else {network}),
            siblings=len(siblings),
            shortest=shortest,
        )
