"""Evidence pooled over the networks of a target, before anything is cut off.

Where a target is blocked in a country, several networks mostly begin within hours. So what the votes of one
say of an hour makes an onset in the same hour likelier on the others: two networks with half a case each make
one case. Each network hears the others' evidence only, never its own, and joins or not by its own votes.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from banwatch.detect import thresholds as t
from banwatch.detect.blocking import thresholds as b
from banwatch.detect.blocking.baseline import Groups
from banwatch.detect.blocking.bursts import Bursts
from banwatch.detect.blocking.emissions import DEFAULT, Emissions, log_ratios
from banwatch.detect.blocking.hidden_markov import ratios_with_bursts
from banwatch.detect.blocking.segments import Segment, lay_out
from banwatch.detect.votes.steps import Floats, Steps

Doubles = NDArray[np.float64]
_SEGMENTS_AT_ONCE = 1 << 10
"""Number of segments that are smoothed together: bounds the memory."""


def groups_of(alike: Groups) -> list[NDArray[np.int64]]:
    """Return the columns of each target that several networks measure."""
    order = np.argsort(alike, kind="stable")
    cuts = np.flatnonzero(np.diff(alike[order])) + 1
    return [columns for columns in np.split(order, cuts) if len(columns) > 1]


def hours_of(steps: Steps) -> NDArray[np.int32] | None:
    """Return the hour of every step, `[steps, series]`; None where the first ones are not known."""
    if steps.first_hour is None:
        return None
    return np.cumsum(steps.gap_hours, axis=0, dtype=np.int32) + steps.first_hour.astype(np.int32)


def marked_together(
    steps: Steps,
    hours: NDArray[np.int32],
    columns: NDArray[np.int64],
    baseline: Floats,
    emissions: Emissions = DEFAULT,
) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Yield the steps of one target's networks at which all together hold evidence, by column.

    The evidence of each is that of its best stretch up to the hour, without the price of an onset; the price
    is paid once for all.
    """
    most = int((steps.informative[:, columns] > 0).sum(axis=0).max(initial=1))
    accusing = steps.accusing[:most, columns].astype(np.float32)
    informative = steps.informative[:most, columns].astype(np.float32)
    hour = hours[:most, columns]
    used = informative > 0
    running = np.zeros(informative.shape, np.float32)
    for ratios in log_ratios(accusing, informative, baseline[columns], emissions):
        total = np.cumsum(ratios, axis=0, dtype=np.float32)
        np.maximum(running, total - np.minimum.accumulate(total - ratios, axis=0), out=running)
    every = np.unique(hour[used & (running > b.POOLED_LEAST_NATS)])
    summed = np.zeros(len(every), np.float32)
    several = np.zeros(len(every), np.int32)
    for position in range(len(columns)):
        own = hour[used[:, position], position]
        at = np.searchsorted(own, every, side="right") - 1
        fresh = (at >= 0) & (every - own[np.maximum(at, 0)] <= b.POOLED_REACH_HOURS)
        here = np.where(fresh, running[np.maximum(at, 0), position], 0)
        summed += np.maximum(here, 0)
        several += here > b.POOLED_LEAST_NATS
    held = every[(summed >= b.POOLED_NATS) & (several > 1)]
    if not len(held):
        return
    for position, column in enumerate(columns.tolist()):
        after = np.minimum(np.searchsorted(held, hour[:, position]), len(held) - 1)
        near = np.minimum(
            np.abs(held[after] - hour[:, position]),
            np.abs(hour[:, position] - held[np.maximum(after - 1, 0)]),
        )
        rows = (
            used[:, position] & (near <= b.POOLED_REACH_HOURS) & (running[:, position] > b.POOLED_LEAST_NATS)
        )
        if rows.any():
            yield column, rows[used[:, position]]


def with_onsets(
    steps: Steps,
    hours: NDArray[np.int32],
    segments: Sequence[Segment],
    alike: Groups,
    baseline: Floats,
    emissions: Emissions,
    bursts: Bursts,
) -> Iterator[tuple[list[Segment], Floats]]:
    """Yield segments of targets that several networks show, each with the onsets that the others make likely.

    Yields:
        The segments of some targets, and the chance of an onset just before each step, `[steps, segments]`.
    """
    networks = np.bincount(alike)
    for targets in _batches(_of_groups(segments, alike)):
        every = [segment for _, mine in targets for segment in mine]
        laid_out = lay_out(steps, every)
        columns = np.array([segment.column for segment in every])
        begins = _beginning_at(laid_out, ratios_with_bursts(laid_out, baseline[columns], emissions, bursts))
        parts: list[Floats] = []
        for number, mine in targets:
            own = [hours[segment.first : segment.last + 1, segment.column] for segment in mine]
            here = [begins[: len(one), len(parts) + place] for place, one in enumerate(own)]
            parts.extend(_onsets_from_others(mine, here, own, int(networks[number])))
        yield every, _padded(parts)


