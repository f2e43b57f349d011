"""Cells arranged as series, and as the padded arrays that the model reads."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from banwatch.detect.votes.steps import Steps
from banwatch.detect.votes.voices import Ballot, ballots
from banwatch.model.cell import Cell
from banwatch.model.ids import Asn, CountryCode, TargetName
from banwatch.model.state import STRENGTH

EPOCH_SECOND = 3600
_COUNTED = (*(state.value for state in STRENGTH), "silent", "reports")


@dataclass(frozen=True, slots=True, order=True)
class SeriesKey:
    """One target on one network and access tier."""

    target: TargetName
    probe_cc: CountryCode
    probe_asn: Asn
    access_tier: str


@dataclass(frozen=True, slots=True)
class Series:
    """The telling hours of one series, in order, with their votes."""

    key: SeriesKey
    cells: tuple[Cell, ...]
    """Those hours in which some voice could tell."""
    ballots: tuple[Ballot, ...]
    """The votes of each of them."""


def key_of(cell: Cell) -> SeriesKey:
    """Which series a cell belongs to."""
    return SeriesKey(cell.target, cell.probe_cc, cell.probe_asn, cell.access_tier)


def interfered_in(cell: Cell) -> int:
    """Measurements of the hour that showed interference."""
    return cell.blocked + cell.likely_blocked + cell.tampered


def told_in(cell: Cell) -> int:
    """Measurements of the hour that could tell. The others neither accuse nor absolve."""
    return interfered_in(cell) + cell.ok


def answered_in(cell: Cell) -> int:
    """Measurements of the hour in which something answered, whatever it said.

    One that is merely `insufficient` neither shows that the network was there nor that it was not.
    """
    return told_in(cell) + cell.impaired + cell.down


def hour_number(at: datetime) -> int:
    """Hours since 1970: a moment's place on the grid."""
    return int(at.timestamp()) // EPOCH_SECOND


def arrange(cells: Iterable[Cell]) -> tuple[Series, ...]:
    """Sort cells into series, in key order; cells in which nobody could tell are left out."""
    by_key: defaultdict[SeriesKey, list[Cell]] = defaultdict(list)
    for cell in cells:
        if told_in(cell):
            by_key[key_of(cell)].append(cell)
    arranged = []
    for key in sorted(by_key):
        mine = tuple(_over_resolvers(sorted(by_key[key], key=lambda cell: (cell.hour, cell.resolver_kind))))
        arranged.append(Series(key, mine, ballots(mine)))
    return tuple(arranged)


def _over_resolvers(cells: Sequence[Cell]) -> Iterator[Cell]:
    """Put the cells of one hour together, whatever resolver was asked; cells in order of hours."""
    for _, group in groupby(cells, key=lambda cell: cell.hour):
        same = list(group)
        yield same[0] if len(same) == 1 else _together(same)


def _together(cells: Sequence[Cell]) -> Cell:
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
    )


def _strongest(cell: Cell) -> int:
    """Rank of the strongest state in a cell."""
    return next((rank for rank, state in enumerate(STRENGTH) if getattr(cell, state.value)), len(STRENGTH))


def to_steps(series: Sequence[Series]) -> Steps:
    """Lay series side by side, padded at the end."""
    longest = max((len(one.cells) for one in series), default=0)
    accusing = np.zeros((longest, len(series)), np.float32)
    telling = np.zeros((longest, len(series)), np.float32)
    gaps = np.zeros((longest, len(series)), np.int32)
    for column, one in enumerate(series):
        used = len(one.cells)
        accusing[:used, column] = [ballot.accusing for ballot in one.ballots]
        telling[:used, column] = [ballot.telling for ballot in one.ballots]
        hours = np.array([hour_number(cell.hour) for cell in one.cells])
        gaps[1:used, column] = np.diff(hours)
    return Steps(accusing, telling, gaps)


def of_targets(series: Sequence[Series]) -> NDArray[np.int64]:
    """Number the targets of each country and access tier; gives each series' number, `[series]`."""
    keys = [(one.key.target, one.key.probe_cc, one.key.access_tier) for one in series]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys], np.int64)
