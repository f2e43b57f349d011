"""Networks that fall silent as a whole, against their own rhythm.

Two kinds of evidence, added up in nats over a stretch of hours. *Absence*: an hour without any answered
measurement weighs by how seldom that hour of the day and week is empty on this network. *Testimony*:
measurements in which nothing at all answered; they arrive late, once the network is back, and can at most
double what absence says, so that nobody can report a shutdown of a network that nobody else measures.

A network whose few probes come and go has silences of its own. One that only absence tells of is a shutdown
if it outweighs these by far, or if another network of the country fell silent in the same hours.
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
from banwatch.detect.votes.series import EPOCH_SECOND, answered_in, hour_number
from banwatch.detect.votes.voices import without
from banwatch.model.cell import Cell
from banwatch.model.ids import Asn, CountryCode, TargetName
from banwatch.model.incident import Change, IncidentKind

MECHANISM = "network.shutdown"
WHOLE_COUNTRY = Asn(-1)
"""Stands for all networks of a country and access tier together."""
_Network = tuple[CountryCode, Asn, str]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A silence heavy enough to be asked about."""

    probe_cc: CountryCode
    probe_asn: Asn
    access_tier: str
    rhythm: Rhythm
    nats: Nats
    silence: Silence
    ordinary: tuple[float, float]
    networks: frozenset[_Network]
    """Whose silence it is: itself, or every network of the country."""
    looked_at: int
    """Networks and countries looked at: the more, the longer the longest ordinary silence among them."""

    @property
    def ends(self) -> int:
        """Hour number of its last hour."""
        return self.rhythm.start + self.silence.last

    @property
    def begins(self) -> int:
        """Hour number of its first hour."""
        return self.rhythm.start + self.silence.first

    @property
    def lasts(self) -> bool:
        """Whether nothing was heard since."""
        return not self.rhythm.live[self.silence.last + 1 :].any()


def find_shutdowns(cells: Sequence[Cell], through: datetime) -> Iterator[Change]:
    """Find stretches in which a network was shut down.

    Args:
        cells: every cell, telling or not.
        through: start of the last hour that the data are known to cover.
    """
    vouched = hour_number(through)
    last = max(hour_number(cell.hour) for cell in cells)
    candidates = list(_candidates(cells, min(max(vouched, last), vouched + t.STRAY_CLOCK_HOURS), vouched))
    said: list[_Candidate] = []
    for one in candidates:
        again = any(
            o.networks == one.networks and o.begins <= one.ends and one.begins <= o.ends for o in said
        )
        if not again and _remarkable(one, candidates):
            said.append(one)
    for one in said:
        if one.probe_asn != WHOLE_COUNTRY:
            yield _change(one)
            continue
        for network in sorted(one.networks):
            mine = [o for o in said if (o.probe_cc, o.probe_asn, o.access_tier) == network]
            if not any(o.begins <= one.ends and one.begins <= o.ends for o in mine):
                yield replace(_change(one), probe_asn=network[1])


def _candidates(cells: Sequence[Cell], end: int, vouched: int) -> Iterator[_Candidate]:
    by_network: defaultdict[_Network, list[Cell]] = defaultdict(list)
    of_country: defaultdict[_Network, set[_Network]] = defaultdict(set)
    for cell in cells:
        network = (cell.probe_cc, cell.probe_asn, cell.access_tier)
        by_network[network].append(cell)
        of_country[cell.probe_cc, WHOLE_COUNTRY, cell.access_tier].add(network)
    for country, networks in of_country.items():
        if len(networks) > 1:  # what each measures too seldom to be missed, all may together
            by_network[country] = [cell for network in sorted(networks) for cell in by_network[network]]
    for network, mine, shortest in _also_without_the_loudest(by_network):
        rhythm = rhythm_of(mine, end)
        nats = absence(rhythm, vouched) if rhythm else None
        if rhythm is None or nats is None:
            continue
        # outside what two voices vouch for, an empty hour may be one wrong clock's: only testimony counts
        hours = np.arange(len(nats)) + rhythm.start
        outside = (hours < rhythm.vouched) | (hours > vouched)
        nats = np.where(outside & ~rhythm.dark, 0.0, nats)
        found = silences(rhythm, nats)
        usual = ordinary(found)
        heard = frozenset(of_country[network]) if network[1] == WHOLE_COUNTRY else frozenset({network})
        for silence in recurring(found):
            if silence.nats >= t.TOGETHER_NATS and silence.last - silence.first >= shortest:
                yield _Candidate(*network, rhythm, nats, silence, usual, heard, len(by_network))


