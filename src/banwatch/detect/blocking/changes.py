"""Changes of series: each stretch of interference, with its onset and end as intervals."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import numpy as np

from banwatch.detect import thresholds as t
from banwatch.detect.blocking.baseline import Prior
from banwatch.detect.blocking.emissions import DEFAULT, Emissions, log_ratios
from banwatch.detect.blocking.stretches import Solved, Stretch, joined, solve
from banwatch.detect.votes.series import (
    Series,
    arrange,
    hour_number,
    informative_in,
    interfered_in,
    of_targets,
    to_steps,
)
from banwatch.detect.votes.steps import Floats
from banwatch.detect.votes.voices import Ballot, ballots, ballots_without, main_accuser, without
from banwatch.model.cell import Cell
from banwatch.model.incident import Change, IncidentKind
from banwatch.model.mechanism import deepest


def find_blocking(
    cells: Iterable[Cell], *, prior: Prior | None = None, emissions: Emissions = DEFAULT
) -> Iterator[Change]:
    """Find every stretch of interference, series by series.

    Args:
        cells: the cells of any number of series, in any order.
        prior: the series' common baseline, to update one series alone; from the cells, if omitted.
        emissions: the distribution of an hour's votes.
    """
    series = arrange(cells)
    solved = solve(to_steps(series), prior, of_targets(series), emissions=emissions)
    yield from _blocking(series, solved, emissions)


def _blocking(series: Sequence[Series], solved: Solved, emissions: Emissions) -> Iterable[Change]:
    by_column: defaultdict[int, list[Stretch]] = defaultdict(list)
    for stretch in solved.stretches:
        by_column[stretch.column].append(stretch)
    for column, stretches in by_column.items():
        one = series[column]
        baseline = solved.baseline[column : column + 1]
        hours = [hour_number(cell.hour) for cell in one.cells]
        for group in joined(stretches, hours, *_votes_of(one.ballots)):
            cells = one.cells[group[0].first : group[-1].last + 1]
            voice, voices = main_accuser(cells)
            if voices >= t.MINIMUM_VOICES and not _corroborated(cells, voice, baseline, emissions):
                yield from _changes_without(one, voice, solved.prior, emissions)
                voices = 1
            elif voices >= t.MINIMUM_VOICES and _outvotes_others(voice, cells):
                rest = list(_changes_without(one, voice, solved.prior, emissions))
                if rest:
                    yield from rest
                    continue
            yield _change(one, group, voices, float(baseline[0]))


def _votes_of(cast: Sequence[Ballot]) -> tuple[list[float], list[float]]:
    """Return the informative votes of each hour, and those that accuse."""
    return [ballot.informative for ballot in cast], [ballot.accusing for ballot in cast]


def _changes_without(series: Series, voice: str, prior: Prior, emissions: Emissions) -> Iterable[Change]:
    """Yield the changes that the other voices show when one voice is left out.

    A voice that accuses all along must not hide a block that begins later.
    """
    rest = tuple(without(series.cells, voice))
    if not rest:
        return
    quiet = Series(series.key, rest, ballots(rest))
    solved = solve(to_steps([quiet]), prior, emissions=emissions)
    hours = [hour_number(cell.hour) for cell in rest]
    for group in joined(solved.stretches, hours, *_votes_of(quiet.ballots)):
        cells = rest[group[0].first : group[-1].last + 1]
        second, voices = main_accuser(cells)
        if voices >= t.MINIMUM_VOICES and _corroborated(cells, second, solved.baseline, emissions):
            yield _change(quiet, group, voices, float(solved.baseline[0]))


def _outvotes_others(voice: str, cells: Sequence[Cell]) -> bool:
    """Return whether one voice accuses all along where the others absolve for most of the time."""
    accuses = sum(voice in cell.accusers for cell in cells)
    others = [cell for cell in cells if any(v != voice for v in (*cell.accusers, *cell.absolvers))]
    agree = sum(any(v != voice for v in cell.accusers) for cell in others)
    return 2 * accuses > len(cells) and agree < t.LONE_ACCUSER_SHARE * len(others)


def _corroborated(cells: Sequence[Cell], voice: str, baseline: Floats, emissions: Emissions) -> bool:
    """Return whether the voices other than the main accuser show interference by themselves."""
    if not voice:
        return True  # cells that name no voices were bounded when their votes were counted
    rest = ballots_without(cells, voice)
    if not rest:
        return False
    column = np.array([[ballot.accusing] for ballot in rest], np.float32)
    informative = np.array([[ballot.informative] for ballot in rest], np.float32)
    partly, blocked = log_ratios(column, informative, baseline, emissions)
    return max(float(partly.sum()), float(blocked.sum())) >= t.CORROBORATION_NATS


def _change(series: Series, group: Sequence[Stretch], voices: int, baseline: float) -> Change:
    first, last = group[0], group[-1]
    cells = series.cells
    during = cells[first.first : last.last + 1]
    showing = [cell for cell in during if interfered_in(cell)] or list(during)
    onset_latest = _first_showing(cells, first.onset_high, last.last)
    onset_known = first.onset_low >= 0
    onset_earliest = min(_last_clear(cells, first.onset_low), onset_latest) if onset_known else onset_latest
    end_earliest = end_latest = None
    if last.end_high is not None:
        end_latest = _first_clear(cells[last.end_high])
        end_earliest = min(max(_last_showing(cells, last.end_low, first.first), onset_latest), end_latest)
    informative = sum(informative_in(cell) for cell in during)
    return Change(
        target=series.key.target,
        probe_cc=series.key.probe_cc,
        probe_asn=series.key.probe_asn,
        access_tier=series.key.access_tier,
        kind=IncidentKind.BLOCKING,
        onset_earliest=onset_earliest,
        onset_latest=onset_latest,
        onset_known=onset_known,
        end_earliest=end_earliest,
        end_latest=end_latest,
        share=round(sum(interfered_in(cell) for cell in during) / informative, 4),
        measurements=informative,
        probes=voices,
        confidence=round(min(max(stretch.probability for stretch in group), t.HIGHEST_CONFIDENCE), 4),
        mechanisms=deepest(m for cell in showing for m in cell.mechanisms),
        witness=min(showing, key=_rank).witness,
        baseline=round(baseline, 4),
    )


def _rank(cell: Cell) -> tuple[bool, bool, bool, datetime, str]:
    return (not cell.blocked, not cell.likely_blocked, not cell.tampered, cell.first_at, cell.witness)


def _clean(cell: Cell) -> bool:
    return interfered_in(cell) == 0


def _first_showing(cells: Sequence[Cell], at: int, last: int) -> datetime:
    """Return the latest time of the first measurement, from step `at` on, that showed interference."""
    for cell in cells[at : last + 1]:
        if interfered_in(cell):
            only = informative_in(cell) == interfered_in(cell) and not (
                cell.impaired or cell.down or cell.insufficient
            )
            return cell.first_at if only else cell.last_at
    return cells[at].last_at


def _last_clear(cells: Sequence[Cell], at: int) -> datetime:
    """Return the last moment up to step `at` at which the target surely worked."""
    for cell in reversed(cells[: at + 1]):
        if cell.ok:
            only = informative_in(cell) == cell.ok and not (cell.impaired or cell.down or cell.insufficient)
            return cell.last_at if only else cell.first_at
    return cells[at].first_at


def _last_showing(cells: Sequence[Cell], at: int, first: int) -> datetime:
    for cell in reversed(cells[first : at + 1]):
        if interfered_in(cell):
            only = informative_in(cell) == interfered_in(cell) and not (
                cell.impaired or cell.down or cell.insufficient
            )
            return cell.last_at if only else cell.first_at
    return cells[at].first_at


def _first_clear(cell: Cell) -> datetime:
    only = informative_in(cell) == cell.ok and not (cell.impaired or cell.down or cell.insufficient)
    return cell.first_at if only else cell.last_at
