"""Shutdowns: networks that fall silent as a whole, against their own rhythm.

Evidence is of two kinds, added up in nats over a stretch of hours. *Absence*: an hour without any answered
measurement weighs by how seldom that hour of the day and week is empty on this network. *Testimony*:
measurements in which nothing at all answered; they arrive late, once the network is back, and can at most
double the evidence of absence, so that nobody can report a shutdown of a network that nobody else measures.

A network whose few probes come and go has ordinary silences. A silence without testimony is a shutdown if it
outweighs these by far, or if another network of the country fell silent in the same hours.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import log

import numpy as np

from banwatch.detect import thresholds as t
from banwatch.detect.shutdowns.rhythm import (
    Nats,
    Rhythm,
    Silence,
    absence,
    missed_by,
    ordinary,
    recurring,
    rhythm_of,
    silences,
)
from banwatch.detect.votes.series import HOUR_S, answered_in, hour_number
from banwatch.detect.votes.voices import without
from banwatch.model.cell import Cell
from banwatch.model.ids import Asn, CountryCode, TargetName
from banwatch.model.incident import Change, IncidentKind

MECHANISM = "network.shutdown"
WHOLE_COUNTRY = Asn(-1)
"""Number that stands for all networks of a country and access tier together."""
_Network = tuple[CountryCode, Asn, str]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A silence with enough evidence to be examined."""

    probe_cc: CountryCode
    probe_asn: Asn
    access_tier: str
    rhythm: Rhythm
    nats: Nats
    silence: Silence
    ordinary: tuple[float, float]
    networks: frozenset[_Network]
    """The silent networks: the candidate's own, or every network of the country."""
    compared: int
    """Number of networks and countries examined: the more, the longer the longest ordinary silence among
    them."""

    @property
    def ends(self) -> int:
        """Hour number of its last hour."""
        return self.rhythm.start + self.silence.last

    @property
    def begins(self) -> int:
        """Hour number of its first hour."""
        return self.rhythm.start + self.silence.first

    @property
    def network(self) -> _Network:
        """Country, AS and access tier."""
        return (self.probe_cc, self.probe_asn, self.access_tier)

    def overlaps(self, other: "_Candidate") -> bool:
        """Return whether two silences have an hour in common."""
        return other.begins <= self.ends and self.begins <= other.ends

    @property
    def lasts(self) -> bool:
        """Whether nothing has answered since."""
        return not self.rhythm.live[self.silence.last + 1 :].any()


def find_shutdowns(cells: Sequence[Cell], through: datetime) -> Iterator[Change]:
    """Find stretches in which a network was shut down.

    Args:
        cells: every cell, also those without informative measurements.
        through: start of the last hour that the data cover.
    """
    vouched = hour_number(through)
    last = max(hour_number(cell.hour) for cell in cells)
    candidates = list(_candidates(cells, min(max(vouched, last), vouched + t.STRAY_CLOCK_HOURS), vouched))
    accepted: list[_Candidate] = []
    for candidate in candidates:
        repeated = any(
            other.networks == candidate.networks and candidate.overlaps(other) for other in accepted
        )
        if not repeated and _is_shutdown(candidate, candidates):
            accepted.append(candidate)
    for candidate in accepted:
        if candidate.probe_asn != WHOLE_COUNTRY:
            yield _change(candidate)
            continue
        for network in sorted(candidate.networks):
            mine = [other for other in accepted if other.network == network]
            if not any(candidate.overlaps(other) for other in mine):
                yield replace(_change(candidate), probe_asn=network[1])


def _candidates(cells: Sequence[Cell], end: int, vouched: int) -> Iterator[_Candidate]:
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
        # outside the hours that two voices vouch for, one wrong clock may make an hour empty
        hours = np.arange(len(nats)) + rhythm.start
        outside = (hours < rhythm.vouched) | (hours > vouched)
        nats = np.where(outside & ~rhythm.dark, 0.0, nats)
        found = silences(rhythm, nats)
        usual = ordinary(found)
        heard = frozenset(of_country[network]) if network[1] == WHOLE_COUNTRY else frozenset({network})
        for silence in recurring(found):
            if silence.nats >= t.TOGETHER_NATS and silence.last - silence.first >= shortest:
                yield _Candidate(*network, rhythm, nats, silence, usual, heard, len(by_network))


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


