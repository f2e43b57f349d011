"""Bodies of submissions, received within limits of size, time and memory, and kept in the inbox."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fastapi import Request
from starlette.requests import ClientDisconnect

from banwatch.collector.inbox import Inbox
from banwatch.collector.incoming_file import FullError
from banwatch.collector.ingest_thread import IngestThread, Refusal
from banwatch.collector.intake import (
    Line,
    RefusedError,
)
from banwatch.collector.keys import Keys
from banwatch.collector.rate_limit import RateLimit
from banwatch.collector.report_ids import ReportIds
from banwatch.model.errors import WireError

_IN_FLIGHT_BYTES = 128 << 20
"""Bytes of all bodies that are being received: memory that strangers can make the server use."""
_SILENCE_S = 30.0
"""Longest silence within a body, for slow networks."""
_BODY_S = 900.0
RETRY_S = 60
_READERS = 2


@dataclass(slots=True)
class Receiver:
    """Receiver of submissions: where they go, and the bytes being received."""

    inbox: Inbox
    ingest_thread: IngestThread
    keys: Keys
    rate_limit: RateLimit
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    reports: ReportIds = field(init=False)
    in_flight_bytes: int = 0
    _readers: ThreadPoolExecutor = field(
        init=False, default_factory=lambda: ThreadPoolExecutor(_READERS, thread_name_prefix="reader")
    )

    def __post_init__(self) -> None:
        self.reports = ReportIds(self.keys.private)

    async def take(self, request: Request, source: str, limit: int, read: Callable[[bytes], Line]) -> Line:
        """Receive a body, read a line from it and keep the line, which is on the disk when this returns.

        Raises:
            RefusedError: the submission is not taken.
        """
        async with self.body(request, limit) as body:
            try:
                line = await asyncio.get_running_loop().run_in_executor(self._readers, read, body)
            except WireError as error:
                self.ingest_thread.refuse(Refusal.of(source, error.reason, body))
                raise RefusedError(422, error.reason) from error
            try:
                await asyncio.wrap_future(self.inbox.keep(line.data))
            except FullError as error:
                raise RefusedError(503, str(error), RETRY_S) from error
        self.ingest_thread.counts.received += 1
        return line

    @asynccontextmanager
    async def body(self, request: Request, limit: int) -> AsyncIterator[bytes]:
        """Receive a whole body, while all bodies together stay within the limit of memory."""
        self.admit(request, limit)
        body = bytearray()
        held = 0
        try:
            async for piece in self.pieces(request):
                if len(body) + len(piece) > limit:
                    raise RefusedError(413, f"at most {limit} bytes are taken")
                if self.in_flight_bytes + len(piece) > _IN_FLIGHT_BYTES:
                    raise RefusedError(503, "too much comes at once", 5)
                held += len(piece)
                self.in_flight_bytes += len(piece)
                body += piece
            yield bytes(body)
        finally:
            self.in_flight_bytes -= held
            self.rate_limit.charge(client_of(request), len(body))

    def admit(self, request: Request, limit: int) -> None:
        """Refuse a client that sends too much, before the body is received.

        Raises:
            RefusedError: the client has to wait, or the body is too long.
        """
        wait_s = self.rate_limit.wait_s(client_of(request))
        if wait_s:
            raise RefusedError(429, "too much from one place: wait", int(wait_s) + 1)
        content_length = request.headers.get("content-length", "")
        if content_length.isdecimal() and int(content_length) > limit:
            raise RefusedError(413, f"at most {limit} bytes are taken")

    async def pieces(self, request: Request) -> AsyncIterator[bytes]:
        """Receive a body piece by piece.

        Raises:
            RefusedError: the body broke off or took too long.
        """
        stream = request.stream()
        try:
            async with asyncio.timeout(_BODY_S):
                while True:
                    async with asyncio.timeout(_SILENCE_S):
                        try:
                            piece = await anext(stream)
                        except StopAsyncIteration:
                            return
                    yield piece
        except TimeoutError as error:
            raise RefusedError(408, "the body did not come in whole") from error
        except ClientDisconnect as error:
            raise RefusedError(400, "the body did not come in whole") from error

    def close(self) -> None:
        """End the reader threads."""
        self._readers.shutdown(wait=True, cancel_futures=True)


def client_of(request: Request) -> str:
    """Return the address that a request comes from, for the rate limit alone; empty where it has none."""
    return request.client.host if request.client else ""
