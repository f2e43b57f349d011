"""The rule table as a page of the docs: `python -m banwatch.judge.rules.docs_page > docs/rules.md`."""

from banwatch.judge.rules.parts.rule import Rule
from banwatch.judge.rules.table import RULES, RULESET

_HEAD = f"""# Rules

Ruleset {RULESET}. This page is made from the rule table
(`python -m banwatch.judge.rules.docs_page > docs/rules.md`); a test fails when it is not current. How
evidence is weighed and how rules work together: [judge.md](judge.md).

Of the rules that hold, the strongest decides: `blocked` before `likely_blocked`, `tampered`, `ok`, `down`,
`impaired`, `insufficient`; within a state, the first of this page. The others are recorded beside it. A rule
that *vetoes* takes every accusation back. A rule that *stands in* speaks only where no other does. Each
rule says what it would have got wrong, and what keeps it from that.
"""


def render_page() -> str:
    """Write the page."""
    parts = [_HEAD]
    for rule in RULES:
        parts.append(_render(rule))
    return "\n".join(parts)


def _render(rule: Rule) -> str:
    says = f"`{rule.state}`" + (f", `{rule.mechanism}`" if rule.mechanism else "")
    notes = [word for word, yes in (("vetoes", rule.vetoes), ("stands in", rule.fallback)) if yes]
    rows = [
        ("says", says + (f" ({', '.join(notes)})" if notes else "")),
        ("where", f"layer `{rule.layer}`; nettests of kind {', '.join(sorted(rule.kinds))}"),
        ("route", f"`{rule.route}`"),
        ("when", rule.condition),
        ("why", rule.why),
        ("source", rule.source),
        ("pitfall, and its guard", rule.pitfall),
    ]
    lines = [f"## `{rule.id}`", "", "| | |", "|---|---|"]
    lines.extend(f"| {name} | {text.replace('|', chr(92) + '|')} |" for name, text in rows)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(render_page(), end="")
