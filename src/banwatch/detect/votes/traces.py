"""Traces of partial interference: pages that came, but not by every way.

The judge says `ok` of a page that came while some genuine address, or QUIC, failed for it and not for the
control, and leaves the rule `page.partly` as a trace. One trace accuses nobody; many of them on one network
are read here as a series of their own.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from banwatch.detect.votes.series import SeriesKey, key_of
from banwatch.model.cell import Cell
from banwatch.model.ids import RuleId

TRACE = RuleId("page.partly")


def traces_in(cell: Cell) -> int:
    """Count the measurements of an hour that worked but left a trace."""
    counted = dict(zip(cell.rules, cell.rule_counts, strict=False))
    return min(counted.get(TRACE, 0), cell.ok)


def as_interference(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """Return the series that hold traces, with each trace counted as interference instead of success."""
    of_series: defaultdict[SeriesKey, list[Cell]] = defaultdict(list)
    with_traces: set[SeriesKey] = set()
    every = tuple(cells)
    for cell in every:
        if traces_in(cell):
            with_traces.add(key_of(cell))
    for cell in every if with_traces else ():
        if (key := key_of(cell)) in with_traces:
            of_series[key].append(cell)
    return tuple(_turned(cell) for key in sorted(with_traces) for cell in of_series[key])


def _turned(cell: Cell) -> Cell:
    traces = traces_in(cell)
    if not traces:
        return cell
    mostly = 2 * traces >= cell.ok  # who left the traces is not kept
    return replace(
        cell,
        tampered=cell.tampered + traces,
        ok=cell.ok - traces,
        accusers=tuple(sorted({*cell.accusers, *(cell.absolvers if mostly else ())})),
        absolvers=cell.absolvers if traces < cell.ok else (),
        accused_inputs=tuple(sorted({*cell.accused_inputs, *cell.open_inputs})),
        open_inputs=(),
    )
