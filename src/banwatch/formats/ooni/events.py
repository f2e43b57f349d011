"""Bytes over time, from the network events of a measurement."""

import msgspec

from banwatch.formats.ooni.wire import NetworkEvent, Raw

_OPERATION = b"bytes_received_cumulative"
_MAX_EVENTS = 20_000

_decoder = msgspec.json.Decoder(list[NetworkEvent])


def read_received(events: Raw) -> dict[int, tuple[int, float]]:
    """Sum up what each transaction received: bytes, and seconds from the first of them to the last.

    Events of a shape we do not know yield nothing: they are an extra, not a part of the verdict's ground.
    """
    text = bytes(events)
    if _OPERATION not in text:
        return {}
    try:
        decoded = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    spans: dict[int, tuple[int, float, float]] = {}
    for event in decoded[:_MAX_EVENTS]:
        if event.operation != _OPERATION.decode() or event.num_bytes is None or event.t is None:
            continue
        transaction_id = event.transaction_id or 0
        begun = event.t0 if event.t0 is not None else event.t
        most, first, last = spans.get(transaction_id, (0, begun, begun))
        spans[transaction_id] = (max(most, event.num_bytes), min(first, begun), max(last, event.t))
    return {key: (most, last - first) for key, (most, first, last) in spans.items() if last > first}