def _is_shutdown(candidate: _Candidate, every: Sequence[_Candidate]) -> bool:
    """Return whether a silence is more than the coming and going of the network's own probes."""
    large, scale = candidate.ordinary
    together = {
        other.probe_asn: other.silence.nats
        for other in every
        if other.probe_cc == candidate.probe_cc
        and other.probe_asn != candidate.probe_asn
        and WHOLE_COUNTRY not in {candidate.probe_asn, other.probe_asn}
        and abs(other.begins - candidate.begins) <= t.TOGETHER_HOURS
        and other.silence.nats > other.ordinary[0]
    }
    pooled = candidate.silence.nats + sum(together.values())
    if together and candidate.silence.nats > large and pooled >= t.POOLED_NATS:
        return True
    if candidate.silence.nats < t.SHUTDOWN_NATS:
        return False
    if candidate.silence.testimony >= t.TESTIFIED_NATS:
        return True
    longest = t.MEASURING_ENDED_HOURS if candidate.lasts else t.MEASURING_PAUSED_HOURS
    if candidate.silence.last - candidate.silence.first >= longest:
        return False  # the measuring itself may have ended or paused
    return candidate.silence.nats >= large + (t.EXTREME_SCALES + log(candidate.compared)) * scale


def _change(candidate: _Candidate) -> Change:
    rhythm, first, last = candidate.rhythm, candidate.silence.first, candidate.silence.last
    before = np.flatnonzero(rhythm.live[:first])
    after = np.flatnonzero(rhythm.live[last + 1 :]) + last + 1
    dark = [cell for hour in range(first, last + 1) for cell in rhythm.cells.get(rhythm.start + hour, [])]
    silent = [cell for cell in dark if cell.silent]
    earliest = _last_answer(_at(rhythm, before[-1])) if len(before) else _moment(rhythm, first)
    missed = _moment(rhythm, missed_by(candidate.nats, range(first, last + 1), last) + 1)
    testified = min((cell.first_at for cell in silent), default=missed)
    latest = max(min(missed, testified), earliest)
    end_earliest = end_latest = None
    if len(after):
        end_latest = _first_answer(_at(rhythm, after[0]))
        dark_at = _moment(rhythm, missed_by(candidate.nats, range(last, first - 1, -1), first))
        unheard = max((cell.last_at for cell in silent), default=dark_at)
        end_earliest = min(max(unheard, dark_at, latest), end_latest)
    day_before = [rhythm.heard[hour] for hour in before[before >= first - 24].tolist()]
    near = silent or _at(rhythm, before[-1] if len(before) else after[0])
    return Change(
        target=TargetName(""),
        probe_cc=candidate.probe_cc,
        probe_asn=candidate.probe_asn,
        access_tier=candidate.access_tier,
        kind=IncidentKind.SHUTDOWN,
        onset_earliest=earliest,
        onset_latest=latest,
        onset_known=bool(len(before)),
        end_earliest=end_earliest,
        end_latest=end_latest,
        share=round(1.0 - float(rhythm.live[first : last + 1].mean()), 4),
        measurements=sum(cell.silent for cell in silent),
        probes=len(frozenset[str]().union(*day_before)),
        confidence=round(min(1 - float(np.exp(-candidate.silence.nats / 2)), t.HIGHEST_CONFIDENCE), 4),
        mechanisms=(MECHANISM,),
        witness=min(near, key=lambda cell: (cell.first_at, cell.witness)).witness,
    )


def _moment(rhythm: Rhythm, hour: int) -> datetime:
    return datetime.fromtimestamp((rhythm.start + hour) * HOUR_S, UTC)


def _at(rhythm: Rhythm, hour: int) -> list[Cell]:
    return rhythm.cells[rhythm.start + int(hour)]


def _last_answer(cells: Sequence[Cell]) -> datetime:
    """Return the last moment of an hour at which something surely answered."""
    heard = [cell for cell in cells if answered_in(cell)]
    return max(cell.first_at if cell.insufficient else cell.last_at for cell in heard)


def _first_answer(cells: Sequence[Cell]) -> datetime:
    """Return the first moment of an hour by which something surely answered."""
    heard = [cell for cell in cells if answered_in(cell)]
    return min(cell.last_at if cell.insufficient else cell.first_at for cell in heard)
