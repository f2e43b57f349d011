"""A line, judged."""

from functools import cache
from pathlib import Path

from banwatch.formats.ooni import decode_untrusted, observe
from banwatch.judge import judge, weigh
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
    reference = reference or shipped_reference()
    return weigh(observe(decode_untrusted(line), reference.target_of), reference)


def judge_line(line: bytes, reference: Reference | None = None) -> Verdict:
    """Verdict on a line."""
    return judge(weigh_line(line, reference))
