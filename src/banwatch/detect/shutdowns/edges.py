"""Edges of a shutdown: when a silence began and ended, and how sure that is."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from banwatch.detect import thresholds as t
from banwatch.detect.shutdowns.recurring import Season
from banwatch.detect.shutdowns.rhythm import Nats, Rhythm, Silence, first_answer, last_answer, missed_by
from banwatch.detect.votes.series import HOUR_S
from banwatch.model.cell import Cell
from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.incident import Change, IncidentKind

MECHANISM = "network.shutdown"
_HOUR = timedelta(hours=1)
Network = tuple[CountryCode, Asn, str]
"""Country, AS and access tier."""


def shutdown_of(
    network: Network,
    *,
    onset: tuple[datetime, datetime],
    end: tuple[datetime | None, datetime | None],
    onset_known: bool = True,
    share: float,
    measurements: int,
    probes: int,
    confidence: float,
    witness: MeasurementUid,
    windows: tuple[str, ...] = (),
    reached: tuple[TargetName, ...] = (),
) -> Change:
    """Return a shutdown of a network; `onset` and `end` are the earliest and the latest moment of each."""
    return Change(
        target=TargetName(""),
        probe_cc=network[0],
        probe_asn=network[1],
        access_tier=network[2],
        kind=IncidentKind.SHUTDOWN,
        onset_earliest=onset[0],
        onset_latest=onset[1],
        onset_known=onset_known,
        end_earliest=end[0],
        end_latest=end[1],
        share=round(share, 4),
        measurements=measurements,
        probes=probes,
        confidence=confidence,
        mechanisms=(MECHANISM,),
        witness=witness,
        windows=windows,
        reached=reached,
    )


def change_of(network: Network, rhythm: Rhythm, nats: Nats, silence: Silence, by_chance: float) -> Change:
    """Return the change that a silence is.

    Args:
        network: country, AS and access tier.
        rhythm: the network's hours.
        nats: evidence of each hour if it is empty.
        silence: the silence.
        by_chance: number of such silences in a week that chance gives.
    """
    first, last = silence.first, silence.last
    before = np.flatnonzero(rhythm.live[:first])
    after = np.flatnonzero(rhythm.live[last + 1 :]) + last + 1
    dark = [cell for hour in range(first, last + 1) for cell in rhythm.cells.get(rhythm.start + hour, [])]
    silent = [cell for cell in dark if cell.silent]
    earliest = last_answer(_at(rhythm, before[-1])) if len(before) else _moment(rhythm, first)
    missed = _moment(rhythm, missed_by(nats, range(first, last + 1), last) + 1)
    testified = min((cell.first_at for cell in silent), default=missed)
    latest = max(min(missed, testified), earliest)
    end_earliest = end_latest = None
    if len(after):
        end_latest = first_answer(_at(rhythm, after[0]))
        dark_at = _moment(rhythm, missed_by(nats, range(last, first - 1, -1), first))
        unheard = max((cell.last_at for cell in silent), default=dark_at)
        end_earliest = min(max(unheard, dark_at, latest), end_latest)
    day_before = [rhythm.heard[hour] for hour in before[before >= first - 24].tolist()]
    near = silent or _at(rhythm, before[-1] if len(before) else after[0])
    return shutdown_of(
        network,
        onset=(earliest, latest),
        end=(end_earliest, end_latest),
        onset_known=bool(len(before)),
        share=1.0 - float(rhythm.live[first : last + 1].mean()),
        measurements=sum(cell.silent for cell in silent),
        probes=len(frozenset[str]().union(*day_before)),
        confidence=confidence_of(by_chance, silence.testimony, bool(silent)),
        witness=min(near, key=lambda cell: (cell.first_at, cell.witness)).witness,
    )


def change_of_season(network: Network, rhythm: Rhythm, season: Season) -> Change:
    """Return the change that recurring silences are, with a window for each of them."""
    during = [
        cell
        for hour in range(season.first.first, season.last.last + 1)
        for cell in rhythm.cells.get(rhythm.start + hour, [])
    ]
    within = [
        cell
        for cell in during
        if any(begin <= cell.last_at and cell.first_at <= end for begin, end in season.windows)
    ]
    silent = [cell for cell in within if cell.silent]
    (first_begin, _), (last_begin, last_end) = season.windows[0], season.windows[-1]
    near = silent or within or during or next(iter(rhythm.cells.values()))
    days = (last_begin.date() - first_begin.date()).days + 1
    voices = [
        voices
        for hour, voices in rhythm.heard.items()
        if season.first.first - 24 <= hour < season.first.first
    ]
    return shutdown_of(
        network,
        onset=(first_begin, max(first_begin, season.seen[0])),
        end=(None, None) if season.lasts else (min(last_end, season.seen[1]), last_end),
        share=len(season.windows) / days,
        measurements=sum(cell.silent for cell in silent if cell.probe_asn == network[1]),
        probes=len(frozenset[str]().union(*voices)),
        confidence=confidence_of(float(np.exp(-season.nats)), season.testimony, bool(silent)),
        witness=min(near, key=lambda cell: (cell.first_at, cell.witness)).witness,
        windows=tuple(f"{begin:%Y-%m-%dT%H:%MZ}/{end:%Y-%m-%dT%H:%MZ}" for begin, end in season.windows),
    )


def confidence_of(by_chance: float, testimony: float, measured: bool) -> float:
    """Return the probability that a silence is a shutdown.

    Args:
        by_chance: number of such silences in a week that chance gives.
        testimony: evidence of measurements in which nothing answered, in nats.
        measured: whether there are any.
    """
    doubt = by_chance / (by_chance + t.SHUTDOWNS_PER_WEEK) * float(np.exp(-testimony))
    most = t.HIGHEST_CONFIDENCE if measured else t.UNMEASURED_CONFIDENCE
    return round(min(1 - doubt, most), 4)


def _moment(rhythm: Rhythm, hour: int) -> datetime:
    return datetime.fromtimestamp((rhythm.start + hour) * HOUR_S, UTC)


def _at(rhythm: Rhythm, hour: int) -> list[Cell]:
    return rhythm.cells[rhythm.start + int(hour)]


def lone_gaps(
    changes: Iterable[Change], cells: Sequence[Cell]
) -> Iterator[tuple[Network, datetime, datetime]]:
    """Yield the times between two silences of one network in which a single voice alone was heard.

    Args:
        changes: silences of one country; those that recur keep their gaps.
        cells: the country's cells.
    """
    by_network: defaultdict[Network, list[Change]] = defaultdict(list)
    for change in changes:
        if not change.windows and not change.reached:
            by_network[change.probe_cc, change.probe_asn, change.access_tier].append(change)
    for network, mine in sorted(by_network.items()):
        gaps = {
            (before.end_earliest, after.onset_latest)
            for before in mine
            for after in mine
            if before.end_earliest is not None
            and before.onset_latest <= after.onset_latest
            and before is not after
        }
        if not gaps:
            continue
        here = [c for c in cells if (c.probe_cc, c.probe_asn, c.access_tier) == network]
        here.sort(key=lambda cell: cell.hour)
        for since, until in sorted(gaps):
            first = bisect_left(here, since - _HOUR, key=lambda cell: cell.hour)
            if _is_lone(here[first:], since, until):
                yield network, since, until


def _is_lone(cells: Iterable[Cell], since: datetime, until: datetime) -> bool:
    """Return whether exactly one voice is heard in a time; cells in order of hours."""
    voices: set[str] = set()
    for cell in cells:
        if cell.hour > until or len(voices) > 1:
            break
        if since <= cell.last_at and cell.first_at <= until:
            voices.update(cell.accusers, cell.absolvers)
    return len(voices) == 1
