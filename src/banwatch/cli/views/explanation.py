"""What one verdict rests on: the observations beside the control, and the rules."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from banwatch.formats.json_views import VerdictJson
from banwatch.formats.ooni import decode_untrusted, observe
from banwatch.judge.ruleset_file import Ruleset
from banwatch.model.control import Control
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.evidence import Evidence
from banwatch.model.observation import Observation, Step
from banwatch.model.verdict import Verdict
from banwatch.reference.suffixes import target_of
from banwatch.store import Store, queries


@dataclass(frozen=True, slots=True)
class Compared:
    """One step of the probe's, and what the control has to say of it."""

    hop: int
    step: str
    what: str
    probe: str
    control: str


@dataclass(frozen=True, slots=True)
class AppliedRule:
    """A rule that held: what it says, and why."""

    id: str
    role: str
    """`decides`, `holds` or `vetoed`."""
    condition: str
    says: str
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that `--explain` shows."""

    verdict: Verdict
    stored: Verdict | None
    """What the store says; it differs where it was judged by other rules."""
    past: tuple[Verdict, ...]
    """What it said by other rulesets, before it was judged again."""
    steps: tuple[Compared, ...]
    rules: tuple[AppliedRule, ...]
    evidence: Evidence

    def to_json(self) -> dict[str, object]:
        """Return what `--json` prints: the fields, verdicts in their JSON shape."""
        return {
            "verdict": VerdictJson.from_verdict(self.verdict),
            "stored": None if self.stored is None else VerdictJson.from_verdict(self.stored),
            "past": [VerdictJson.from_verdict(verdict) for verdict in self.past],
            "steps": self.steps,
            "rules": self.rules,
            "evidence": self.evidence,
        }


def explain_measurement(store: Store, uid: str, ruleset: Ruleset) -> Explanation:
    """Gather what a verdict rests on.

    Raises:
        BanwatchError: the store has no such measurement.
    """
    evidence = queries.evidence(store, uid)
    if evidence is None:
        raise BanwatchError(
            f"There is no measurement {uid!r} in this store", "See `banwatch verdicts --json`"
        )
    observations: Sequence[Observation] = queries.observations(store, uid)
    control, control_failure = _read_control(store, uid)
    verdict = ruleset.judge(evidence)
    stored = next((v for v in queries.verdicts_of(store, uid) if v.target == verdict.target), None)
    return Explanation(
        verdict=verdict,
        stored=stored,
        past=tuple(v for v in queries.past_verdicts(store, uid) if v.target == verdict.target),
        steps=tuple(_compare(seen, control, control_failure) for seen in observations),
        rules=tuple(_apply(verdict, ruleset)),
        evidence=evidence,
    )


def show_explanation(explanation: Explanation, console: Console) -> None:
    """Print an explanation for a person."""
    verdict = explanation.verdict
    console.print(f"[bold]{verdict.state}[/bold] {' '.join(verdict.mechanisms)}: {verdict.sentence}")
    console.print(
        f"{verdict.measurement_uid}, {verdict.test_name} of {verdict.input or verdict.target}, "
        f"{verdict.probe_cc} AS{verdict.probe_asn} {verdict.access_tier}, "
        f"{verdict.measurement_start_time:%F %T} UTC"
    )
    stored = explanation.stored
    if stored is not None and (stored.state, stored.rules) != (verdict.state, verdict.rules):
        console.print(f"The store says {stored.state} (ruleset {stored.ruleset}): judge again to renew it.")
    for past in explanation.past:
        console.print(f"Before, by ruleset {past.ruleset}: {past.state} {' '.join(past.mechanisms)}".rstrip())
    steps = Table("hop", "step", "what", "probe", "control")
    for step in explanation.steps:
        steps.add_row(str(step.hop), step.step, step.what, step.probe, step.control)
    console.print(steps)
    rules = Table("rule", "", "condition", "says", "why")
    for rule in explanation.rules:
        rules.add_row(rule.id, rule.role, rule.condition, rule.says, rule.why)
    console.print(rules)
    console.print(f"Ruleset {verdict.ruleset}; snapshots {', '.join(verdict.snapshots)}.")


def _read_control(store: Store, uid: str) -> tuple[Control | None, str | None]:
    raw = queries.raw(store, uid)
    if raw is None:
        return None, "the archive no longer has the measurement"
    try:
        observed = observe(decode_untrusted(raw), target_of)
    except WireError as error:
        return None, str(error)
    return observed.control, observed.control_failure


def _compare(seen: Observation, control: Control | None, control_failure: str | None) -> Compared:
    what, probe = _describe(seen)
    if seen.follow_up:
        what = f"{what} [{seen.follow_up}]"
    beside = f"no control ({control_failure})" if control is None and control_failure else ""
    if control is not None and not seen.follow_up:
        beside = _beside(seen, control)
    return Compared(seen.hop, seen.step.value, what, probe, beside)


def _describe(seen: Observation) -> tuple[str, str]:
    outcome = seen.failure or "ok"
    match seen.step:
        case Step.DNS:
            asked = f"{seen.hostname} {seen.query_type or ''} by {seen.engine} {seen.resolver_address or ''}"
            answer = ", ".join((*seen.answers, *seen.cnames)) or outcome
            return asked.strip(), f"{answer} (late)" if seen.late else answer
        case Step.TCP:
            return f"{seen.ip} port {seen.port}", outcome
        case Step.TLS | Step.QUIC:
            return f"{seen.hostname} at {seen.ip}", outcome
    page = f"{seen.status_code or ''} {seen.title or ''} {seen.body_length or 0} bytes".strip()
    return seen.url or "", page if seen.failure is None else outcome


def _beside(seen: Observation, control: Control) -> str:
    if seen.step is Step.DNS:
        return (control.dns_failure or ", ".join(control.addresses)) if seen.hop == 0 else ""
    if seen.step in (Step.TCP, Step.TLS):
        for endpoint in control.endpoints:
            if (endpoint.ip, endpoint.port) == (seen.ip, seen.port):
                if seen.step is Step.TCP:
                    return endpoint.tcp_failure or "ok"
                return (endpoint.tls_failure or "ok") if endpoint.tls_attempted else "not tried"
        return "not tried"
    page = control.http
    if seen.step is not Step.HTTP or page is None:
        return ""
    if page.failure:
        return page.failure
    return f"{page.status_code or ''} {page.title or ''} {page.body_length or 0} bytes".strip()


def _apply(verdict: Verdict, ruleset: Ruleset) -> Iterator[AppliedRule]:
    by_id = {str(rule.id): rule for rule in ruleset.rules}
    roles = [(name, "holds" if number else "decides") for number, name in enumerate(verdict.rules)]
    for name, role in (*roles, *((name, "vetoed") for name in verdict.vetoed)):
        rule = by_id[name]
        says = f"{rule.state} {rule.mechanism}".strip()
        yield AppliedRule(name, role, rule.condition, says, rule.why, rule.source)
