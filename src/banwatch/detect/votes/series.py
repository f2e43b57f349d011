"""Series of cells, and the padded arrays that the model of blocking reads."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from banwatch.detect.votes.inputs import without_other_inputs
from banwatch.detect.votes.steps import Steps
from banwatch.detect.votes.voices import Ballot, ballots
from banwatch.model.cell import Cell
from banwatch.model.ids import Asn, CountryCode, TargetName
from banwatch.model.state import STRENGTH

HOUR_S = 3600
_COUNTED = (*(state.value for state in STRENGTH), "silent", "reports")


@dataclass(frozen=True, slots=True, order=True)
class SeriesKey:
    """Key of a series: target, network and access tier."""

    target: TargetName
    probe_cc: CountryCode
    probe_asn: Asn
    access_tier: str


@dataclass(frozen=True, slots=True)
class Series:
    """Series: its hours with informative measurements, in order, and their votes."""

    key: SeriesKey
    cells: tuple[Cell, ...]
    """Cells of the hours with informative measurements."""
    ballots: tuple[Ballot, ...]
    """Votes of each of these hours."""


def key_of(cell: Cell) -> SeriesKey:
    """Return the key of a cell's series."""
    return SeriesKey(cell.target, cell.probe_cc, cell.probe_asn, cell.access_tier)


def interfered_in(cell: Cell) -> int:
    """Count the measurements of an hour that showed interference."""
    return cell.blocked + cell.likely_blocked + cell.tampered


def informative_in(cell: Cell) -> int:
    """Count the measurements of an hour that accuse or absolve."""
    return interfered_in(cell) + cell.ok


def answered_in(cell: Cell) -> int:
    """Count the measurements of an hour in which something answered, whatever the answer.

    A measurement that is merely `insufficient` shows neither that the network was up nor that it was down.
    """
    return informative_in(cell) + cell.impaired + cell.down


def hour_number(at: datetime) -> int:
    """Return the hours since 1970 at a moment: its index in the grid."""
    return int(at.timestamp()) // HOUR_S


def arrange(cells: Iterable[Cell]) -> tuple[Series, ...]:
    """Sort cells into series, in key order; cells without informative measurements are left out."""
    by_key: defaultdict[SeriesKey, list[Cell]] = defaultdict(list)
    for cell in cells:
        if informative_in(cell):
            by_key[key_of(cell)].append(cell)
    arranged = []
    for key in sorted(by_key):
        ordered = sorted(by_key[key], key=lambda cell: (cell.hour, cell.resolver_kind))
        mine = tuple(without_other_inputs(tuple(_over_resolvers(ordered))))
        arranged.append(Series(key, mine, ballots(mine)))
    return tuple(arranged)


def _over_resolvers(cells: Sequence[Cell]) -> Iterator[Cell]:
    """Merge the cells of one hour over resolvers; cells in order of hours."""
    for _, group in groupby(cells, key=lambda cell: cell.hour):
        same = list(group)
        yield same[0] if len(same) == 1 else _merged(same)


def _merged(cells: Sequence[Cell]) -> Cell:
    counts = {name: sum(getattr(cell, name) for cell in cells) for name in _COUNTED}
    voices = {voice for cell in cells for voice in (*cell.accusers, *cell.absolvers)}
    return replace(
        min(cells, key=lambda cell: (_strongest(cell), cell.first_at, cell.witness)),
        **counts,
        probes=max(len(voices), max(cell.probes for cell in cells)),
        mechanisms=tuple(sorted({m for cell in cells for m in cell.mechanisms})),
        first_at=min(cell.first_at for cell in cells),
        last_at=max(cell.last_at for cell in cells),
        accusers=tuple(sorted({voice for cell in cells for voice in cell.accusers})),
        absolvers=tuple(sorted({voice for cell in cells for voice in cell.absolvers})),
        accused_inputs=tuple(sorted({name for cell in cells for name in cell.accused_inputs})),
        open_inputs=tuple(sorted({name for cell in cells for name in cell.open_inputs})),
        addresses=tuple(sorted({name for cell in cells for name in cell.addresses})),
    )


def _strongest(cell: Cell) -> int:
    """Return the rank of the strongest state in a cell."""
    return next((rank for rank, state in enumerate(STRENGTH) if getattr(cell, state.value)), len(STRENGTH))


def to_steps(series: Sequence[Series]) -> Steps:
    """Lay series side by side, padded at the end."""
    longest = max((len(one.cells) for one in series), default=0)
    accusing = np.zeros((longest, len(series)), np.float32)
    informative = np.zeros((longest, len(series)), np.float32)
    gaps = np.zeros((longest, len(series)), np.int32)
    first = np.array([hour_number(one.cells[0].hour) for one in series], np.int32)
    for column, one in enumerate(series):
        used = len(one.cells)
        accusing[:used, column] = [ballot.accusing for ballot in one.ballots]
        informative[:used, column] = [ballot.informative for ballot in one.ballots]
        hours = np.array([hour_number(cell.hour) for cell in one.cells])
        gaps[1:used, column] = np.diff(hours)
    return Steps(accusing, informative, gaps, first)


def of_targets(series: Sequence[Series]) -> NDArray[np.int64]:
    """Return each series' number, `[series]`: the same for one target in a country and access tier."""
    keys = [(one.key.target, one.key.probe_cc, one.key.access_tier) for one in series]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys], np.int64)
