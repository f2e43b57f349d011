"""Server-sent events: each once, in order, from where a client left off."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from fastapi import FastAPI

from banwatch.alerts import stream
from banwatch.alerts.stream import PATH, EventBoard, add_event_stream
from banwatch.model.delivery import Delivery, DeliveryState, Event
from tests.alerts.incidents import NOW
from tests.explorer.asgi_client import Answer


def _row(ordinal: int, event: Event, **changes: Any) -> Delivery:
    row = Delivery(
        channel="stream",
        subject="KP-2026-0001",
        ordinal=ordinal,
        attempt=0,
        state=DeliveryState.SENT,
        event=event,
        at=NOW + timedelta(hours=ordinal),
        title="a\nb",
        text="é",
        asns=(),
        targets=(),
        ended=False,
        detail="",
    )
    return msgspec.structs.replace(row, **changes)


LOG = [
    _row(1, Event.ENDED),
    _row(0, Event.BEGAN),
    _row(0, Event.BEGAN, channel="desk"),
    _row(2, Event.WITHDRAWN, state=DeliveryState.INTENDED),
]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_POLL_S", 0.001)
    monkeypatch.setattr(stream, "_LONGEST_S", 0.01)


def _ask(board: EventBoard, query: str = "", **headers: str) -> Answer:
    """Ask for the stream as a client that stays to its end."""
    app = FastAPI()
    add_event_stream(app, board, lambda: False)
    scope = {
        "type": "http",
        "method": "GET",
        "path": PATH,
        "query_string": query.removeprefix("?").encode(),
        "root_path": "",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, object]:
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]  # plain functions serve as ASGI's
    head = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], head, b"".join(message.get("body", b"") for message in sent[1:]))


def _events(answer: Answer) -> list[tuple[str, str]]:
    found = [block.split("\n") for block in answer.text.split("\n\n") if block.startswith("id: ")]
    return [(lines[0].removeprefix("id: "), lines[1].removeprefix("event: ")) for lines in found]


def test_a_client_that_comes_back_gets_what_it_missed() -> None:
    board = EventBoard(lambda: LOG)
    assert _events(_ask(board, last_event_id="0")) == [("1", "began"), ("2", "ended")]
    assert _events(_ask(board, "?after=1")) == [("2", "ended")]
    assert _events(_ask(board, last_event_id="2")) == []
    assert _events(_ask(board, last_event_id="99")) == []


@pytest.mark.parametrize("given", ["", "x", "-1", "9" * 40])
def test_a_new_client_or_an_odd_id_begins_with_what_comes(given: str) -> None:
    answer = _ask(EventBoard(lambda: LOG), last_event_id=given)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert _events(answer) == []


def test_what_comes_while_a_client_listens_is_passed_on() -> None:
    log = list(LOG)
    board = EventBoard(lambda: log)

    async def listen() -> list[bytes]:
        found = []
        async for piece in stream._stream(board, 2, lambda: False):
            found.append(piece)
            if len(found) == 1:
                log.append(_row(3, Event.RESUMED))
                board.refresh()
        return found

    pieces = asyncio.run(listen())
    (event,) = [piece for piece in pieces if piece.startswith(b"id: 3\n")]
    data = json.loads(event.split(b"data: ")[1])
    assert (data["event"], data["incident"], data["text"]) == ("resumed", "KP-2026-0001", "é")
    assert event.count(b"\n") == 4, "a line break in a title begins no new field"


def test_a_stream_ends_when_the_observatory_does() -> None:
    async def listen() -> list[bytes]:
        return [piece async for piece in stream._stream(EventBoard(lambda: LOG), 0, lambda: True)]

    assert asyncio.run(listen()) == [b"retry: 5000\n\n"]


def test_too_many_streams_are_refused() -> None:
    board = EventBoard(lambda: LOG)
    board.readers = stream.MOST_READERS
    assert _ask(board).status == 503
