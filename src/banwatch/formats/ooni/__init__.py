"""OONI's measurement format (data format 0.2.0): bytes to facts, and our own measurements to bytes.

*wire*: the structs, keys spelled as in the format. *decode*: a stranger's line becomes a `WireMeasurement`,
or a `WireError`; an odd value costs its field, never the measurement. *observe*: a `WireMeasurement` becomes
`Observed`: the measurement, its observations and its control, in the model's words.
"""

from banwatch.formats.ooni.decode import decode_untrusted, encode
from banwatch.formats.ooni.observe import observe, observe_control_untrusted
from banwatch.formats.ooni.observed import Observed
from banwatch.formats.ooni.wire import WireMeasurement

__all__ = [
    "Observed",
    "WireMeasurement",
    "decode_untrusted",
    "encode",
    "observe",
    "observe_control_untrusted",
]
