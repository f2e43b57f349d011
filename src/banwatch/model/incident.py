"""Changes of series, and the incidents that they make."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from banwatch.model.ids import Asn, CountryCode, IncidentId, MeasurementUid, TargetName
from banwatch.model.member import Member
from banwatch.model.scope import Scope

Interval = tuple[datetime, datetime]
"""Earliest and latest: the moment lies somewhere between them, both included."""


class IncidentKind(StrEnum):
    """Class of an incident."""

    BLOCKING = "blocking"
    SHUTDOWN = "shutdown"
    IMPAIRMENT = "impairment"
    """Nearly everything on a network failed or was slow, for no cause that shows interference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Stretch of interference in one series (target × network × tier).

    Shape: one row a stretch; key `target, probe_cc, probe_asn, access_tier, onset_latest`.
    """

    target: TargetName
    """Empty for a shutdown, which is about the network as a whole."""
    probe_cc: CountryCode
    probe_asn: Asn
    access_tier: str
    kind: IncidentKind
    onset_earliest: datetime
    """The last moment at which the interference was seen to be absent; else the first measurement."""
    onset_latest: datetime
    """The first measurement that showed it."""
    onset_known: bool
    """False where the first measurement shows the interference already: nobody saw it begin."""
    end_earliest: datetime | None
    end_latest: datetime | None
    """Null while it lasts."""
    share: float
    """Of the measurements that could tell, the share that showed it, 0 to 1."""
    measurements: int
    probes: int
    confidence: float
    """Probability that the series did move, 0 to 1."""
    mechanisms: tuple[str, ...]
    witness: MeasurementUid
    baseline: float = 0.0
    """Share of trouble that the series has while it is open, 0 to 1; 0 for a shutdown."""
    windows: tuple[str, ...] = ()
    """Of something that recurs, each time as `2019-06-09T01:00Z/2019-06-09T05:35Z`; else empty."""
    reached: tuple[TargetName, ...] = ()
    """Of a shutdown, the targets that loaded meanwhile: sites of a country that was cut off from abroad."""
    partly: bool = False
    """Whether the target was reached all the same, by another address or protocol than the one cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """The changes that belong together.

    Shape: one row an incident; key `incident_id`; lists sorted.
    """

    incident_id: IncidentId
    kind: IncidentKind
    probe_cc: CountryCode
    asns: tuple[Asn, ...]
    access_tiers: tuple[str, ...]
    targets: tuple[TargetName, ...]
    mechanisms: tuple[str, ...]
    onset_earliest: datetime
    onset_latest: datetime
    onset_known: bool
    end_earliest: datetime | None
    end_latest: datetime | None
    measurements: int
    probes: int
    confidence: float
    witnesses: tuple[MeasurementUid, ...]
    sentence: str
    """The incident in words for a reader."""
    unconfirmed: bool = False
    """Whether it rests on anonymous sources alone, and no moderator confirmed it (docs/trust.md)."""
    windows: tuple[str, ...] = ()
    """Of something that recurs, each time, as in `Change`; hours between them are not part of it."""
    reached: tuple[TargetName, ...] = ()
    """Of a shutdown, the targets that loaded meanwhile."""
    members: tuple[Member, ...] = ()
    """A row for each target on each network, in this order."""
    scopes: tuple[Scope, ...] = ()
    """What its targets have in common, in order of kind and name."""
