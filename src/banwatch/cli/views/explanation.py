"""What one verdict rests on: the observations beside the control, and the rules."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from banwatch.formats.json_views import VerdictJson
from banwatch.formats.ooni import decode_untrusted, observe
from banwatch.judge.ruleset_file import Ruleset
from banwatch.model.control import Control
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.evidence import Evidence
from banwatch.model.observation import Observation
from banwatch.model.verdict import Verdict
from banwatch.pages.views.step import StepView, view_steps
from banwatch.pages.wording import words
from banwatch.reference.suffixes import target_of
from banwatch.store import Store, queries


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
    steps: tuple[StepView, ...]
    control_failure: str | None
    """Why there is no control to compare with."""
    rules: tuple[AppliedRule, ...]
    evidence: Evidence

    def to_json(self) -> dict[str, object]:
        """Return what `--json` prints: the fields, verdicts in their JSON shape."""
        return {
            "verdict": VerdictJson.from_verdict(self.verdict),
            "stored": None if self.stored is None else VerdictJson.from_verdict(self.stored),
            "past": [VerdictJson.from_verdict(verdict) for verdict in self.past],
            "steps": self.steps,
            "control_failure": self.control_failure,
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
        steps=view_steps(observations, control),
        control_failure=control_failure if control is None else None,
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
    steps = Table("step", "what was tried", "after", "probe", "control")
    for step in explanation.steps:
        steps.add_row(*map(escape, (step.heading, step.what, step.at, step.probe, step.control)))
    console.print(steps)
    if explanation.control_failure:
        console.print(f"There is no control: {escape(words.visible(explanation.control_failure))}.")
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


def _apply(verdict: Verdict, ruleset: Ruleset) -> Iterator[AppliedRule]:
    by_id = {str(rule.id): rule for rule in ruleset.rules}
    roles = [(name, "holds" if number else "decides") for number, name in enumerate(verdict.rules)]
    for name, role in (*roles, *((name, "vetoed") for name in verdict.vetoed)):
        rule = by_id[name]
        says = f"{rule.state} {rule.mechanism}".strip()
        yield AppliedRule(name, role, rule.condition, says, rule.why, rule.source)
