"""One process owns a store; the others on this machine ask it to write for them.

Wire: a Unix socket `<database>.owner`, for the same user only. A request is one line: `{"work": "ingest",
"paths": [...], "jobs": 1}`, `{"work": "rebuild", "from_tier": ..., "since": ..., "until": ...}`, `{"work":
"rejudge", "ruleset": ..., "since": ..., "until": ...}` or `{"work": "detect"}`. The answer is lines:
`{"done": 1, "total": 2}` as it goes on, then `{"report": {...}}` or `{"what": ..., "do": ...}`. Questions are
in `store.remote`.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from banwatch import pipeline, reference
from banwatch.bans import load_bans
from banwatch.judge.ruleset_file import CURRENT, Ruleset, parse_ruleset_untrusted
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.progress import Progress
from banwatch.net.local_socket import connect_local, serve_local
from banwatch.store import Store
from banwatch.store.engines.remote import QueryAnswer, is_reading, socket_of

MAX_REQUEST_BYTES = 1 << 20
"""Longest request: some thousand paths."""
_SAY_EVERY_S = 0.2
_END_S = 10.0
"""How long work in hand may take when the owner ends; what is cut off is not done, nothing is half done."""


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What another command wants done, or to know."""

    work: str
    sql: str = ""
    paths: list[str] = []
    jobs: int = 1
    from_tier: str = "observation"
    since: datetime | None = None
    until: datetime | None = None
    ruleset: str = ""
    """Text of a ruleset file; the current table where empty."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A store that this process owns."""

    store: Store
    turn: threading.Lock = field(default_factory=threading.Lock)
    """Held by whoever writes: one work at a time."""


class _Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of an answer."""

    done: int = 0
    total: int = 0
    report: msgspec.Raw = msgspec.Raw()
    what: str = ""
    do: str = ""


@contextmanager
def own(store_path: str | Path) -> Iterator[Owner | None]:
    """Own a store while the block lasts, and do what others ask for.

    Gives None where it cannot be owned: it can only be read, or another process owns it; the block goes on
    without. In a file system without sockets the others only hear who holds the file; on ClickHouse any
    number may write, and nobody need ask.
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
            owner.turn.acquire(timeout=_END_S)  # work that was asked for may come to its end


def _converse(owner: Owner, stream: BinaryIO) -> None:
    """Do what one request asks for; whoever asked may go away at any time."""
    said_at = 0.0

    def say(line: _Line) -> None:
        with suppress(OSError, ValueError):  # whoever asked has gone; the work goes on to its end
            stream.write(msgspec.json.encode(line) + b"\n")
            stream.flush()

    def progress(done: int, total: int) -> None:
        nonlocal said_at
        now = time.monotonic()
        if now - said_at >= _SAY_EVERY_S:
            said_at = now
            say(_Line(done=done, total=total))

    try:
        text = stream.readline(MAX_REQUEST_BYTES)
        if not text:
            return  # it only wanted to know whether anybody is here
        request = msgspec.json.decode(text, type=Request)
        if request.work == "query":
            _answer_query(owner.store, request.sql, stream)
            return
        with owner.turn:
            report = _carry_out(owner.store, request, progress)
        say(_Line(report=msgspec.Raw(msgspec.json.encode(report))))
    except BanwatchError as error:
        say(_Line(what=error.what, do=error.do))
    except ConnectionError:
        raise
    except (msgspec.DecodeError, OSError) as error:
        say(_Line(what=f"the request cannot be read: {error}", do="Use the same version on both sides"))
    except Exception as error:
        say(_Line(what=f"the owner of the store failed: {type(error).__name__}: {error}"))
        raise


def _answer_query(store: Store, sql: str, stream: Any) -> None:
    """Give rows to another process; questions need not wait for their turn.

    Raises:
        BanwatchError: it is no question, but would change something.
    """
    if not is_reading(sql):
        raise BanwatchError("the owner of a store answers questions only in this way")
    for rows in store.answer(sql):
        stream.write(msgspec.json.encode(QueryAnswer(arrow=len(rows))) + b"\n")
        stream.write(rows)
    stream.write(msgspec.json.encode(QueryAnswer()) + b"\n")
    stream.flush()


def _carry_out(store: Store, request: Request, progress: Progress) -> Any:
    match request.work:
        case "ingest":
            return pipeline.ingest(
                store, request.paths, reference.load(), progress=progress, jobs=request.jobs
            )
        case "rebuild":
            return pipeline.rebuild(
                store,
                reference.load(),
                from_tier=request.from_tier,
                since=request.since,
                until=request.until,
                progress=progress,
            )
        case "rejudge":
            rules = _ruleset(request.ruleset)
            return pipeline.rejudge(
                store, judge=rules.judge, since=request.since, until=request.until, progress=progress
            )
        case "detect":
            return pipeline.detect(store, load_bans().values(), now=datetime.now(UTC))
    raise BanwatchError(f"the owner of the store does not know the work {request.work!r}")


def _ruleset(text: str) -> Ruleset:
    try:
        return parse_ruleset_untrusted(text.encode()) if text else CURRENT
    except WireError as error:
        raise BanwatchError(f"the ruleset cannot be read: {error.reason}") from error


def ask(
    store_path: str | Path, request: Request, progress: Progress = lambda done, total: None
) -> bytes | None:
    """Ask the owner of a store to do something.

    Returns:
        Its report as JSON; None where nobody who listens owns the store.

    Raises:
        BanwatchError: the owner said what went wrong, or went away before it had finished.
    """
    with connect_local(socket_of(Path(store_path))) as stream:
        if stream is None:
            return None
        stream.write(msgspec.json.encode(request) + b"\n")
        stream.flush()
        for text in stream:
            line = msgspec.json.decode(text, type=_Line)
            if line.what:
                raise BanwatchError(line.what, line.do)
            if bytes(line.report):
                return bytes(line.report)
            progress(line.done, line.total)
    raise BanwatchError(
        f"the process that owns {store_path} went away", "Run the same command again: what was done is kept"
    )
