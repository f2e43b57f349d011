"""Bodies of submissions, received within limits of size, time and memory, and kept in the inbox."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from fastapi import Request

from banwatch.collector.credentials.issuer import Issuer
from banwatch.collector.inbox import Inbox
from banwatch.collector.incoming_file import FullError
from banwatch.collector.ingest_thread import IngestThread, Refusal
from banwatch.collector.intake import (
    Line,
    RefusedError,
)
from banwatch.collector.keys import Keys
from banwatch.collector.limits.body_budget import BodyBudget, BodyPace, receive_pieces
from banwatch.collector.limits.proof_of_work import ProofOfWork
from banwatch.collector.limits.rate_limit import RateLimit
from banwatch.collector.receipts.issue import Receipts
from banwatch.collector.report_ids import ReportIds
from banwatch.model.errors import WireError
from banwatch.net.http.clients import WITHOUT_ADDRESS
from banwatch.net.http.work import WORK_HEADER
from banwatch.pipeline.trust.receipts import with_receipt

_IN_FLIGHT_BYTES = 64 << 20
"""Bytes of all bodies that are being received: memory that strangers can make the server use."""
_CLIENT_BYTES = 12 << 20
"""Bytes of the bodies of one client: one of the longest, and some more."""
RETRY_S = 60
_T = TypeVar("_T")
_READERS = 2


@dataclass(slots=True)
class Receiver:
    """Receiver of submissions: where they go, and the bytes being received."""

    inbox: Inbox
    ingest_thread: IngestThread
    keys: Keys
    rate_limit: RateLimit
    receipts: Receipts = field(default_factory=Receipts)
    issuer: Issuer | None = None
    """Issuer of anonymous credentials; None gives none, and checks none."""
    sealed_store: Inbox | None = None
    """Store of sealed measurements, where the private key is on another machine."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    pace: BodyPace = field(default_factory=BodyPace)
    budget: BodyBudget = field(
        default_factory=lambda: BodyBudget(_IN_FLIGHT_BYTES, _CLIENT_BYTES, time.monotonic)
    )
    reports: ReportIds = field(init=False)
    work: ProofOfWork = field(init=False)
    _readers: ThreadPoolExecutor = field(
        init=False, default_factory=lambda: ThreadPoolExecutor(_READERS, thread_name_prefix="reader")
    )

    def __post_init__(self) -> None:
        self.reports = ReportIds(self.keys.report_secret)
        self.work = ProofOfWork(self.keys.report_secret[:32], time.monotonic)

    async def take(
        self,
        request: Request,
        source: str,
        limit: int,
        read: Callable[[bytes], Line],
        inbox: Inbox | None = None,
    ) -> Line:
        """Receive a body, read a line from it and keep the line, which is on the disk when this returns.

        It goes to the inbox, or to another one that is named.

        Raises:
            RefusedError: the submission is not taken.
        """
        async with self.body(request, limit) as body:
            try:
                received_at = self.now()
                receive = partial(self._read, request, received_at, read)
                line, data = await asyncio.get_running_loop().run_in_executor(self._readers, receive, body)
            except WireError as error:
                self.ingest_thread.refuse(Refusal.of(source, error.reason, body, client_of(request)))
                raise RefusedError(422, error.reason) from error
            try:
                await asyncio.wrap_future((inbox or self.inbox).keep(data, self.name_client(request)))
            except FullError as error:
                raise RefusedError(503, str(error), RETRY_S) from error
        self.ingest_thread.counts.received += 1
        return line

    async def compute(self, work: Callable[[], _T]) -> _T:
        """Do some work for a client in one of the reader threads."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, work)

    def _read(
        self, request: Request, received_at: datetime, read: Callable[[bytes], Line], body: bytes
    ) -> tuple[Line, bytes]:
        """Read a line from a body, and write its receipt behind it."""
        line = read(body)
        receipt = self.receipts.issue(
            address=client_of(request),
            token=token_of(request),
            country=line.probe_cc,
            asn=line.probe_asn,
            received_at=received_at,
            nym=line.nym,
        )
        return line, with_receipt(line.data, receipt)

    @asynccontextmanager
    async def body(self, request: Request, limit: int) -> AsyncIterator[bytes]:
        """Receive a whole body, while all bodies together stay within the limit of memory."""
        self.admit(request, limit)
        body = bytearray()
        opened = self.budget.open(self.name_client(request))
        try:
            async with aclosing(receive_pieces(request, self.pace, self.budget.clock, opened)) as pieces:
                async for piece in pieces:
                    if len(body) + len(piece) > limit:
                        raise RefusedError(413, f"at most {limit} bytes are taken")
                    self.budget.take(opened, len(piece))
                    body += piece
            yield bytes(body)
        finally:
            self.budget.close(opened)
            self.rate_limit.charge(client_of(request), len(body))

    def admit(self, request: Request, limit: int) -> None:
        """Refuse a client that sends too much, before the body is received.

        Raises:
            RefusedError: the client has to wait or to work, or the body is too long.
        """
        client = client_of(request)
        wait_s = self.rate_limit.wait_s(client)
        if wait_s and not (client == WITHOUT_ADDRESS and self._may_pass(request)):
            refused = RefusedError(429, "too much from one place: wait", int(wait_s) + 1)
            if client == WITHOUT_ADDRESS:
                refused.headers[WORK_HEADER] = f"{self.work.challenge()} {self.work.bits}"
            raise refused
        content_length = request.headers.get("content-length", "")
        if content_length.isdecimal() and int(content_length) > limit:
            raise RefusedError(413, f"at most {limit} bytes are taken")

    def _may_pass(self, request: Request) -> bool:
        """Whether a client that shares its limit with strangers has a token, or did its work."""
        if self.receipts.is_named(token_of(request)):
            return True
        return self.work.accept_untrusted(request.headers.get(WORK_HEADER, ""), request.url.path)

    def name_client(self, request: Request) -> bytes:
        """Name the client of a request by a hash, for its shares of memory and of the inbox."""
        return self.rate_limit.name_of(client_of(request))

    def close(self) -> None:
        """End the reader threads."""
        self._readers.shutdown(wait=True, cancel_futures=True)


def token_of(request: Request) -> str:
    """Return the token that a request carries; empty where it carries none."""
    return request.headers.get("authorization", "").removeprefix("Bearer ").strip()


def client_of(request: Request) -> str:
    """Return the address that a request comes from, for the rate limit alone; empty where it has none."""
    return request.client.host if request.client else ""
