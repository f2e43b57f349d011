"""Bytes to `WireMeasurement` and back."""

from banwatch.formats.ooni.wire import WireMeasurement


def decode_untrusted(line: bytes) -> WireMeasurement:
    """Decode one line. Raises only WireError."""
    raise NotImplementedError


def encode(wire: WireMeasurement) -> bytes:
    """Encode as one line without a newline."""
    raise NotImplementedError
