"""Servers that OONI's two middlebox nettests talk to in plain: an echo of bytes, and of an HTTP head.

Wire: the echo (`tcp-echo`) sends back what it gets; a middlebox that understands HTTP answers an invalid
request line in its place. The other (`http-return-json-headers`) answers any request with its request line
and headers as they arrived, case and order kept; a middlebox changes them. Both are bounded, log nothing,
and connect nowhere.
"""

import asyncio
import contextlib
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable

import msgspec

from banwatch.model.errors import BanwatchError
from banwatch.net.listening import serve_streams

MAX_ECHO_BYTES = 1 << 16
"""Bytes that one connection gets back; OONI's probe sends lines of some kilobytes."""
MAX_HEAD_BYTES = 1 << 14
"""Longest HTTP head that is read."""
_LIMIT_S = 30.0
"""Longest time that one connection may take."""
_MAX_CONNECTIONS = 512
_MAX_OF_CLIENT = 16
"""Connections that one address may have at the same time; a probe has one."""
_BACKLOG = 128
_READ_BYTES = 1 << 13
_END_OF_HEAD = b"\r\n\r\n"

Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class MiddleboxHelper:
    """The two servers, inside the running event loop."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []
        self._clients: Counter[str] = Counter()

    async def start_echo(self, host: str, port: int) -> int:
        """Begin to echo bytes; returns the port.

        Raises:
            BanwatchError: the address cannot be listened at.
        """
        return await self._start(host, port, echo)

    async def start_headers(self, host: str, port: int) -> int:
        """Begin to answer requests with their own heads; returns the port.

        Raises:
            BanwatchError: the address cannot be listened at.
        """
        return await self._start(host, port, answer_with_head)

    async def stop(self) -> None:
        """Stop listening."""
        for server in self._servers:
            server.close()
        self._servers.clear()

    async def _start(self, host: str, port: int, talk: Conversation) -> int:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            peer = writer.get_extra_info("peername")
            client = str(peer[0]) if peer else ""
            if self._clients.total() >= _MAX_CONNECTIONS or self._clients[client] >= _MAX_OF_CLIENT:
                writer.transport.abort()
                return
            self._clients[client] += 1
            try:
                with contextlib.suppress(OSError, TimeoutError, asyncio.CancelledError):
                    async with asyncio.timeout(_LIMIT_S):
                        await talk(reader, writer)
            finally:
                self._clients[client] -= 1
                if self._clients[client] <= 0:
                    del self._clients[client]
                writer.close()

        try:
            server = await serve_streams(
                accept,
                host,
                port,
                ssl_context=None,
                backlog=_BACKLOG,
                read_limit_bytes=_READ_BYTES,
                handshake_timeout_s=_LIMIT_S,
            )
        except OSError as error:
            raise BanwatchError(
                f"A helper cannot listen at {host} port {port}: {error.strerror or error}",
                "Choose another port, or stop what listens there.",
            ) from error
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send back what comes, up to a limit."""
    left = MAX_ECHO_BYTES
    while left > 0 and (data := await reader.read(min(_READ_BYTES, left))):
        left -= len(data)
        writer.write(data)
        await writer.drain()


async def answer_with_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request with its head as JSON."""
    head = b""
    while _END_OF_HEAD not in head:
        data = await reader.read(_READ_BYTES)
        head += data
        if not data or len(head) > MAX_HEAD_BYTES:
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return
    body = msgspec.json.encode(describe_head(head.partition(_END_OF_HEAD)[0]))
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)
    )
    await writer.drain()


def describe_head(head: bytes) -> dict[str, object]:
    """Describe an HTTP head as OONI's helper does: names and values as they were sent.

    Returns:
        `request_line`, `request_headers` (pairs in order), and `headers_dict` (values by name).
    """
    first, *rest = head.decode("latin-1").split("\r\n")
    pairs = [(name, value.strip()) for name, found, value in (line.partition(":") for line in rest) if found]
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        by_name[name].append(value)
    return {"headers_dict": dict(by_name), "request_headers": pairs, "request_line": first}
