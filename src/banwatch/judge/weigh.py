"""Observations, control and reference data to evidence."""

from banwatch.formats.ooni import Observed
from banwatch.model.evidence import Evidence
from banwatch.model.reference import Reference


def weigh(observed: Observed, reference: Reference) -> Evidence:
    """Compare a measurement with its control."""
    raise NotImplementedError
