"""JSON shapes of verdicts, incidents and comparisons, the same wherever Banwatch writes one as JSON.

Wire: an AS number is `AS131279`, a time RFC 3339 in UTC, an absent value null, a list sorted and never null,
an interval `[earliest, latest]`.
Tables and exports hold AS numbers as integers; `detect --verdicts` reads either form.

The shapes are dataclasses, because FastAPI describes those in `/openapi.json`, and msgspec writes them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from banwatch.model.ban import Comparison, Measured
from banwatch.model.ids import (
    Asn,
    CountryCode,
    IncidentId,
    MeasurementUid,
    TargetName,
    parse_asn,
    render_asn,
)
from banwatch.model.incident import Incident, IncidentKind, Interval
from banwatch.model.member import Member, Phase
from banwatch.model.receipt import SourceClass
from banwatch.model.resolver import ResolverKind
from banwatch.model.scope import Scope
from banwatch.model.state import Layer, State
from banwatch.model.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictJson:
    """A verdict in JSON. Fields that are not described here are those of `Verdict`."""

    measurement_uid: MeasurementUid
    test_name: str
    input: str | None
    """Null where the nettest takes no input."""
    target: TargetName
    probe_cc: CountryCode
    probe_asn: str
    """`AS131279`; `AS0` where the network is unknown."""
    access_tier: str
    report_id: str
    probe_id: str
    measurement_start_time: datetime
    state: State
    mechanisms: tuple[str, ...]
    layer: Layer | None
    hop: int | None
    rules: tuple[str, ...]
    vetoed: tuple[str, ...]
    sentence: str
    ruleset: str
    snapshots: tuple[str, ...]
    resolver_kind: ResolverKind
    received_at: datetime | None = None
    source_class: SourceClass = SourceClass.OONI
    receipt_voice: str = ""
    origin_agrees: bool | None = None
    addresses: tuple[str, ...] = ()

    @classmethod
    def from_verdict(cls, verdict: Verdict) -> "VerdictJson":
        """Return the JSON shape of a verdict."""
        return cls(
            measurement_uid=verdict.measurement_uid,
            test_name=verdict.test_name,
            input=verdict.input or None,
            target=verdict.target,
            probe_cc=verdict.probe_cc,
            probe_asn=render_asn(verdict.probe_asn),
            access_tier=verdict.access_tier,
            report_id=verdict.report_id,
            probe_id=verdict.probe_id,
            measurement_start_time=verdict.measurement_start_time,
            state=verdict.state,
            mechanisms=verdict.mechanisms,
            layer=verdict.layer,
            hop=verdict.hop,
            rules=verdict.rules,
            vetoed=verdict.vetoed,
            sentence=verdict.sentence,
            ruleset=verdict.ruleset,
            snapshots=verdict.snapshots,
            resolver_kind=verdict.resolver_kind,
            received_at=verdict.received_at,
            source_class=verdict.source_class,
            receipt_voice=verdict.receipt_voice,
            origin_agrees=verdict.origin_agrees,
            addresses=verdict.addresses,
        )

    def to_verdict(self) -> Verdict:
        """Return the verdict that this is the shape of."""
        return Verdict(
            measurement_uid=self.measurement_uid,
            target=self.target,
            test_name=self.test_name,
            input=self.input or "",
            probe_cc=self.probe_cc,
            probe_asn=parse_asn(self.probe_asn),
            access_tier=self.access_tier,
            report_id=self.report_id,
            probe_id=self.probe_id,
            measurement_start_time=self.measurement_start_time,
            state=self.state,
            mechanisms=self.mechanisms,
            layer=self.layer,
            hop=self.hop,
            rules=self.rules,
            vetoed=self.vetoed,
            sentence=self.sentence,
            ruleset=self.ruleset,
            snapshots=self.snapshots,
            resolver_kind=self.resolver_kind,
            received_at=self.received_at,
            source_class=self.source_class,
            receipt_voice=self.receipt_voice,
            origin_agrees=self.origin_agrees,
            addresses=self.addresses,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseJson:
    """A phase of a member in JSON: mechanisms, and when they were first and last shown."""

    mechanisms: tuple[str, ...]
    shown: Interval

    @classmethod
    def from_phase(cls, phase: Phase) -> "PhaseJson":
        """Return the JSON shape of a phase."""
        return cls(mechanisms=phase.mechanisms, shown=(to_utc(phase.first_at), to_utc(phase.last_at)))


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberJson:
    """A member of an incident in JSON. Fields that are not described here are those of `Member`."""

    target: TargetName
    """Empty for a shutdown."""
    probe_asn: Asn
    access_tier: str
    onset: Interval
    onset_known: bool
    end: Interval | None
    """Null where nobody saw it end."""
    last_at: datetime
    mechanisms: tuple[str, ...]
    phases: tuple[PhaseJson, ...]
    hours: tuple[int, ...]
    share: float
    interfered: int
    measurements: int
    probes: int
    windows: tuple[str, ...]
    witnesses: tuple[MeasurementUid, ...]

    @classmethod
    def from_member(cls, member: Member) -> "MemberJson":
        """Return the JSON shape of a member."""
        return cls(
            target=member.target,
            probe_asn=member.probe_asn,
            access_tier=member.access_tier,
            onset=(to_utc(member.onset_earliest), to_utc(member.onset_latest)),
            onset_known=member.onset_known,
            end=_interval(member.end_earliest, member.end_latest),
            last_at=to_utc(member.last_at),
            mechanisms=member.mechanisms,
            phases=tuple(PhaseJson.from_phase(phase) for phase in member.phases),
            hours=member.hours,
            share=member.share,
            interfered=member.interfered,
            measurements=member.measurements,
            probes=member.probes,
            windows=member.windows,
            witnesses=member.witnesses,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideSignalJson:
    """Report of another observatory about an incident's place and time, in JSON."""

    source: str
    country: CountryCode
    asn: str | None
    """`AS131279` where it is about one network, else null."""
    begins: datetime
    ends: datetime | None
    says: str
    url: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideJson:
    """Outside signals held against a shutdown, in JSON."""

    likelihood_ratio: float
    """How much likelier the signals are if it was a shutdown than if it was none."""
    alone: float
    """Confidence without them."""
    confidence: float
    """Confidence with them."""
    seen: tuple[str, ...]
    not_seen: tuple[str, ...]
    sentence: str
    signals: tuple[OutsideSignalJson, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentJson:
    """An incident in JSON. Fields that are not described here are those of `Incident`."""

    id: IncidentId
    country: CountryCode
    asns: tuple[Asn, ...]
    """AS numbers as integers, as `detect --json` has always printed them."""
    access_tiers: tuple[str, ...]
    targets: tuple[TargetName, ...]
    kind: IncidentKind
    mechanisms: tuple[str, ...]
    onset: Interval
    onset_known: bool
    end: Interval | None
    """Null while it lasts."""
    confidence: float
    measurements: int
    probes: int
    witnesses: tuple[MeasurementUid, ...]
    sentence: str
    asn: str | None
    """`AS131279` where the incident is on one network alone, else null."""
    unconfirmed: bool = False
    windows: tuple[str, ...] = ()
    reached: tuple[TargetName, ...] = ()
    members: tuple[MemberJson, ...] = ()
    scopes: tuple[Scope, ...] = ()
    outside: OutsideJson | None = None
    """Outside signals held against a shutdown; null where there are none, or none could tell."""

    @classmethod
    def from_incident(cls, incident: Incident, outside: OutsideJson | None = None) -> "IncidentJson":
        """Return the JSON shape of an incident."""
        return cls(
            id=incident.incident_id,
            country=incident.probe_cc,
            asns=incident.asns,
            access_tiers=incident.access_tiers,
            targets=incident.targets,
            kind=incident.kind,
            mechanisms=incident.mechanisms,
            onset=(to_utc(incident.onset_earliest), to_utc(incident.onset_latest)),
            onset_known=incident.onset_known,
            end=_interval(incident.end_earliest, incident.end_latest),
            confidence=incident.confidence,
            measurements=incident.measurements,
            probes=incident.probes,
            witnesses=incident.witnesses,
            sentence=incident.sentence,
            asn=render_asn(incident.asns[0]) if len(incident.asns) == 1 else None,
            unconfirmed=incident.unconfirmed,
            windows=incident.windows,
            reached=incident.reached,
            members=tuple(MemberJson.from_member(member) for member in incident.members),
            scopes=incident.scopes,
            outside=outside,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonJson:
    """A comparison in JSON. Fields that are not described here are those of `Comparison`."""

    ban_id: str
    target: TargetName
    category: str
    probe_cc: CountryCode
    probe_asn: str
    """`AS131279`; `AS0` where the network is unknown."""
    access_tier: str
    tier: str
    """The access tier again, under the name that `result.json` promises."""
    announced: bool
    measured: Measured
    since: Interval | None
    until: Interval | None
    since_known: bool
    mechanisms: tuple[str, ...]
    measurements: int
    interfered: int
    witness: MeasurementUid | None
    relation: tuple[str, ...]

    @classmethod
    def from_comparison(cls, comparison: Comparison) -> "ComparisonJson":
        """Return the JSON shape of a comparison."""
        return cls(
            ban_id=comparison.ban_id,
            target=comparison.target,
            category=comparison.category,
            probe_cc=comparison.probe_cc,
            probe_asn=render_asn(comparison.probe_asn),
            access_tier=comparison.access_tier,
            tier=comparison.access_tier,
            announced=comparison.announced,
            measured=comparison.measured,
            since=_interval(*comparison.since) if comparison.since else None,
            until=_interval(*comparison.until) if comparison.until else None,
            since_known=comparison.since_known,
            mechanisms=comparison.mechanisms,
            measurements=comparison.measurements,
            interfered=comparison.interfered,
            witness=comparison.witness,
            relation=comparison.relation,
        )


def _interval(earliest: datetime | None, latest: datetime | None) -> Interval | None:
    return None if earliest is None or latest is None else (to_utc(earliest), to_utc(latest))


def to_utc(at: datetime) -> datetime:
    """Return a moment in UTC, which msgspec writes with a `Z`."""
    return at.astimezone(UTC)
