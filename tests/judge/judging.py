"""Measurement lines, weighed and judged with the shipped reference data."""

from functools import cache
from pathlib import Path

import banwatch.judge
from banwatch.model.evidence import Evidence
from banwatch.model.reference import Reference
from banwatch.model.verdict import Verdict
from banwatch.reference import load


@cache
def shipped_reference() -> Reference:
    """What ships with the package, whatever the user imported."""
    return load(data_dir=Path("/nonexistent"))


def weigh_line(line: bytes, reference: Reference | None = None) -> Evidence:
    """Evidence of a line."""
    return banwatch.judge.judge_line(line, reference or shipped_reference()).evidence


def judge_line(line: bytes, reference: Reference | None = None) -> Verdict:
    """Verdict on a line."""
    return banwatch.judge.judge_line(line, reference or shipped_reference()).verdict
