"""Bytes over time, from the network events of a measurement."""

from typing import NamedTuple

import msgspec

from banwatch.formats.ooni.wire import NetworkEvent, Raw

_OPERATION = b"bytes_received_cumulative"
_MAX_EVENTS = 20_000

_decoder = msgspec.json.Decoder(list[NetworkEvent])


class Received(NamedTuple):
    """Bytes that one transaction received."""

    size_bytes: int
    first_bytes: int
    """Received when the first of them were noted."""
    first_s: float
    last_s: float
    """Seconds since the measurement's start."""


def read_received(events: Raw) -> dict[int, Received]:
    """Sum up what each transaction received.

    Events of a shape we do not know yield nothing: they are an extra, not a part of the verdict's ground.
    """
    text = bytes(events)
    if _OPERATION not in text:
        return {}
    try:
        decoded = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    spans: dict[int, Received] = {}
    for event in decoded[:_MAX_EVENTS]:
        if event.operation != _OPERATION.decode() or event.num_bytes is None or event.t is None:
            continue
        transaction_id = event.transaction_id or 0
        size, at = event.num_bytes, event.t
        seen = spans.get(transaction_id)
        if seen is None:
            spans[transaction_id] = Received(size, size, at, at)
        else:
            spans[transaction_id] = Received(
                max(seen.size_bytes, size),
                min(seen.first_bytes, size),
                min(seen.first_s, at),
                max(seen.last_s, at),
            )
    return spans
