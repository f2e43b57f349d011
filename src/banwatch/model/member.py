"""Members of an incident: its rows, one for each target on each network."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from banwatch.model.ids import Asn, MeasurementUid, TargetName


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Part of a member's time in which it was interfered with by the same mechanisms."""

    mechanisms: tuple[str, ...]
    first_at: datetime
    """Start of the first hour of measuring that showed them."""
    last_at: datetime
    """Last measurement of the hours that showed them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Row of an incident: a target on a network; of a shutdown, a network.

    Shape: one row a target, network and tier of the incident, in this order.
    """

    target: TargetName
    """Empty for a shutdown, which is about the network as a whole."""
    probe_asn: Asn
    access_tier: str
    onset_earliest: datetime
    onset_latest: datetime
    onset_known: bool
    end_earliest: datetime | None
    end_latest: datetime | None
    """Null where nobody saw it end."""
    last_at: datetime
    """Last measurement that showed it."""
    mechanisms: tuple[str, ...]
    phases: tuple[Phase, ...]
    """Its mechanisms in order of time; one, where they did not change."""
    hours: tuple[int, ...]
    """Hours of the day (UTC, 0 to 23) in which a measurement showed it."""
    share: float
    """Of the measurements that could tell, the share that showed it, 0 to 1."""
    interfered: int
    """Number of measurements that showed it."""
    measurements: int
    """Number of measurements that could tell; of a shutdown, those in which nothing answered."""
    probes: int
    windows: tuple[str, ...]
    """Where it came and went, each time as in `Change`; else empty."""
    witnesses: tuple[MeasurementUid, ...]
    """First and last measurement that show it, and where the mechanism changed the first that shows that."""


def incident_end(members: Sequence[Member]) -> tuple[datetime, datetime] | None:
    """Return the bracket of the end of the last member; None where one is not seen to end.

    A target that was seen to work again on some networks has ended, unless another network showed it blocked
    after that: one that nobody measured since says nothing against it.
    """
    ends = [end for of_target in by_target(members).values() for end in (target_end(of_target),)]
    seen = [end for end in ends if end is not None]
    if len(seen) < len(ends) or not seen:
        return None
    latest = max(end[1] for end in seen)
    return min(max(end[0] for end in seen), latest), latest


def target_end(members: Sequence[Member]) -> tuple[datetime, datetime] | None:
    """Return the bracket of the end on the last network of one target; None where it is not seen to end."""
    ended = [(one.end_earliest, one.end_latest) for one in members if one.end_earliest and one.end_latest]
    lasting = [one for one in members if one.end_latest is None]
    if not ended:
        return None
    latest = max(end for _, end in ended)
    # a network that was never heard of again is still silent
    if any(one.last_at > latest or not one.target for one in lasting):
        return None
    return max([begin for begin, _ in ended] + [one.last_at for one in lasting]), latest


def by_target(members: Iterable[Member]) -> dict[TargetName, list[Member]]:
    """Return the members of each target, in order."""
    found: defaultdict[TargetName, list[Member]] = defaultdict(list)
    for one in members:
        found[one.target].append(one)
    return dict(found)
