"""Connections of the web server: few for each client, closed when silent, and logged in few lines."""

import logging
import resource
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from banwatch.explorer.guard import SECURITY_HEADERS
from banwatch.net.http.clients import Proxies, groups_of

MAX_CONNECTIONS = 900
"""Connections at once; with more, the one that has waited longest without a request is closed."""
MAX_OF_CLIENT = 64
"""Connections of one client; browsers open six, and a household has some."""
_HEAD_S = 15.0
"""Time in which the head of a request has to come; slow networks need three seconds for its 500 bytes."""
_FILES_BESIDE = 200
"""Open files that the server needs beside its connections."""
_MAX_ALIKE = 5
"""Log lines of one kind in a minute; further ones are counted."""
_MAX_KINDS = 200


class ConnectionTable:
    """Connections that are open, by client; addresses are forgotten with their connections.

    Args:
        proxies: reverse proxies, whose connections belong to many clients.
        clock: monotonic time in seconds.
        head_s: time in which the head of a request has to come.
        max_connections: connections at once.
        max_of_client: connections of one client at once.
    """

    def __init__(
        self,
        proxies: Proxies,
        clock: Callable[[], float] = time.monotonic,
        *,
        head_s: float = _HEAD_S,
        max_connections: int = MAX_CONNECTIONS,
        max_of_client: int = MAX_OF_CLIENT,
    ) -> None:
        self._proxies = proxies
        self._clock = clock
        self.head_s = head_s
        self._max = max_connections
        self._max_of_client = max_of_client
        self._waiting: dict[Any, float] = {}  # connections without a whole head, in order of waiting
        self._open: dict[Any, list[bytes]] = {}
        self._of_group: Counter[bytes] = Counter()

    def admit(self, connection: Any, address: str) -> bool:
        """Take a connection in; close another one for it where all places are taken."""
        groups = () if self._proxies.is_proxy(address) else groups_of(address)
        if any(self._of_group[g.prefix] >= self._max_of_client * g.share for g in groups):
            return False
        if len(self._open) >= self._max:
            if not self._waiting:
                return False
            longest = next(iter(self._waiting))
            self.leave(longest)
            longest.drop()
        self._open[connection] = [g.prefix for g in groups]
        self._of_group.update(self._open[connection])
        self.wait_for_head(connection)
        return True

    def wait_for_head(self, connection: Any) -> None:
        """Note that a connection begins to wait for a request."""
        if connection in self._open:
            self._waiting.pop(connection, None)
            self._waiting[connection] = self._clock()

    def has_head(self, connection: Any) -> None:
        """Note that the head of a request has come."""
        self._waiting.pop(connection, None)

    def leave(self, connection: Any) -> None:
        """Forget a connection."""
        self._waiting.pop(connection, None)
        for prefix in self._open.pop(connection, ()):
            self._of_group[prefix] -= 1
            if not self._of_group[prefix]:
                del self._of_group[prefix]

    def is_late(self, connection: Any) -> bool:
        """Whether a connection has waited too long for a head."""
        since = self._waiting.get(connection)
        return since is not None and self._clock() - since >= self.head_s


def protocol_over(table: ConnectionTable) -> type[H11Protocol]:
    """Return uvicorn's protocol with the limits of a table."""

    class LimitedProtocol(H11Protocol):
        """HTTP connection with a deadline for each head."""

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            address = self.client[0] if self.client else ""
            if not table.admit(self, address):
                transport.abort()
                return
            self._schedule()

        def _schedule(self) -> None:
            self.loop.call_later(table.head_s, self._check)

        def _check(self) -> None:
            if self.transport.is_closing():
                return
            if table.is_late(self):
                self.drop()
            elif self in self.connections:
                self._schedule()

        def drop(self) -> None:
            """Close the connection at once."""
            self.transport.abort()

        def handle_events(self) -> None:
            before = self.cycle
            super().handle_events()
            if self.cycle is not before:
                table.has_head(self)

        def on_response_complete(self) -> None:
            table.wait_for_head(self)
            super().on_response_complete()

        def connection_lost(self, exc: Exception | None) -> None:
            table.leave(self)
            super().connection_lost(exc)

        def send_400_response(self, msg: str) -> None:
            content = msg.encode("ascii", "replace")
            lines = [f"{name}: {value}" for name, value in SECURITY_HEADERS.items()]
            lines += ["Content-Type: text/plain; charset=utf-8", f"Content-Length: {len(content)}"]
            head = "\r\n".join(["HTTP/1.1 400 Bad Request", *lines, "Connection: close", "", ""])
            self.transport.write(head.encode("ascii") + content)
            self.transport.close()

    return LimitedProtocol


class RepeatedLines(logging.Filter):
    """Log filter that passes a few lines of each kind a minute, without tracebacks, and counts the others."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._minute = 0
        self._seen: Counter[tuple[str, str]] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        minute = int(self._clock() // 60)
        if minute != self._minute or len(self._seen) > _MAX_KINDS:
            self._minute = minute
            self._seen.clear()
        kind = (record.name, str(record.msg)[:200])
        self._seen[kind] += 1
        if record.exc_info:
            error = record.exc_info[1]
            record.msg = f"{record.msg} ({type(error).__name__})"
            record.exc_info = record.exc_text = record.stack_info = None
        if self._seen[kind] == _MAX_ALIKE:
            record.msg = f"{record.msg} (further lines like this are left out for a minute)"
        return self._seen[kind] <= _MAX_ALIKE


def limit_log() -> None:
    """Limit what the server and its libraries log, whatever strangers make them say."""
    repeated = RepeatedLines()
    handlers = {*logging.getLogger().handlers, logging.lastResort}
    for name in ("uvicorn", "uvicorn.error", "asyncio"):
        handlers.update(logging.getLogger(name).handlers)
    for handler in handlers:
        if handler is not None:
            handler.addFilter(repeated)


def allow_open_files() -> None:
    """Raise the limit of open files as far as the connections need and the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + _FILES_BESIDE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
