"""Server-sent events: every message of the stream, from the log of messages.

Wire: `GET /api/v2/events`, `text/event-stream`; each event has `id` (its place in the stream), `event`
(`began`, `grew`, `ended`, `resumed`, `withdrawn`) and `data`, one line of JSON. A client that comes back
sends the last id as `Last-Event-ID` and gets what it missed.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from banwatch.alerts.occasion import STREAM
from banwatch.model.delivery import Delivery, DeliveryState
from banwatch.store import Store

PATH = "/api/v2/events"
MOST_READERS = 200
"""Streams at once; each holds a connection."""
_POLL_S = 1.0
_KEEP_ALIVE_S = 15
"""Time between two comments on a silent stream, so that proxies keep it open."""
_LONGEST_S = 600
"""Time after which a stream is closed; clients come back by themselves, with the id of their last event."""


class EventBoard:
    """Events of the stream, read from the log when something was added.

    Args:
        read: returns the log of messages.
    """

    def __init__(self, read: Callable[[], Sequence[Delivery]]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._events: list[bytes] | None = None
        self.readers = 0

    def refresh(self) -> None:
        """Read the log anew."""
        rows = [row for row in self._read() if row.channel == STREAM and row.state is DeliveryState.SENT]
        rows.sort(key=lambda row: (row.at, row.subject, row.ordinal))
        with self._lock:
            self._events = [_render(number, row) for number, row in enumerate(rows, 1)]

    def after(self, number: int) -> list[bytes]:
        """Return the events after a place in the stream."""
        if self._events is None:
            self.refresh()
        with self._lock:
            return (self._events or [])[number:]

    @property
    def last(self) -> int:
        """Place of the last event; 0 where there is none."""
        return len(self.after(0))


def _render(number: int, row: Delivery) -> bytes:
    data = msgspec.json.encode(
        {
            "incident": row.subject,
            "event": row.event,
            "at": row.at,
            "title": row.title,
            "text": row.text,
            "ended": row.ended,
        }
    )
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (number, row.event.encode(), data)


def board_of(store: Store) -> EventBoard:
    """Return the events of a store."""
    return EventBoard(lambda: store.rows(Delivery))


def add_event_stream(app: FastAPI, board: EventBoard, is_stopping: Callable[[], bool]) -> None:
    """Add the route of server-sent events."""

    @app.get(PATH, include_in_schema=False)
    async def events(request: Request) -> Response:
        if board.readers >= MOST_READERS:
            return JSONResponse({"error": "too many streams are open"}, 503, {"Retry-After": "60"})
        given = request.headers.get("last-event-id", "") or request.query_params.get("after", "")
        at = await asyncio.to_thread(lambda: board.last)
        if given.isdecimal() and len(given) < 12:
            at = min(int(given), at)
        return StreamingResponse(
            _stream(board, at, is_stopping),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )


async def _stream(board: EventBoard, at: int, is_stopping: Callable[[], bool]) -> AsyncIterator[bytes]:
    board.readers += 1
    try:
        yield b"retry: 5000\n\n"
        silent_s = 0.0
        for _ in range(round(_LONGEST_S / _POLL_S)):
            if is_stopping():
                return
            found = await asyncio.to_thread(board.after, at)
            for event in found:
                yield event
            at += len(found)
            silent_s = 0.0 if found else silent_s + _POLL_S
            if silent_s >= _KEEP_ALIVE_S:
                silent_s = 0.0
                yield b": still here\n\n"
            await asyncio.sleep(_POLL_S)
    finally:
        board.readers -= 1
