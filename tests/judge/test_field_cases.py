"""Measurements from public bug reports (../shared/data/field), each judged right. Prints the table with `-s`.

Each folder's README says what the reporter saw, what is right and how wide the kind of fault is. A case that
is not right yet stands in `NOT_YET` and must fail; the list only shrinks.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from banwatch.model.mechanism import hierarchical_overlap
from banwatch.model.reference import Reference
from banwatch.model.verdict import Verdict
from banwatch.reference import load
from banwatch.reference.importing import import_files
from tests.judge.judging import judge_line, shipped_reference

SHARED = Path(__file__).parents[3] / "shared" / "data"
FIELD = SHARED / "field"
HERE = FIELD.is_dir()
pytestmark = pytest.mark.skipif(not HERE, reason="the measurements lie outside the repository")

NOT_YET: frozenset[str] = frozenset()
"""Cases, as `folder/case`, that the judge still gets wrong."""


@dataclass(frozen=True, slots=True)
class Case:
    """One measurement and what is right to say of it."""

    name: str
    line: bytes
    truth: dict[str, Any]


@cache
def cases() -> tuple[Case, ...]:
    return tuple(_read_cases()) if HERE else ()


def _read_cases() -> Iterator[Case]:
    """Give the measurements of the folders that have a truth for each line."""
    for folder in sorted(FIELD.iterdir()):
        lines, truths = folder / "input.jsonl", folder / "truth.jsonl"
        if not (lines.is_file() and truths.is_file()):
            continue
        by_uid = {json.loads(line)["measurement_uid"]: line for line in lines.read_bytes().splitlines()}
        for text in truths.read_text(encoding="utf-8").splitlines():
            truth = json.loads(text)
            yield Case(f"{folder.name}/{truth['case']}", by_uid.pop(truth["measurement_uid"]), truth)
        assert not by_uid, f"{folder.name}: measurements without a truth"


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """The shipped reference data with the published fingerprints."""
    folder = tmp_path_factory.mktemp("reference")
    tables = sorted((SHARED / "fingerprints").glob("*.csv"))
    import_files(tables, as_of=date(2026, 11, 1), data_dir=folder)
    return load(data_dir=folder)


def _parameters() -> list[Any]:
    return [
        pytest.param(
            case,
            id=case.name,
            marks=[pytest.mark.xfail(reason="not judged right yet", strict=True)]
            if case.name in NOT_YET
            else [],
        )
        for case in cases()
    ]


@pytest.mark.parametrize("case", _parameters())
def test_the_verdict_is_right(case: Case, reference: Reference) -> None:
    verdict = judge_line(case.line, reference)
    wrong = _find_fault(case.truth, verdict)
    named = ", ".join(verdict.mechanisms)
    rule = verdict.rules[0] if verdict.rules else ""
    print(f"\n{'WRONG' if wrong else 'right'} {case.name:64} {verdict.state:14} {named:24} {rule}", end="")
    assert not wrong, wrong


def _find_fault(truth: dict[str, Any], verdict: Verdict) -> str:
    """Say what is wrong with a verdict: its state, a mechanism that is not true, or a true one left out."""
    if verdict.state not in truth["states"]:
        return f"{verdict.state}, expected one of {truth['states']}: {verdict.sentence}"
    true = {*truth["mechanisms"], *truth["also"]}
    if verdict.state.accuses and truth["mechanisms"]:
        below = [m for m in verdict.mechanisms if any(m.startswith(f"{t}.") for t in true)]
        both, named, _ = hierarchical_overlap(verdict.mechanisms, [*true, *below])
        if both != named:
            return f"{verdict.mechanisms} named, true are {sorted(true)}"
    for mechanism in truth["mechanisms"]:
        if not any(m == mechanism or m.startswith(f"{mechanism}.") for m in verdict.mechanisms):
            return f"{mechanism} is not among {verdict.mechanisms}"
    return ""


def test_without_fingerprints_nobody_innocent_is_accused() -> None:
    """Fewer data find less; they accuse nobody of what they do not know."""
    accused = []
    for case in cases():
        verdict = judge_line(case.line, shipped_reference())
        innocent = not {"blocked", "likely_blocked"} & set(case.truth["states"])
        if innocent and verdict.state in ("blocked", "likely_blocked") and case.name not in NOT_YET:
            accused.append((case.name, verdict.state, verdict.rules[0]))
    assert accused == []


def test_what_is_not_right_yet_exists() -> None:
    assert {case.name for case in cases()} >= NOT_YET
