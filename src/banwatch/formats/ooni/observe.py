"""`WireMeasurement` to `Observed`."""

from collections.abc import Callable

from banwatch.formats.ooni.observed import Observed
from banwatch.formats.ooni.wire import WireMeasurement


def observe(wire: WireMeasurement, target_of: Callable[[str], str]) -> Observed:
    """Read the facts out of a measurement."""
    raise NotImplementedError
