"""Context that all follow-ups of a measurement share."""

from collections.abc import Callable
from dataclasses import dataclass

from banwatch.formats.scrub import scrubber
from banwatch.model.failure import GENERIC_TIMEOUT, Failure
from banwatch.model.follow_up import FollowUp
from banwatch.net.seam import Net
from banwatch.net.tls.certificates import Roots
from banwatch.probe.lag import LagMonitor
from banwatch.probe.politeness import Politeness
from banwatch.probe.settings import Settings
from banwatch.probe.step_records import StepRecords
from banwatch.probe.trace import Trace

_FIRST_ID = 60001


@dataclass(slots=True)
class FollowUpContext:
    """The measurement that is followed up."""

    net: Net
    settings: Settings
    trace: Trace
    records: StepRecords
    roots: Roots
    politeness: Politeness
    lag: LagMonitor
    next_id: int = _FIRST_ID
    has_been_thorough: bool = False
    has_probed_connects: bool = False
    has_compared_speed: bool = False
    has_checked_ipv6: bool = False

    def begin(self, name: FollowUp, depth: int) -> Trace:
        """Begin a transaction of a follow-up."""
        self.next_id += 1
        return self.trace.transaction(self.next_id - 1, f"depth={depth}", name.tag)

    def scrub(self) -> Callable[[bytes], bytes]:
        """Make the function that takes the probe's own addresses out of bytes."""
        return scrubber((*self.net.own_addresses, *self.settings.own_addresses))

    def is_doubtful_timeout(self, failure: Failure | None, timeout_s: float) -> bool:
        """Return whether a step timed out while the machine or the network was slow."""
        return failure == GENERIC_TIMEOUT and self.lag.is_slow(timeout_s, self.trace.zero_s)
