"""Transaction ids of one web measurement, in a range for each kind of step."""

from banwatch.probe.trace import Trace

_FIRST_ID = {
    "getaddrinfo": 10001,
    "udp": 20001,
    "tcp": 25001,
    "dot": 27001,
    "https_record": 28001,
    "doh": 30001,
    "http": 40001,
    "https": 50001,
    "quic": 55001,
}
"""Where OONI's probe has ids, they are its own."""


class Transactions:
    """Begin the transactions of one measurement.

    Args:
        trace: the measurement's own.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._ids = dict(_FIRST_ID)

    def begin(self, step: str, *tags: str) -> Trace:
        """Begin another transaction of a kind of step, such as `udp`."""
        self._ids[step] += 1
        return self._trace.transaction(self._ids[step] - 1, *tags)
