"""Networks that fall silent as a whole, against their own rhythm.

Two kinds of evidence, added up in nats over a stretch of hours. *Absence*: an hour without any answered
measurement weighs by how seldom that hour of the day is empty on this network. *Testimony*: measurements in
which nothing at all answered; they arrive late, once the network is back, and can at most double what absence
says, so that nobody can report a shutdown of a network that nobody else measures. A network that measures
only now and then has empty hours of its own, and its ordinary silences set what is remarkable for it.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from banwatch.detect import thresholds as t
from banwatch.detect.series import hour_number, measured_in
from banwatch.model.cell import Cell
from banwatch.model.ids import Asn, CountryCode, TargetName
from banwatch.model.incident import Change, Kind

MECHANISM = "network.shutdown"

_Network = tuple[CountryCode, Asn, str]
_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Rhythm:
    """One network's hours, dense from its first measured hour to the end of the data."""

    start: int
    """Hour number of the first."""
    answered: NDArray[np.int64]
    """Measurements in which something answered, per hour."""
    silent: NDArray[np.int64]
    dark: NDArray[np.bool_]
    """Hours whose measurements say that nothing at all answered."""
    voices: NDArray[np.int64]
    cells: dict[int, list[Cell]]


def find_shutdowns(cells: Sequence[Cell], through: datetime) -> Iterator[Change]:
    """Find stretches in which a network was dark, in every network and tier on its own.

    Args:
        cells: every cell, telling or not.
        through: start of the last hour that the data cover.
    """
    by_network: defaultdict[_Network, list[Cell]] = defaultdict(list)
    for cell in cells:
        by_network[cell.probe_cc, cell.probe_asn, cell.access_tier].append(cell)
    end = hour_number(through)
    for network in sorted(by_network):
        rhythm = _rhythm(by_network[network], end)
        for first, last, nats in _dark_runs(rhythm):
            yield _change(network, rhythm, first, last, nats)


def _rhythm(cells: Sequence[Cell], end: int) -> _Rhythm:
    by_hour: defaultdict[int, list[Cell]] = defaultdict(list)
    for cell in cells:
        by_hour[hour_number(cell.hour)].append(cell)
    start = min(by_hour)
    hours = end - start + 1
    answered = np.zeros(hours, np.int64)
    silent = np.zeros(hours, np.int64)
    dark = np.zeros(hours, np.bool_)
    voices = np.zeros(hours, np.int64)
    for hour, mine in by_hour.items():
        measured = sum(measured_in(cell) for cell in mine)
        unheard = sum(cell.silent for cell in mine)
        targets = sum(1 for cell in mine if cell.silent)
        if unheard >= t.SILENT_SHARE * measured and targets >= t.SILENT_TARGETS:
            dark[hour - start] = True
        answered[hour - start] = measured - unheard
        silent[hour - start] = unheard
        voices[hour - start] = max(cell.probes for cell in mine)
    return _Rhythm(start, answered, silent, dark, voices, dict(by_hour))


def _dark_runs(rhythm: _Rhythm) -> list[tuple[int, int, float]]:
    """Stretches (first hour, last hour, nats) in which the network was remarkably silent."""
    live = rhythm.answered > 0
    live &= ~rhythm.dark
    if live.sum() < 2 * t.USUAL_HOURS_A_DAY:
        return []
    set_aside = np.zeros(len(live), np.bool_)
    runs: list[tuple[int, int, float]] = []
    for _ in range(3):
        absence = _absence(rhythm, live, set_aside)
        if absence is None:
            return []
        every = _runs(rhythm, live, absence)
        ordinary = sorted(nats for first, last, nats in every if not set_aside[first : last + 1].any())
        usual = ordinary[int(0.98 * (len(ordinary) - 1))] if ordinary else 0.0
        needed = max(t.SHUTDOWN_NATS, t.RUN_RATIO * usual)
        runs = [run for run in every if run[2] >= needed]
        fresh = np.zeros(len(live), np.bool_)
        for first, last, _nats in runs:
            fresh[first : last + 1] = True
        if (fresh == set_aside).all():
            break
        set_aside = fresh
    return runs


def _absence(rhythm: _Rhythm, live: NDArray[np.bool_], set_aside: NDArray[np.bool_]) -> _Floats | None:
    """What an empty hour says, in nats, for every hour; None where the network has no rhythm to miss."""
    hours = len(live)
    days = (hours + 23) // 24
    padded = np.zeros(days * 24, np.bool_)
    padded[:hours] = live
    counted = np.zeros(days * 24, np.bool_)
    counted[:hours] = ~set_aside
    by_day, counts = padded.reshape(days, 24), counted.reshape(days, 24)
    whole = counts.sum(axis=1) >= 24 * 0.5
    if not whole.any():
        return None
    counts[~by_day.any(axis=1)] = False  # whole days without any: whether these are usual is asked next
    hours_a_day = by_day.sum(axis=1)[whole]
    if np.median(hours_a_day) < t.USUAL_HOURS_A_DAY or (hours_a_day > 0).mean() < t.USUAL_DAYS_SHARE:
        return None
    seen = (by_day & counts).sum(axis=0)
    empty = (~by_day & counts).sum(axis=0)
    chance = (empty + 0.5) / (seen + empty + 1.0)
    return np.tile(-np.log(chance), days)[:hours]


