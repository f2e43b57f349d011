"""Explanation of one verdict: the steps beside the control, and the rules."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from banwatch.cli.views.json_lines import print_json
from banwatch.formats.json_views import VerdictJson
from banwatch.pages.views.step import StepView, view_steps
from banwatch.pages.wording import words
from banwatch.pipeline.reading.explain import Explanation


def show_explanation(explanation: Explanation, *, as_json: bool) -> None:
    """Print the observations beside the control, and every rule that held or was vetoed."""
    steps = view_steps(explanation.observations, explanation.control)
    if as_json:
        print_json(_to_json(explanation, steps))
    else:
        _print_text(explanation, steps)


def _to_json(explanation: Explanation, steps: Sequence[StepView]) -> dict[str, object]:
    return {
        "verdict": VerdictJson.from_verdict(explanation.verdict),
        "stored": None if explanation.stored is None else VerdictJson.from_verdict(explanation.stored),
        "past": [VerdictJson.from_verdict(verdict) for verdict in explanation.past],
        "steps": steps,
        "control_failure": explanation.control_failure,
        "rules": explanation.rules,
        "evidence": explanation.evidence,
    }


def _print_text(explanation: Explanation, steps: Sequence[StepView]) -> None:
    console = Console(highlight=False)
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
    table = Table("step", "what was tried", "after", "probe", "control")
    for step in steps:
        table.add_row(*map(escape, (step.heading, step.what, step.at, step.probe, step.control)))
    console.print(table)
    if explanation.control_failure:
        console.print(f"There is no control: {escape(words.visible(explanation.control_failure))}.")
    rules = Table("rule", "", "condition", "says", "why")
    for rule in explanation.rules:
        rules.add_row(rule.id, rule.role, rule.condition, rule.says, rule.why)
    console.print(rules)
    console.print(f"Ruleset {verdict.ruleset}; snapshots {', '.join(verdict.snapshots)}.")
