"""Judgement of one measurement line: decode, observe, weigh, judge."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from banwatch.formats.ooni import Observed, WireMeasurement, decode_untrusted, observe
from banwatch.judge.verdicts import judge
from banwatch.judge.weighing.weigh import weigh
from banwatch.model.evidence import Evidence
from banwatch.model.measurement import Measurement
from banwatch.model.observation import Observation
from banwatch.model.receipt import NO_RECEIPT, Receipt
from banwatch.model.reference import Reference
from banwatch.model.verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A measurement with the facts in it, the evidence they make, and the verdict on it."""

    observed: Observed
    """Facts and control, as the measurement has them."""
    evidence: Evidence
    judge: Callable[[Evidence], Verdict] = field(default=judge, repr=False, compare=False)
    """Applies the rules."""

    @cached_property
    def verdict(self) -> Verdict:
        """The verdict by the rules, made when it is first read: equal evidence need not be judged twice."""
        return self.judge(self.evidence)

    @property
    def measurement(self) -> Measurement:
        """The measurement itself."""
        return self.observed.measurement

    @property
    def observations(self) -> Sequence[Observation]:
        """The facts in it."""
        return self.observed.observations


def judge_line(
    line: bytes,
    reference: Reference,
    *,
    judge: Callable[[Evidence], Verdict] = judge,
    receipt: Receipt = NO_RECEIPT,
) -> Judged:
    """Decode, observe, weigh and judge one measurement.

    Args:
        line: the measurement, OONI's JSON, as it was received.
        reference: snapshots to compare with.
        judge: applies the rules; those that ship with the package, if omitted.
        receipt: when and from which class of sources it came.

    Raises:
        WireError: the line is no measurement.
    """
    return judge_wire(decode_untrusted(line), reference, judge=judge, receipt=receipt)


def judge_wire(
    wire: WireMeasurement,
    reference: Reference,
    *,
    judge: Callable[[Evidence], Verdict] = judge,
    receipt: Receipt = NO_RECEIPT,
) -> Judged:
    """Observe, weigh and judge one decoded measurement; see `judge_line`."""
    observed = observe(wire, reference.target_of, receipt)
    return Judged(observed=observed, evidence=weigh(observed, reference), judge=judge)
