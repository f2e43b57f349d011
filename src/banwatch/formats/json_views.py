"""JSON shapes of verdicts: the same from command line, API and evidence bundle.

Wire: an AS number is `AS131279`, a time RFC 3339 in UTC, an absent value null, a list sorted and never null.
Tables and exports hold AS numbers as integers; `detect --verdicts` reads either form.

The shapes are dataclasses, because FastAPI describes those in `/openapi.json`, and msgspec writes them.
"""

from dataclasses import dataclass
from datetime import datetime

from banwatch.model.ids import CountryCode, MeasurementUid, TargetName, parse_asn, render_asn
from banwatch.model.resolver import ResolverKind
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
        )