def _runs(rhythm: _Rhythm, live: NDArray[np.bool_], absence: _Floats) -> list[tuple[int, int, float]]:
    """Every stretch between answered hours, with its evidence; a few stray answers do not break one."""
    gain = np.where(live, -t.STRAY_NATS * np.maximum(rhythm.voices, 1), absence)
    testimony = np.where(rhythm.dark, absence, 0.0)
    runs: list[tuple[int, int, float]] = []
    total, first, best, best_at, spoken = 0.0, 0, 0.0, -1, 0.0
    for i, nats in enumerate(gain):
        if total <= 0:
            if best_at >= first and best > 0:
                runs.append(_trim(live, first, best_at, best))
            total, first, best, best_at, spoken = 0.0, i, 0.0, -1, 0.0
        total += float(nats)
        spoken += float(testimony[i])
        if total > 0 and total + min(spoken, total) >= best and not live[i]:
            best, best_at = total + min(spoken, total), i
    if best_at >= first and best > 0:
        runs.append(_trim(live, first, best_at, best))
    return runs


def _trim(live: NDArray[np.bool_], first: int, last: int, nats: float) -> tuple[int, int, float]:
    while first < last and live[first]:
        first += 1
    return first, last, nats


def _change(network: _Network, rhythm: _Rhythm, first: int, last: int, nats: float) -> Change:
    probe_cc, probe_asn, access_tier = network
    answered = np.flatnonzero(rhythm.answered > 0)
    before = answered[answered < first]
    after = answered[answered > last]
    dark = [cell for hour in range(first, last + 1) for cell in rhythm.cells.get(rhythm.start + hour, [])]
    silent = [cell for cell in dark if cell.silent]
    earliest = _latest_answer(rhythm, int(before[-1])) if len(before) else _moment(rhythm, first)
    testified = min((cell.first_at for cell in silent), default=None)
    missed = _moment(rhythm, _first_missed(rhythm, first, last) + 1)
    latest = max(min(missed, testified) if testified else missed, earliest)
    end_earliest = end_latest = None
    if len(after):
        end_latest = _earliest_answer(rhythm, int(after[0]))
        heard = max((cell.last_at for cell in silent), default=latest)
        end_earliest = min(max(heard, latest), end_latest)
    witness = min(
        silent or rhythm.cells[rhythm.start + int(before[-1] if len(before) else answered[0])],
        key=lambda cell: (cell.first_at, cell.witness),
    )
    return Change(
        target=TargetName(""),
        probe_cc=probe_cc,
        probe_asn=probe_asn,
        access_tier=access_tier,
        kind=Kind.SHUTDOWN,
        onset_earliest=earliest,
        onset_latest=latest,
        onset_known=bool(len(before)),
        end_earliest=end_earliest,
        end_latest=end_latest,
        share=round(1.0 - float((rhythm.answered[first : last + 1] > 0).mean()), 4),
        measurements=sum(cell.silent for cell in silent),
        probes=int(sum(rhythm.voices[max(first - 24, 0) : first])),
        confidence=round(min(1 - float(np.exp(-nats / 2)), 0.999), 4),
        mechanisms=(MECHANISM,),
        witness=witness.witness,
    )


def _moment(rhythm: _Rhythm, hour: int) -> datetime:
    return datetime.fromtimestamp((rhythm.start + hour) * 3600, UTC)


def _first_missed(rhythm: _Rhythm, first: int, last: int) -> int:
    """The first hour of a stretch in which measurements were likely: 3 in 4 hours like it have some."""
    hours = np.arange(len(rhythm.answered))
    for hour in range(first, last + 1):
        same = (hours % 24 == hour % 24) & ((hours < first) | (hours > last))
        if same.any() and (rhythm.answered[same] > 0).mean() >= 0.75:
            return hour
    return last


def _latest_answer(rhythm: _Rhythm, hour: int) -> datetime:
    cells = rhythm.cells[rhythm.start + hour]
    heard = [cell for cell in cells if measured_in(cell) > cell.silent]
    return max(cell.last_at if not cell.silent else cell.first_at for cell in heard)


def _earliest_answer(rhythm: _Rhythm, hour: int) -> datetime:
    cells = rhythm.cells[rhythm.start + hour]
    heard = [cell for cell in cells if measured_in(cell) > cell.silent]
    return min(cell.first_at if not cell.silent else cell.last_at for cell in heard) + timedelta(0)
