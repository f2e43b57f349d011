"""What `banwatch judge` does and prints."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import zip_longest
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from banwatch.cli.views.explanation import Explanation, explain_measurement, show_explanation
from banwatch.formats.json_views import VerdictJson
from banwatch.judge.defects import find_defects
from banwatch.judge.ruleset_file import CURRENT, Ruleset, parse_ruleset_untrusted
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.evidence import Evidence
from banwatch.model.verdict import Verdict
from banwatch.store import Store, queries

_SHOWN = 50


def read_ruleset(wanted: str | None) -> Ruleset:
    """Find a ruleset by its version, or read it from a file."""
    if wanted is None or wanted == CURRENT.version:
        return CURRENT
    path = Path(wanted)
    if not path.is_file():
        raise BanwatchError(
            f"There is no ruleset {wanted!r}",
            f"Give a file, or the version {CURRENT.version!r}; docs/judge.md says how to write one",
        )
    try:
        return parse_ruleset_untrusted(path.read_bytes())
    except WireError as error:
        raise BanwatchError(f"{path}: {error}", "docs/judge.md says how to write a ruleset") from None


def explain(path: Path, uid: str, ruleset: Ruleset, *, as_json: bool) -> None:
    """Print the observations beside the control, and every rule that held or was vetoed."""
    with Store.open(path, read_only=True) as store:
        explanation: Explanation = explain_measurement(store, uid, ruleset)
    if as_json:
        print(msgspec.json.encode(explanation.to_json()).decode())
    else:
        show_explanation(explanation, Console(highlight=False))


def show_changes(
    path: Path, ruleset: Ruleset, since: datetime | None, until: datetime | None, *, as_json: bool
) -> None:
    """Print which verdicts another judgement would change; nothing is written."""
    total = 0
    moves: Counter[tuple[str, str]] = Counter()
    table = Table("measurement", "target", "now", "then", "by")
    with Store.open(path, read_only=True) as store:
        for old, new in _judge_beside(store, ruleset, since, until):
            total += 1
            if _says(old) == _says(new):
                continue
            moves[(old.state if old else "nothing", new.state)] += 1
            if as_json:
                print(msgspec.json.encode({"before": _view(old), "after": _view(new)}).decode())
            elif moves.total() <= _SHOWN:
                table.add_row(
                    new.measurement_uid, new.target, _short(old), _short(new), ", ".join(new.rules[:2])
                )
    if as_json:
        return
    console = Console()
    if moves:
        console.print(table)
    if moves.total() > _SHOWN:
        console.print(f"and {moves.total() - _SHOWN:,} more")
    for (before, after), count in moves.most_common():
        console.print(f"{count:,} × {before} → {after}", highlight=False)
    console.print(f"{moves.total():,} of {total:,} verdicts would change", highlight=False)


def judge_again(
    path: Path,
    ruleset: Ruleset,
    wanted: str | None,
    since: datetime | None,
    until: datetime | None,
    *,
    as_json: bool,
) -> None:
    """Judge stored evidence and replace the verdicts; the replaced ones stay readable.

    Where another process owns the store, that process judges, by the text of the ruleset.
    """
    from banwatch.cli.views.progress import piece_progress
    from banwatch.collector import writable

    console = Console(stderr=True)
    text = "" if ruleset == CURRENT or wanted is None else Path(wanted).read_text(encoding="utf-8")
    with piece_progress("Judging") as progress, writable(path) as writer:
        report = writer.rejudge(text, since=since, until=until, progress=progress)
    if as_json:
        print(msgspec.json.encode({"measurements": report.measurements, "ruleset": ruleset.version}).decode())
    else:
        console.print(
            f"{report.measurements:,} measurements judged by ruleset {ruleset.version}", highlight=False
        )


def show_defects(path: Path, since: datetime | None, until: datetime | None, *, as_json: bool) -> None:
    """Print failures that follow software versions rather than networks, with their spread."""
    with Store.open(path, read_only=True) as store:
        suspects = find_defects(
            (evidence, verdict)
            for evidence, verdict in _pairs(store, since, until)
            if evidence is not None and verdict is not None
        )
    if as_json:
        for suspect in suspects:
            print(msgspec.json.encode(suspect).decode())
        return
    if not suspects:
        print("No failure follows a software version rather than networks.")
        return
    table = Table("software", "nettest", "target", "failures", "networks", "failing", "other versions")
    for s in suspects:
        table.add_row(
            s.software,
            s.test_name,
            s.target,
            ", ".join(s.failures[:2]),
            f"{s.networks} in {s.countries} countries",
            f"{s.failing:,} of {s.measurements:,}",
            f"{s.other_failing:,} of {s.other_measurements:,}",
        )
    Console().print(table)


def _judge_beside(
    store: Store, ruleset: Ruleset, since: datetime | None, until: datetime | None
) -> Iterator[tuple[Verdict | None, Verdict]]:
    for evidence, verdict in _pairs(store, since, until):
        if evidence is not None:
            yield verdict, ruleset.judge(evidence)


def _pairs(
    store: Store, since: datetime | None, until: datetime | None
) -> Iterator[tuple[Evidence | None, Verdict | None]]:
    """Walk evidence and verdicts side by side: both come in order of time, uid and target."""
    evidence = (row for batch in queries.evidence_in_batches(store, since, until) for row in batch)
    verdicts = (
        row
        for batch in queries.verdicts_in_batches(store, equal={}, since=since, until=until)
        for row in batch
    )
    missing: dict[tuple[str, str], Verdict] = {}
    waiting: dict[tuple[str, str], Evidence] = {}
    for one, other in zip_longest(evidence, verdicts):
        if one is not None:
            waiting[(one.measurement_uid, one.target)] = one
        if other is not None:
            missing[(other.measurement_uid, other.target)] = other
        for key in waiting.keys() & missing.keys():
            yield waiting.pop(key), missing.pop(key)
    for row in waiting.values():
        yield row, None


def _says(verdict: Verdict | None) -> tuple[str, tuple[str, ...]] | None:
    return (verdict.state, verdict.mechanisms) if verdict else None


def _short(verdict: Verdict | None) -> str:
    if verdict is None:
        return "nothing"
    return f"{verdict.state} {' '.join(verdict.mechanisms)}".strip()


def _view(verdict: Verdict | None) -> VerdictJson | None:
    return None if verdict is None else VerdictJson.from_verdict(verdict)
