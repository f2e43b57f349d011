"""Memory and time of the bodies that are being received, shared fairly among clients."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

from fastapi import Request
from starlette.requests import ClientDisconnect

from banwatch.collector.intake import RefusedError

_STALLED_S = 3.0
"""Silence after which a body gives way to others when memory is short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyPace:
    """Time-outs of a body."""

    silence_s: float = 30.0
    """Longest silence within a body, for slow networks."""
    window_s: float = 30.0
    min_bytes_s: float = 256.0
    """Slowest rate over each window. GPRS gives 2,000 bytes/s; a slower body only holds memory."""
    whole_s: float = 900.0
    """Longest time of a whole body."""


@dataclass(eq=False, slots=True)
class OpenBody:
    """Body that is being received."""

    client: bytes
    held_bytes: int = 0
    last_at: float = 0.0
    deadline: "asyncio.Timeout | None" = None


@dataclass(slots=True)
class BodyBudget:
    """Memory that bodies may take: all together, and those of one client.

    When all of it is taken, the body that has been silent the longest is dropped; so slow senders cannot keep
    others out.
    """

    max_bytes: int
    client_bytes: int
    clock: Callable[[], float]
    held_bytes: int = 0
    _open: set[OpenBody] = field(default_factory=set)
    _of_client: Counter[bytes] = field(default_factory=Counter)

    def open(self, client: bytes) -> OpenBody:
        """Begin to receive a body."""
        body = OpenBody(client, last_at=self.clock())
        self._open.add(body)
        return body

    def close(self, body: OpenBody) -> None:
        """Give back the memory of a body."""
        self._open.discard(body)
        self.held_bytes -= body.held_bytes
        self._of_client[body.client] -= body.held_bytes
        if not self._of_client[body.client]:
            del self._of_client[body.client]
        body.held_bytes = 0

    def take(self, body: OpenBody, size_bytes: int) -> None:
        """Take memory for a piece of a body.

        Raises:
            RefusedError: there is none left, for this client or for all.
        """
        if self._of_client[body.client] + size_bytes > self.client_bytes:
            raise RefusedError(429, "too much at once from one place: wait", 5)
        if self.held_bytes + size_bytes > self.max_bytes:
            self._drop_stalled(body)
            raise RefusedError(503, "too much comes at once", 5)
        self.held_bytes += size_bytes
        self._of_client[body.client] += size_bytes
        body.held_bytes += size_bytes
        body.last_at = self.clock()

    def _drop_stalled(self, newcomer: OpenBody) -> None:
        """End the bodies that hold memory in silence; whoever was refused may send again at once."""
        now = self.clock()
        for one in self._open:
            if one is not newcomer and one.deadline is not None and now - one.last_at > _STALLED_S:
                one.deadline.reschedule(asyncio.get_running_loop().time())


async def receive_pieces(
    request: Request, pace: BodyPace, clock: Callable[[], float], body: OpenBody | None = None
) -> AsyncGenerator[bytes, None]:
    """Receive a body piece by piece.

    Raises:
        RefusedError: the body broke off, or came too slowly.
    """
    stream = request.stream()
    window_at, window_bytes = clock(), 0
    try:
        async with asyncio.timeout(pace.whole_s) as whole:
            if body is not None:
                body.deadline = whole
            while True:
                async with asyncio.timeout(pace.silence_s):
                    try:
                        piece = await anext(stream)
                    except StopAsyncIteration:
                        return
                window_bytes += len(piece)
                now = clock()
                if now - window_at >= pace.window_s:
                    if window_bytes < pace.min_bytes_s * (now - window_at):
                        raise TimeoutError
                    window_at, window_bytes = now, 0
                yield piece
    except TimeoutError as error:
        raise RefusedError(408, "the body did not come in whole") from error
    except ClientDisconnect as error:
        raise RefusedError(400, "the body did not come in whole") from error