def _batches(groups: Mapping[int, list[Segment]]) -> Iterator[list[tuple[int, list[Segment]]]]:
    batch: list[tuple[int, list[Segment]]] = []
    size = 0
    for number, mine in groups.items():
        batch.append((number, mine))
        size += len(mine)
        if size >= _SEGMENTS_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _padded(parts: Sequence[Floats]) -> Floats:
    found = np.zeros((max(len(part) for part in parts), len(parts)), np.float32)
    for position, part in enumerate(parts):
        found[: len(part), position] = part
    return found


def _onsets_from_others(
    segments: Sequence[Segment],
    begins: Sequence[Doubles],
    hours: Sequence[NDArray[np.int32]],
    networks: int,
) -> list[Floats]:
    """Return, for each segment of one target, the chance of an onset before each step that the others give.

    Args:
        segments: segments of one target's networks.
        begins: log likelihood ratio of a block that begins at each step, of each segment.
        hours: hour of each step, of each segment.
        networks: number of networks that measure the target.
    """
    first, last = min(int(own[0]) for own in hours), max(int(own[-1]) for own in hours)
    grid = np.arange(first, last + 1)
    parts = np.zeros((len(segments), len(grid)))
    for position, own in enumerate(hours):
        at = np.searchsorted(own, grid)
        here = at < len(own)
        nats = begins[position][np.minimum(at, len(own) - 1)]
        joined = np.logaddexp(np.log(1 - b.JOINS_SHARE), np.log(b.JOINS_SHARE) + nats)
        parts[position] = np.where(here, joined, 0)
    of_network: defaultdict[int, Doubles] = defaultdict(lambda: np.zeros(len(grid)))
    for segment, part in zip(segments, parts, strict=True):
        of_network[segment.column] = of_network[segment.column] + part
    silent = max(networks - len(of_network), 0) * np.log(1 - b.JOINS_SHARE)
    total = sum(of_network.values()) + silent + np.log(b.TOGETHER_ONSET_PER_HOUR)
    found = []
    for segment, own in zip(segments, hours, strict=True):
        odds = np.exp(np.minimum(total - of_network[segment.column], b.POOLED_MOST_NATS))
        running = np.concatenate([[0.0], np.cumsum(odds)])
        low = np.maximum(np.arange(len(grid)) - b.POOLED_WITHIN_HOURS, 0)
        high = np.minimum(np.arange(len(grid)) + b.POOLED_WITHIN_HOURS + 1, len(grid))
        chance = b.JOINS_SHARE * odds / (1 + running[high] - running[low])
        summed = np.concatenate([[0.0], np.cumsum(chance)])
        upto = own - first + 1
        since = np.concatenate([[upto[0] - 1], upto[:-1]])
        found.append(np.minimum(summed[upto] - summed[since], b.JOINS_SHARE).astype(np.float32))
    return found


def _beginning_at(steps: Steps, ratios: tuple[Floats, Floats]) -> Doubles:
    """Return the log likelihood ratio of a block that begins at each step, given all later votes."""
    count, series = steps.informative.shape
    found = np.full((count, series), -np.inf)
    rates = (t.PARTLY_ONSET_PER_HOUR, t.ONSET_PER_HOUR)
    ends = (t.PARTLY_END_PER_HOUR, t.BLOCKED_END_PER_HOUR)
    for ratio, rate, ended in zip(ratios, rates, ends, strict=True):
        after = np.zeros(series)
        weight = np.log(rate / sum(rates))
        goes_on = np.minimum(steps.gap_hours, t.LONGEST_GAP_HOURS) * np.log1p(-ended)
        stops = np.log(-np.expm1(np.minimum(goes_on, -1e-9)))
        for i in range(count - 1, -1, -1):
            after += ratio[i]
            np.logaddexp(found[i], after + weight, out=found[i])
            after = np.logaddexp(goes_on[i] + after, stops[i])
    return found


def _of_groups(segments: Sequence[Segment], alike: Groups) -> Mapping[int, list[Segment]]:
    """Return the segments of each target, of those of which several networks have some."""
    found: defaultdict[int, list[Segment]] = defaultdict(list)
    for segment in segments:
        found[int(alike[segment.column])].append(segment)
    return {number: mine for number, mine in found.items() if len({segment.column for segment in mine}) > 1}
