"""Inputs of a target: where one is interfered with and others never are, those say nothing of it.

A target is a registrable domain, and may be measured by several inputs: hosts, pages, HTTP and HTTPS. The
votes of an input that always worked are no votes against a block of another.
"""

from collections import Counter
from collections.abc import Sequence
from math import log

from banwatch.detect import thresholds as t
from banwatch.model.cell import Cell


def without_other_inputs(cells: Sequence[Cell]) -> Sequence[Cell]:
    """Return the cells of one series without hours in which only inputs that always work were measured."""
    hit = accused_inputs(cells)
    if not hit:
        return cells
    return [cell for cell in cells if not hit.isdisjoint((*cell.accused_inputs, *cell.open_inputs))]


def accused_inputs(cells: Sequence[Cell]) -> frozenset[str]:
    """Return the inputs of one series that are interfered with while its others work; empty where none is.

    Args:
        cells: the series' cells, from its first to its last hour.
    """
    if not any(cell.accused_inputs for cell in cells):
        return frozenset()
    showed = Counter(name for cell in cells for name in cell.accused_inputs)
    worked = Counter(name for cell in cells for name in cell.open_inputs)
    total = showed + worked
    hit = {
        name
        for name, times in showed.items()
        if times >= t.INPUT_HOURS and times >= t.INPUT_SHARE * total[name]
    }
    others = set(total) - hit
    if not hit or not others:
        return frozenset()
    of_hit = sum(showed[name] for name in hit), sum(total[name] for name in hit)
    of_others = sum(showed[name] for name in others), sum(total[name] for name in others)
    both = of_hit[0] + of_others[0], of_hit[1] + of_others[1]
    if of_others[0] > t.INPUT_SHARE * of_others[1]:
        return frozenset()
    apart = _nats(*of_hit) + _nats(*of_others) - _nats(*both)
    return frozenset(hit) if apart >= t.INPUT_NATS else frozenset()


def _nats(showed: int, total: int) -> float:
    """Return the log likelihood of counts at their own share."""
    share = showed / total
    return sum(count * log(part) for count, part in ((showed, share), (total - showed, 1 - share)) if count)