def _also_without_the_loudest(
    by_network: Mapping[_Network, Sequence[Cell]],
) -> Iterator[tuple[_Network, Sequence[Cell], int]]:
    """Each network's cells, and those of all but its most constant voice, where it has several.

    Where everybody else falls silent, one who goes on alone does not show that the network is there. That
    holds for a day or more: for some hours others may be away together. Gives also the shortest silence, in
    hours, that is to be looked at.
    """
    for network in sorted(by_network):
        mine = by_network[network]
        yield network, mine, 0
        voices = Counter(voice for cell in mine for voice in {*cell.accusers, *cell.absolvers})
        if len(voices) > t.USUAL_VOICES_A_DAY:
            most = max(voices.values())
            constant = min(voice for voice, times in voices.items() if times == most)
            if most > t.CONSTANT_SHARE * len(mine):
                yield network, tuple(without(mine, constant)), t.DROWNED_HOURS


def _remarkable(one: _Candidate, every: Sequence[_Candidate]) -> bool:
    """Whether a silence is more than the coming and going of the network's own probes."""
    large, scale = one.ordinary
    together = {
        other.probe_asn: other.silence.nats
        for other in every
        if other.probe_cc == one.probe_cc
        and other.probe_asn != one.probe_asn
        and WHOLE_COUNTRY not in {one.probe_asn, other.probe_asn}
        and abs(other.begins - one.begins) <= t.TOGETHER_HOURS
        and other.silence.nats > other.ordinary[0]
    }
    if together and one.silence.nats > large and one.silence.nats + sum(together.values()) >= t.POOLED_NATS:
        return True
    if one.silence.nats < t.SHUTDOWN_NATS:
        return False
    if one.silence.spoken >= t.TESTIFIED_NATS:
        return True
    longest = t.MEASURING_ENDED_HOURS if one.lasts else t.MEASURING_PAUSED_HOURS
    if one.silence.last - one.silence.first >= longest:
        return False  # for all we know nobody measured there
    return one.silence.nats >= large + (t.EXTREME_SCALES + log(one.looked_at)) * scale


def _change(one: _Candidate) -> Change:
    rhythm, first, last = one.rhythm, one.silence.first, one.silence.last
    before = np.flatnonzero(rhythm.live[:first])
    after = np.flatnonzero(rhythm.live[last + 1 :]) + last + 1
    dark = [cell for hour in range(first, last + 1) for cell in rhythm.cells.get(rhythm.start + hour, [])]
    silent = [cell for cell in dark if cell.silent]
    earliest = _last_answer(_at(rhythm, before[-1])) if len(before) else _moment(rhythm, first)
    missed = _moment(rhythm, missed_by(one.nats, range(first, last + 1), last) + 1)
    testified = min((cell.first_at for cell in silent), default=missed)
    latest = max(min(missed, testified), earliest)
    end_earliest = end_latest = None
    if len(after):
        end_latest = _first_answer(_at(rhythm, after[0]))
        dark_at = _moment(rhythm, missed_by(one.nats, range(last, first - 1, -1), first))
        unheard = max((cell.last_at for cell in silent), default=dark_at)
        end_earliest = min(max(unheard, dark_at, latest), end_latest)
    day_before = [rhythm.heard[hour] for hour in before[before >= first - 24].tolist()]
    near = silent or _at(rhythm, before[-1] if len(before) else after[0])
    return Change(
        target=TargetName(""),
        probe_cc=one.probe_cc,
        probe_asn=one.probe_asn,
        access_tier=one.access_tier,
        kind=IncidentKind.SHUTDOWN,
        onset_earliest=earliest,
        onset_latest=latest,
        onset_known=bool(len(before)),
        end_earliest=end_earliest,
        end_latest=end_latest,
        share=round(1.0 - float(rhythm.live[first : last + 1].mean()), 4),
        measurements=sum(cell.silent for cell in silent),
        probes=len(frozenset[str]().union(*day_before)),
        confidence=round(min(1 - float(np.exp(-one.silence.nats / 2)), t.HIGHEST_CONFIDENCE), 4),
        mechanisms=(MECHANISM,),
        witness=min(near, key=lambda cell: (cell.first_at, cell.witness)).witness,
    )


def _moment(rhythm: Rhythm, hour: int) -> datetime:
    return datetime.fromtimestamp((rhythm.start + hour) * EPOCH_SECOND, UTC)


def _at(rhythm: Rhythm, hour: int) -> list[Cell]:
    return rhythm.cells[rhythm.start + int(hour)]


def _last_answer(cells: Sequence[Cell]) -> datetime:
    """The last moment of an hour at which something surely answered."""
    heard = [cell for cell in cells if answered_in(cell)]
    return max(cell.first_at if cell.insufficient else cell.last_at for cell in heard)


def _first_answer(cells: Sequence[Cell]) -> datetime:
    """The first moment of an hour by which something surely answered."""
    heard = [cell for cell in cells if answered_in(cell)]
    return min(cell.last_at if cell.insufficient else cell.first_at for cell in heard)
