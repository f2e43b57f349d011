"""Results of judging again: verdicts that would change, and the number of those that were judged."""

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from banwatch.cli.views.json_lines import print_json
from banwatch.formats.json_views import VerdictJson
from banwatch.judge.ruleset_file import Ruleset
from banwatch.model.verdict import Verdict
from banwatch.pipeline.reading.rejudge_preview import Rejudged
from banwatch.pipeline.rebuild import RebuildReport

_MAX_ROWS = 50
"""Rows of the table on a terminal; the counts below it are of all verdicts."""


def show_preview(rejudged: Iterable[Rejudged], *, as_json: bool) -> None:
    """Print the verdicts that another judgement would change."""
    total = 0
    moves: Counter[tuple[str, str]] = Counter()
    table = Table("measurement", "target", "now", "then", "by")
    for pair in rejudged:
        total += 1
        if not pair.differs:
            continue
        before, after = pair.before, pair.after
        moves[(before.state if before else "nothing", after.state)] += 1
        if as_json:
            print_json({"before": _to_json(before), "after": _to_json(after)})
        elif moves.total() <= _MAX_ROWS:
            rules = ", ".join(after.rules[:2])
            table.add_row(after.measurement_uid, after.target, _summary(before), _summary(after), rules)
    if not as_json:
        _print_moves(table, moves, total)


def _print_moves(table: Table, moves: Counter[tuple[str, str]], total: int) -> None:
    console = Console(highlight=False)
    if moves:
        console.print(table)
    if moves.total() > _MAX_ROWS:
        console.print(f"and {moves.total() - _MAX_ROWS:,} more")
    for (before, after), count in moves.most_common():
        console.print(f"{count:,} × {before} → {after}")
    console.print(f"{moves.total():,} of {total:,} verdicts would change")


def show_rejudged(report: RebuildReport, ruleset: Ruleset, *, as_json: bool) -> None:
    """Print how many measurements were judged, and by which ruleset."""
    if as_json:
        print_json({"measurements": report.measurements, "ruleset": ruleset.version})
    else:
        text = f"{report.measurements:,} measurements judged by ruleset {ruleset.version}"
        Console(stderr=True).print(text, highlight=False)


def _to_json(verdict: Verdict | None) -> VerdictJson | None:
    return VerdictJson.from_verdict(verdict) if verdict else None


def _summary(verdict: Verdict | None) -> str:
    if verdict is None:
        return "nothing"
    return f"{verdict.state} {' '.join(verdict.mechanisms)}".strip()
