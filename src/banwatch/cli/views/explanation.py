"""Explanation of one verdict: the steps beside the control, and the rules."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from banwatch.cli.views.json_lines import print_json
from banwatch.cli.views.messages import note
from banwatch.cli.views.verdicts import short_id
from banwatch.formats.json_views import IncidentJson, VerdictJson
from banwatch.judge.ruleset_file import CURRENT
from banwatch.pages.views.step import StepView, view_steps
from banwatch.pages.wording import words
from banwatch.pipeline.reading.explain import Explanation, explain_measurement
from banwatch.pipeline.reading.named import find_uid, incident_reasons, nearest
from banwatch.store import Store

_MOST_EXAMPLES = 3


def explain_uid(store: Store, uid: str, *, as_json: bool) -> None:
    """Print what the verdict on a measurement rests on; the end of its id names it."""
    show_explanation(explain_measurement(store, find_uid(store, uid), CURRENT), as_json=as_json)


def explain_nearest(store: Store, wanted: tuple[str, datetime], *, as_json: bool) -> None:
    """Print what the verdict nearest to a moment rests on, and on stderr which others are near."""
    first, *others = nearest(store, *wanted)
    explain_uid(store, first.measurement_uid, as_json=as_json)
    for one in others:
        note(
            f"near it: {one.measurement_start_time:%Y-%m-%d %H:%M} UTC {one.probe_cc} AS{one.probe_asn} "
            f"{one.access_tier} {one.state}: banwatch explain {short_id(one.measurement_uid)}"
        )


def explain_incident(store: Store, incident_id: str, *, as_json: bool) -> None:
    """Print an incident, the reasons for and against it, and its example measurements."""
    found = incident_reasons(store, incident_id)
    if as_json:
        print_json({"incident": IncidentJson.from_incident(found.incident), "reasons": found.reasons})
        return
    print(found.incident.sentence)
    for reason in found.reasons:
        print(f"  {reason}")
    for uid in found.incident.witnesses[:_MOST_EXAMPLES]:
        print(f"  Example measurement: banwatch explain {short_id(uid)}")


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
