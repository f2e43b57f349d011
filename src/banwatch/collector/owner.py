"""Process that owns a store: it has the DuckDB file open for writing, and works for others on request.

`ownership` has the wire format and the side that asks.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from banwatch.collector.ownership import DirectWriter, OwnerAnswer, OwnerRequest
from banwatch.model.errors import BanwatchError
from banwatch.model.progress import Progress
from banwatch.net.local_socket import serve_local
from banwatch.store import Store
from banwatch.store.engines.owner import QueryAnswer, is_reading, socket_of

MAX_REQUEST_BYTES = 1 << 20
"""Longest request: some thousand paths."""
_SAY_EVERY_S = 0.2
"""Shortest time between two lines of progress."""
_END_S = 10.0
"""Time that unfinished work gets when the owner ends; after that, its transaction is rolled back."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A store that this process owns."""

    store: Store
    turn: threading.Lock = field(default_factory=threading.Lock)
    """Held while writing, so that one work is carried out at a time."""


@contextmanager
def own(store_path: str | Path) -> Iterator[Owner | None]:
    """Own a store while the block lasts, and carry out the requests of other processes.

    In a file system without sockets, other processes cannot ask and only learn which process holds the file.
    On ClickHouse any number of processes may write, and none needs to ask.

    Yields:
        The owner; None where the store can only be read, or another process owns it.
    """
    try:
        store = Store.open(store_path)
    except BanwatchError:
        yield None
        return
    with store:
        owner = Owner(store)
        if str(store_path).startswith("clickhouse:/"):
            yield owner
            return
        with _listening(Path(store_path), owner):
            yield owner


@contextmanager
def _listening(store_path: Path, owner: Owner) -> Iterator[None]:
    is_listening = False
    try:
        with serve_local(socket_of(store_path), partial(_converse, owner)) as is_listening:
            yield
    finally:
        if is_listening:
            owner.turn.acquire(timeout=_END_S)  # requested work may come to its end


def _converse(owner: Owner, stream: BinaryIO) -> None:
    """Carry out one request; the process that asked may end at any time."""
    said_at = 0.0

    def say(line: OwnerAnswer) -> None:
        with suppress(OSError, ValueError):  # the process that asked has ended; the work goes on to its end
            stream.write(msgspec.json.encode(line) + b"\n")
            stream.flush()

    def progress(done: int, total: int) -> None:
        nonlocal said_at
        now = time.monotonic()
        if now - said_at >= _SAY_EVERY_S:
            said_at = now
            say(OwnerAnswer(done=done, total=total))

    try:
        text = stream.readline(MAX_REQUEST_BYTES)
        if not text:
            return  # an empty request only tests whether an owner listens
        request = msgspec.json.decode(text, type=OwnerRequest)
        if request.work == "query":
            _answer_query(owner.store, request.sql, stream)
            return
        with owner.turn:
            report = _carry_out(DirectWriter(owner.store), request, progress)
        say(OwnerAnswer(report=msgspec.Raw(msgspec.json.encode(report))))
    except BanwatchError as error:
        say(OwnerAnswer(what=error.what, do=error.do))
    except ConnectionError:
        raise
    except (msgspec.DecodeError, OSError) as error:
        say(OwnerAnswer(what=f"the request cannot be read: {error}", do="Use the same version on both sides"))
    except Exception as error:
        say(OwnerAnswer(what=f"the owner of the store failed: {type(error).__name__}: {error}"))
        raise


def _answer_query(store: Store, sql: str, stream: Any) -> None:
    """Give rows to another process; a query need not wait for the writer's turn.

    Raises:
        BanwatchError: the statement would change something.
    """
    if not is_reading(sql):
        raise BanwatchError("the owner of a store answers questions only in this way")
    for rows in store.answer(sql):
        stream.write(msgspec.json.encode(QueryAnswer(arrow=len(rows))) + b"\n")
        stream.write(rows)
    stream.write(msgspec.json.encode(QueryAnswer()) + b"\n")
    stream.flush()


def _carry_out(writer: DirectWriter, request: OwnerRequest, progress: Progress) -> Any:
    match request.work:
        case "ingest":
            return writer.ingest(
                request.paths, jobs=request.jobs, source_class=request.source_class, progress=progress
            )
        case "rebuild":
            return writer.rebuild(
                from_tier=request.from_tier, since=request.since, until=request.until, progress=progress
            )
        case "rejudge":
            return writer.rejudge(
                request.ruleset, since=request.since, until=request.until, progress=progress
            )
        case "detect":
            return writer.detect()
        case "decide":
            return writer.decide(request.decide, request.subject, request.why)
        case "snapshot":
            return writer.snapshot(request.paths[0])
    raise BanwatchError(f"the owner of the store does not know the work {request.work!r}")
