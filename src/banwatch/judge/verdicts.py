"""Evidence to verdict."""

from banwatch.model.evidence import Evidence
from banwatch.model.verdict import Verdict


def judge(evidence: Evidence) -> Verdict:
    """Apply every rule."""
    raise NotImplementedError
