"""What all follow-ups of a measurement share."""

from collections.abc import Callable
from dataclasses import dataclass

from banwatch.net.certificates import Roots
from banwatch.net.seam import Net
from banwatch.probe.politeness import Politeness
from banwatch.probe.records import Records
from banwatch.probe.scrub import scrubber
from banwatch.probe.settings import Settings
from banwatch.probe.trace import Trace

_FIRST_ID = 60001


@dataclass(slots=True)
class Context:
    """The measurement that is followed up."""

    net: Net
    settings: Settings
    trace: Trace
    records: Records
    roots: Roots
    politeness: Politeness
    next_id: int = _FIRST_ID
    looked_thoroughly: bool = False
    compared_speed: bool = False

    def begin(self, name: str, depth: int) -> Trace:
        """Begin a transaction of a follow-up."""
        self.next_id += 1
        return self.trace.transaction(self.next_id - 1, f"depth={depth}", f"follow_up={name}")

    def scrub(self) -> Callable[[bytes], bytes]:
        """What takes the probe's own addresses out of bytes."""
        return scrubber((*self.net.own_addresses, *self.settings.own_addresses))
