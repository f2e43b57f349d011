"""Changes with a common cause elsewhere: they are explained and make no incident.

A target that changes in unrelated countries in the same hour is the cause itself (it went down, or its
addresses changed); many targets that change at once in unrelated countries changed with a probe release, a
ruleset or a fingerprint list. Changes that one voice alone shows make no incident either.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from banwatch.detect import thresholds as t
from banwatch.detect.incidents.elsewhere import Elsewhere, World, WorldOfCells
from banwatch.model.cell import Cell
from banwatch.model.ids import CountryCode, TargetName
from banwatch.model.incident import Change, IncidentKind

ALONE = "one probe or report alone says so"
"""Reason for what a single voice says."""


def set_aside(changes: Sequence[Change], cells: Iterable[Cell]) -> dict[Change, str]:
    """Return the changes that make no incident, each with the reason in words."""
    return set_aside_in(changes, WorldOfCells(cells))


def set_aside_in(changes: Sequence[Change], world: World) -> dict[Change, str]:
    """Return the changes of all countries that make no incident, each with the reason in words."""
    aside: dict[Change, str] = {}
    alone = [c for c in changes if c.kind is IncidentKind.BLOCKING and c.probes < t.MINIMUM_VOICES]
    beside = _Beside(changes) if alone else None
    for change in alone:
        if beside is None or not beside.on_another_network(change):
            aside[change] = ALONE
    cut_off = [change for change in changes if change.reached]
    for change in changes:
        if change.kind is IncidentKind.BLOCKING and any(_began_within(change, one) for one in cut_off):
            aside.setdefault(change, "everything abroad failed on that network then")
    countries = world.countries()
    measuring = world.measuring({change.target for change in changes if change.target})
    by_target: defaultdict[TargetName, list[Change]] = defaultdict(list)
    for change in changes:
        by_target[change.target].append(change)
    for target, mine in by_target.items():
        where = countries if not target else measuring[target]
        _set_aside_simultaneous(aside, mine, len(where), t.COMMON_CAUSE_SHARE, "it")
    _set_aside_simultaneous(aside, changes, len(countries), t.RELEASE_SHARE, "many targets")
    asked = {target for target in by_target if target and len(measuring[target]) >= t.COMMON_CAUSE_COUNTRIES}
    for target, hours in world.hours_of(asked):
        _set_aside_elsewhere(aside, by_target[target], Elsewhere(hours))
    return aside


def _set_aside_elsewhere(aside: dict[Change, str], changes: Sequence[Change], elsewhere: Elsewhere) -> None:
    """Set aside changes of one target that failed in most countries then, and what began in its outage."""
    blocking = [change for change in changes if change.kind is IncidentKind.BLOCKING]
    outages: list[Change] = []
    for change in blocking:
        failing = elsewhere.failing_as_much(change)
        if failing:
            outages.append(change)
            aside.setdefault(change, f"in most countries it failed in the same time ({failing} others)")
    tail = timedelta(hours=t.COMMON_CAUSE_TAIL_HOURS)
    for change in blocking:
        for outage in outages:
            over = outage.end_latest is not None and change.onset_latest > outage.end_latest
            if change.onset_known and not over and change.onset_latest >= outage.onset_earliest - tail:
                aside.setdefault(change, "it began while it failed in most countries")


class _Beside:
    """Changes by target, to find those of other networks that began about when one did."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self._of_target: defaultdict[tuple[TargetName, CountryCode, str], list[Change]] = defaultdict(list)
        for change in changes:
            if change.kind is IncidentKind.BLOCKING:
                self._of_target[change.target, change.probe_cc, change.access_tier].append(change)

    def on_another_network(self, change: Change) -> bool:
        """Return whether another network began to block the same target within a rollout's time."""
        slack = timedelta(hours=t.ROLLOUT_HOURS)
        return any(
            other.probe_asn != change.probe_asn
            and other.onset_earliest - slack <= change.onset_latest
            and change.onset_earliest - slack <= other.onset_latest
            for other in self._of_target[change.target, change.probe_cc, change.access_tier]
        )


def _began_within(change: Change, cut_off: Change) -> bool:
    """Return whether a change began while its network was cut off from abroad, and not before."""
    if (change.probe_cc, change.probe_asn, change.access_tier) != (
        cut_off.probe_cc,
        cut_off.probe_asn,
        cut_off.access_tier,
    ):
        return False
    slack = timedelta(hours=t.COMMON_CAUSE_HOURS)
    before_end = cut_off.end_latest is None or change.onset_latest <= cut_off.end_latest
    return change.onset_known and change.onset_latest >= cut_off.onset_earliest - slack and before_end


def _set_aside_simultaneous(
    aside: dict[Change, str], changes: Sequence[Change], measuring: int, share: float, what: str
) -> None:
    """Set aside the changes that began in several countries at once, and those in their tail."""
    moments: list[datetime] = []
    for change, others in _simultaneous(changes):
        few = len(others) == 2 == measuring and what == "it" and _narrow(change)
        if few or len(others) >= max(t.COMMON_CAUSE_COUNTRIES, share * measuring):
            moments.append(change.onset_latest)
            aside.setdefault(change, f"{what} moved in {len(others)} countries in the same hours")
    tail = timedelta(hours=t.COMMON_CAUSE_TAIL_HOURS)
    for change in changes:
        at = bisect_left(moments, change.onset_earliest - tail)
        if change.onset_known and at < len(moments) and moments[at] <= change.onset_latest + tail:
            aside.setdefault(change, f"{what} moved in several countries within a day of it")


def _narrow(change: Change) -> bool:
    return change.onset_latest - change.onset_earliest <= timedelta(hours=t.NARROW_BRACKET_HOURS)


def _simultaneous(changes: Sequence[Change]) -> Iterable[tuple[Change, set[CountryCode]]]:
    """Yield each change with the countries in which changes began in the same hours, its own included."""
    slack = timedelta(hours=t.COMMON_CAUSE_HOURS)
    widest = timedelta(hours=t.COMMON_CAUSE_BRACKET_HOURS)
    dated = sorted(
        (c for c in changes if c.onset_known and c.onset_latest - c.onset_earliest <= widest),
        key=lambda c: c.onset_latest,
    )
    of_country: defaultdict[tuple[CountryCode, IncidentKind], list[Change]] = defaultdict(list)
    for change in dated:
        of_country[change.probe_cc, change.kind].append(change)
    onsets = {index: _Onsets(mine) for index, mine in of_country.items()}
    for change in dated:
        near = {
            country
            for (country, kind), mine in onsets.items()
            if kind is change.kind and mine.any_in(change.onset_earliest - slack, change.onset_latest + slack)
        }
        if len(near) > 1:
            yield change, near


class _Onsets:
    """Onset brackets of one country, in order of their upper bound, to search by time."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self._latest = [change.onset_latest for change in changes]
        self._earliest_from = [change.onset_earliest for change in changes]
        for index in range(len(changes) - 2, -1, -1):
            here, after = self._earliest_from[index], self._earliest_from[index + 1]
            self._earliest_from[index] = min(here, after)

    def any_in(self, earliest: datetime, latest: datetime) -> bool:
        """Return whether a bracket ends after `earliest` and begins before `latest`."""
        first = bisect_left(self._latest, earliest)
        return first < len(self._latest) and self._earliest_from[first] <= latest
