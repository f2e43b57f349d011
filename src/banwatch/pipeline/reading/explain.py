"""Explanation of a verdict: the observations, the control, the evidence, and the rules that were applied."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from banwatch.formats.ooni import observe_control_untrusted
from banwatch.judge.ruleset_file import Ruleset
from banwatch.model.control import Control
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.evidence import Evidence
from banwatch.model.observation import Observation
from banwatch.model.verdict import Verdict
from banwatch.store import Store, queries


@dataclass(frozen=True, slots=True)
class AppliedRule:
    """A rule that held or was vetoed: what it says, and why."""

    id: str
    role: str
    """`decides`, `holds` or `vetoed`."""
    condition: str
    says: str
    why: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The facts and rules that one verdict rests on."""

    verdict: Verdict
    """The verdict by the ruleset that was asked for."""
    stored: Verdict | None
    """The verdict in the store; it differs where the store was judged by other rules."""
    past: tuple[Verdict, ...]
    """Earlier verdicts, by other rulesets."""
    observations: Sequence[Observation]
    control: Control | None
    control_failure: str | None
    """Why there is no control to compare with."""
    rules: tuple[AppliedRule, ...]
    evidence: Evidence


def explain_measurement(store: Store, uid: str, ruleset: Ruleset) -> Explanation:
    """Collect the facts and rules that the verdict on a measurement rests on.

    Raises:
        BanwatchError: the store has no such measurement.
    """
    evidence = queries.evidence(store, uid)
    if evidence is None:
        raise BanwatchError(
            f"There is no measurement {uid!r} in this store", "See `banwatch verdicts --json`"
        )
    control, control_failure = _read_control(store, uid)
    verdict = ruleset.judge(evidence)
    stored = next((v for v in queries.verdicts_of(store, uid) if v.target == verdict.target), None)
    return Explanation(
        verdict=verdict,
        stored=stored,
        past=tuple(v for v in queries.past_verdicts(store, uid) if v.target == verdict.target),
        observations=queries.observations(store, uid),
        control=control,
        control_failure=control_failure if control is None else None,
        rules=tuple(_list_rules(verdict, ruleset)),
        evidence=evidence,
    )


def _read_control(store: Store, uid: str) -> tuple[Control | None, str | None]:
    try:
        raw = queries.raw(store, uid)
        if raw is None:
            return None, "the archive no longer has the measurement"
        return observe_control_untrusted(raw)
    except WireError as error:
        return None, str(error)


def _list_rules(verdict: Verdict, ruleset: Ruleset) -> Iterator[AppliedRule]:
    by_id = {str(rule.id): rule for rule in ruleset.rules}
    roles = [(name, "holds" if number else "decides") for number, name in enumerate(verdict.rules)]
    for name, role in (*roles, *((name, "vetoed") for name in verdict.vetoed)):
        rule = by_id[name]
        says = f"{rule.state} {rule.mechanism}".strip()
        yield AppliedRule(name, role, rule.condition, says, rule.why, rule.source)
