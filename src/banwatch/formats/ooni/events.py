"""Bytes over time, from the network events of a measurement."""

from itertools import accumulate
from typing import NamedTuple

import msgspec

from banwatch.formats.ooni.wire import NetworkEvent, Raw

_OPERATION = b"bytes_received_cumulative"
_READ = "read"
_MAX_EVENTS = 20_000
MAX_NOTES = 1_000
_BITS = 8
_WHOLE = 0.9
"""Share of the noted bytes that recorded reads must make up: OONI's probe keeps the first 64 events alone."""

_decoder = msgspec.json.Decoder(list[NetworkEvent])


class Received(NamedTuple):
    """Bytes that one transaction received."""

    size_bytes: int
    first_bytes: int
    """Received when the first of them were noted."""
    first_s: float
    last_s: float
    """Seconds since the measurement's start."""
    notes: tuple[tuple[float, int], ...] = ()
    """Moments, and bytes by then, in the order in which they were noted; the first `MAX_NOTES`."""
    reads: tuple[tuple[float, int], ...] = ()
    """Moments, and bytes of each read from the socket; the first `MAX_NOTES`."""


class Pace(NamedTuple):
    """Rate and evenness of a transfer, from its request to its last byte."""

    bps: float
    skew: float
    """Largest distance between the share of bytes that had come and the share of time that had passed, 0 to
    1: near 0 where bytes come evenly, high where they come at once, before or after a pause."""


def find_pace(received: Received, asked_s: float) -> Pace | None:
    """Find the rate and evenness of what came after a request; None where the notes do not tell.

    Args:
        received: notes of the connection, which may count what came before the request, too.
        asked_s: moment of the request, on the notes' scale.
    """
    notes = sorted(received.notes)
    before = max((size for at, size in notes if at <= asked_s), default=0)
    later = [(at - asked_s, size - before) for at, size in notes if at > asked_s]
    reads = [(at - asked_s, size) for at, size in sorted(received.reads) if at > asked_s]
    if later and sum(size for _, size in reads) >= later[-1][1] * _WHOLE:
        sums = accumulate(size for _, size in reads)  # a frame of HTTP/2 is noted when all of it is there
        later = [(at, total) for (at, _), total in zip(reads, sums, strict=True)]
    if not later or later[-1][1] <= 0:
        return None
    seconds, total = later[-1]
    skew = max(abs(size / total - at / seconds) for at, size in later)
    return Pace(total * _BITS / seconds, min(skew, 1.0))


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
    notes: dict[int, list[tuple[float, int]]] = {}
    reads: dict[int, list[tuple[float, int]]] = {}
    for event in decoded[:_MAX_EVENTS]:
        if event.num_bytes is None or event.t is None:
            continue
        transaction_id = event.transaction_id or 0
        size, at = event.num_bytes, event.t
        if event.operation == _READ:
            _keep(reads, transaction_id, at, size)
        if event.operation != _OPERATION.decode():
            continue
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
        _keep(notes, transaction_id, at, size)
    return {
        one: span._replace(notes=tuple(notes[one]), reads=tuple(reads.get(one, ())))
        for one, span in spans.items()
    }


def _keep(kept: dict[int, list[tuple[float, int]]], transaction_id: int, at: float, size: int) -> None:
    found = kept.setdefault(transaction_id, [])
    if len(found) < MAX_NOTES:
        found.append((at, size))
