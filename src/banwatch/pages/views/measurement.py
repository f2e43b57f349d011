"""The view of a measurement: verdicts, rules, steps, details, and the bytes as received."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from banwatch.formats.ooni import WireMeasurement, decode_untrusted, observe_control_untrusted
from banwatch.formats.ooni.decode import starts_at_its_test
from banwatch.formats.own_address import count_scrubbed
from banwatch.judge import RULES
from banwatch.model.control import Control
from banwatch.model.errors import WireError
from banwatch.model.evidence import Evidence
from banwatch.model.ids import RuleId, render_asn
from banwatch.model.measurement import Measurement
from banwatch.model.observation import Observation
from banwatch.model.state import Layer
from banwatch.model.verdict import Verdict
from banwatch.pages.links import Links, anchor
from banwatch.pages.views.details import Detail
from banwatch.pages.views.mechanism import MechanismView, view_mechanisms
from banwatch.pages.views.step import StepView, view_steps
from banwatch.pages.wording import ladder, moments, words
from banwatch.pages.wording.json_layout import lay_out

_LAYERS = {
    Layer.NETWORK: "network as a whole",
    Layer.DNS: "name lookup",
    Layer.IP: "way to the address",
    Layer.TCP: "connection",
    Layer.TLS: "encrypted handshake (TLS)",
    Layer.QUIC: "encrypted handshake (QUIC)",
    Layer.HTTP: "web request",
}
_IN_EVERY_TIER = frozenset(Verdict.__struct_fields__) | {
    "lab",
    "software",
    "platform",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """Rule that held for a verdict, or was vetoed."""

    id: str
    says: str
    condition: str
    why: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictView:
    """Verdict, ready to print, with its rules and evidence."""

    target: str
    state: str
    css: str
    symbol: str
    sentence: str
    mechanisms: tuple[MechanismView, ...]
    layer: str
    rules: tuple[RuleView, ...]
    vetoed: tuple[RuleView, ...]
    evidence: tuple[Detail, ...]
    ruleset: str
    snapshots: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementView:
    """Measurement, ready to print."""

    uid: str
    anchor: str
    title: str
    when: str
    machine_time: str
    lab: str
    verdicts: tuple[VerdictView, ...]
    steps: tuple[StepView, ...]
    has_control: bool
    details: tuple[Detail, ...]
    raw: str
    """The measurement laid out for reading; the archive and the bundle have the bytes as they came."""
    shortened: bool
    """Whether long texts were cut in `raw`."""
    raw_bytes: int
    raw_sha256: str
    href: str
    raw_href: str
    raw_file: bool
    """Whether `raw_href` gives the bytes themselves, and not a fragment of this page."""


def view_measurement(
    measurement: Measurement,
    verdicts: Sequence[Verdict],
    observations: Sequence[Observation],
    evidence: Sequence[Evidence],
    raw: bytes,
    links: Links,
) -> MeasurementView:
    """Compute the view of a measurement.

    Args:
        measurement: its own fields.
        verdicts: its verdicts, one for each target.
        observations: its observations, in the order of the wire.
        evidence: its evidence, one row for each target.
        raw: the bytes as received; empty where the archive no longer has them.
        links: the page's neighbours.
    """
    by_target = {row.target: row for row in evidence}
    wire = _decode(raw)
    control = _control_of(raw)
    raw_href = links.raw(measurement.measurement_uid)
    raw_file = "#" not in raw_href
    shown, shortened = lay_out(words.visible_lines(raw.decode("utf-8", "replace")), shorten=True)
    return MeasurementView(
        uid=words.visible(measurement.measurement_uid, 120),
        anchor=anchor(measurement.measurement_uid),
        title=words.visible(measurement.input or measurement.target, 160),
        when=moments.moment(measurement.measurement_start_time, measurement.probe_cc),
        machine_time=words.machine(measurement.measurement_start_time),
        lab=words.visible(measurement.lab, 60),
        verdicts=tuple(_verdict(verdict, by_target.get(verdict.target), links) for verdict in verdicts),
        steps=view_steps(observations, control),
        has_control=control is not None,
        details=_details(measurement) + _repairs(wire, raw),
        raw=shown,
        shortened=shortened,
        raw_bytes=len(raw),
        raw_sha256=hashlib.sha256(raw).hexdigest() if raw else "",
        href=links.measurement(measurement.measurement_uid),
        raw_href=raw_href,
        raw_file=raw_file,
    )


def _decode(raw: bytes) -> WireMeasurement | None:
    try:
        return decode_untrusted(raw)
    except WireError:
        return None


def _control_of(raw: bytes) -> Control | None:
    try:
        return observe_control_untrusted(raw)[0]
    except WireError:
        return None


def _repairs(wire: WireMeasurement | None, raw: bytes) -> tuple[Detail, ...]:
    """Tell what is not as the line had it: a time that was taken from elsewhere, an address that is gone."""
    found = []
    if wire is not None and starts_at_its_test(wire):
        given = words.visible(wire.measurement_start_time or "", 40) or "nothing"
        value = f"its own time cannot be read ({given}); the start of its test stands in the place"
        found.append(Detail(name="Time repaired", value=value))
    if values := count_scrubbed(raw):
        value = f"the probe's address, from {words.counted(values, 'value')} of the line"
        found.append(Detail(name="Taken out", value=value))
    return tuple(found)


def _verdict(verdict: Verdict, evidence: Evidence | None, links: Links) -> VerdictView:
    return VerdictView(
        target=words.visible(verdict.target, 80),
        state=ladder.word(ladder.of_state(verdict.state)),
        css=ladder.of_state(verdict.state).css,
        symbol=ladder.LADDER[ladder.of_state(verdict.state)].symbol,
        sentence=words.visible(verdict.sentence),
        mechanisms=view_mechanisms(verdict.mechanisms, links),
        layer=_LAYERS[verdict.layer] if verdict.layer else "",
        rules=tuple(_rule(rule_id) for rule_id in verdict.rules),
        vetoed=tuple(_rule(rule_id) for rule_id in verdict.vetoed),
        evidence=_evidence(evidence),
        ruleset=verdict.ruleset,
        snapshots=", ".join(verdict.snapshots),
    )


_RULES_BY_ID = {rule.id: rule for rule in RULES}


def _rule(rule_id: str) -> RuleView:
    """Return the view of a rule; a rule that this table does not have is only named."""
    rule = _RULES_BY_ID.get(RuleId(rule_id))
    if rule is None:
        return RuleView(id=words.visible(rule_id, 80), says="", condition="", why="", source="")
    says = "takes back every accusation" if rule.vetoes else ladder.in_a_sentence(ladder.of_state(rule.state))
    return RuleView(
        id=rule.id,
        says=f"{says}: {rule.mechanism}" if rule.mechanism and not rule.vetoes else says,
        condition=rule.condition,
        why=rule.why,
        source=rule.source,
    )


def _evidence(evidence: Evidence | None) -> tuple[Detail, ...]:
    """List the columns of evidence that have a value and that are not repeated in every tier."""
    if evidence is None:
        return ()
    details = []
    for name in Evidence.__struct_fields__:
        value = getattr(evidence, name)
        if name in _IN_EVERY_TIER or value is None or value == () or value == "" or value is False:
            continue
        details.append(Detail(name=name, value=words.visible(_value(value), 300)))
    return tuple(details)


def _value(value: object) -> str:
    if value is True:
        return "yes"
    if isinstance(value, datetime):
        return words.exact(value)
    if isinstance(value, tuple):
        return ", ".join(_value(item) for item in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _details(m: Measurement) -> tuple[Detail, ...]:
    tier = f", {words.tier(m.access_tier)}" if m.access_tier else ""
    details = [
        ("Measured", moments.moment(m.measurement_start_time, m.probe_cc)),
        ("Test", f"{m.test_name} {m.test_version}"),
        ("Input", m.input),
        ("From", f"{words.country(m.probe_cc)}, {render_asn(m.probe_asn)} {m.probe_network_name}{tier}"),
        ("Resolver", f"{m.resolver_ip} ({render_asn(m.resolver_asn)})"),
        ("Took", f"{m.test_runtime_s:.2f} s"),
        ("Software", f"{m.software_name} {m.software_version}"),
        ("Report", m.report_id),
        ("Measurement id", m.measurement_uid),
        ("Lab scenario", m.lab),
    ]
    return tuple(
        Detail(name=name, value=words.visible(value, 200)) for name, value in details if value.strip()
    )
