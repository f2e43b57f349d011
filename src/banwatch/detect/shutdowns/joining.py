"""Shutdowns of one network joined: those that recur at the same hours, and those that overlap in time.

A reader is given one row for each network and time: mornings within which a whole day was dark too are one
incident with the day among its windows.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median

from banwatch.detect import thresholds as t
from banwatch.detect.shutdowns.edges import Network
from banwatch.model.incident import Change

_LONGEST = timedelta(hours=t.RECURRING_LONGEST_HOURS)
_SEASON_GAP = timedelta(hours=t.SEASON_GAP_HOURS)
_FOREVER = datetime.max.replace(tzinfo=UTC)


def join_shutdowns(changes: Iterable[Change]) -> list[Change]:
    """Return the shutdowns, of which no two of one network overlap, in order of network and time."""
    by_network: defaultdict[Network, list[Change]] = defaultdict(list)
    for change in changes:
        by_network[change.probe_cc, change.probe_asn, change.access_tier].append(change)
    joined: list[Change] = []
    for network in sorted(by_network):
        ordered = sorted(by_network[network], key=lambda one: (one.onset_latest, one.onset_earliest))
        joined += _without_overlaps(_with_recurring(ordered))
    return joined


def _with_recurring(ordered: Sequence[Change]) -> list[Change]:
    """Join the short shutdowns that began at the same hours of days, each of which was found by itself."""
    short = [one for one in ordered if _is_short(one)]
    rest = [one for one in ordered if not _is_short(one)]
    chains: list[list[Change]] = []
    for one in short:
        for chain in chains:
            apart = one.onset_latest - chain[-1].onset_latest
            if (
                apart <= _SEASON_GAP
                and bool(one.reached) is bool(chain[0].reached)
                and _same_hours(chain[0], one)
            ):
                chain.append(one)
                break
        else:
            chains.append([one])
    for chain in chains:
        days = {one.onset_latest.date() for one in chain}
        rest += [_joined(chain)] if len(days) >= t.RECURRING_TIMES else chain
    return sorted(rest, key=lambda one: (one.onset_latest, one.onset_earliest))


def _is_short(one: Change) -> bool:
    return (
        not one.windows and one.end_earliest is not None and one.end_earliest - one.onset_latest <= _LONGEST
    )


def _same_hours(one: Change, other: Change) -> bool:
    """Return whether two short shutdowns share most of their hours of the day."""
    mine, theirs = _hours(one), _hours(other)
    return 2 * len(mine & theirs) >= len(mine | theirs)


def _hours(one: Change) -> set[int]:
    end = one.end_earliest or one.onset_latest
    count = int((end - one.onset_latest).total_seconds() // 3600) + 1
    return {(one.onset_latest.hour + number) % 24 for number in range(count)}


def _without_overlaps(ordered: Sequence[Change]) -> list[Change]:
    found: list[Change] = []
    for change in ordered:
        if found and change.onset_earliest < (found[-1].end_latest or _FOREVER):
            found[-1] = _joined([found[-1], change])
        else:
            found.append(change)
    return found


def _joined(changes: Sequence[Change]) -> Change:
    """Return one change for several of one network; each is a window where any of them recurs."""
    first = min(changes, key=lambda one: one.onset_latest)
    lasting = [one for one in changes if one.end_latest is None]
    last = lasting[0] if lasting else max(changes, key=lambda one: one.end_latest or _FOREVER)
    overlap = len(changes) == 2 and not any(one.windows for one in changes) and not _apart(*changes)
    windows = () if overlap else tuple(sorted({window for one in changes for window in _windows(one)}))
    return replace(
        first,
        onset_earliest=min(one.onset_earliest for one in changes),
        end_earliest=last.end_earliest,
        end_latest=last.end_latest,
        share=round(median(one.share for one in changes), 4),
        measurements=sum(one.measurements for one in changes),
        probes=max(one.probes for one in changes),
        confidence=max(one.confidence for one in changes),
        windows=windows,
        reached=tuple(sorted({name for one in changes for name in one.reached})),
    )


def _apart(one: Change, other: Change) -> bool:
    """Return whether one of two shutdowns had ended when the other began."""
    return one.end_latest is not None and one.end_latest <= other.onset_earliest


def _windows(one: Change) -> tuple[str, ...]:
    if one.windows:
        return one.windows
    end = one.end_earliest or one.onset_latest
    return (f"{one.onset_latest:%Y-%m-%dT%H:%MZ}/{end:%Y-%m-%dT%H:%MZ}",)
