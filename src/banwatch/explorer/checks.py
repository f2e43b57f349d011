"""What a reader needs to check a page: how much was measured, judged by which rules, with what reference."""

from collections.abc import Iterable, Mapping

from banwatch.explorer import words
from banwatch.explorer.ban_view import BanFacts, Fact
from banwatch.explorer.days import DayCount, DayKey
from banwatch.model.verdict import Verdict


def check_facts(
    facts: BanFacts, days: Mapping[DayKey, DayCount], verdicts: Iterable[Verdict]
) -> tuple[Fact, ...]:
    """List what a page rests on.

    Args:
        facts: the ban and its comparison.
        days: what was counted, of any target; those of the comparison are told.
        verdicts: the ones that the page shows, or the witnesses among them.
    """
    targets = {row.target for row in facts.rows}
    counted = [count.total for key, count in days.items() if key.target in targets]
    rulesets: set[str] = set()
    snapshots: set[str] = set()
    for verdict in verdicts:
        rulesets.add(verdict.ruleset)
        snapshots.update(verdict.snapshots)
    made = [
        f"{count:,} in {f'lab regime {words.visible(name, 60)}' if name else 'the real world'}"
        for name, count in sorted(facts.labs.items())
    ]
    found = [
        ("Measurements", f"{sum(counted):,} of {words.counted(len(targets), 'target')}"),
        ("Made", words.listed(made)),
        ("Rules", words.listed([f"ruleset {words.visible(version, 60)}" for version in sorted(rulesets)])),
        ("Reference", words.listed([words.visible(name, 80) for name in sorted(snapshots)])),
    ]
    return tuple(Fact(name=name, value=value) for name, value in found if value)
