"""The helper's server: HTTP/1.1 in, one control out."""

import asyncio
import contextlib
import ipaddress
import logging
import ssl
from collections import Counter
from collections.abc import Sequence

import h11
import msgspec

from banwatch.formats.ooni import wire
from banwatch.helper.control import ControlMeasurer
from banwatch.helper.guard import Guard
from banwatch.helper.question import MAX_REQUEST_BYTES, parse_question_untrusted
from banwatch.helper.settings import HelperSettings
from banwatch.helper.transfers import FILLING, MAX_TRANSFER_BYTES, asked_bytes
from banwatch.model.errors import BanwatchError, WireError
from banwatch.net.failure import NetworkFailure
from banwatch.net.listening import serve_streams
from banwatch.net.real import RealNet
from banwatch.net.seam import Net

_MAX_TRANSFERS = 64
_ARRIVING_BYTES = 1 << 24
_MAX_COUNTED = 1 << 16
_ANCHORS = ("8.8.8.8", "2001:4860:4860::8888")
"""Any public addresses: the system says from which of its own it would reach them."""
_TRANSFER_S = 30.0
"""The longest that bytes are sent to one client."""
_IDLE_S = 15.0
"""How long a request may take to arrive once it has begun, and an answer to be taken."""
_QUIET_S = 100.0
"""How long a connection may be silent between requests: OONI's probe keeps one while a site takes 90 s."""
_MAX_CONNECTIONS = 2048
_BACKLOG = 512
_READ_BYTES = 1 << 14
_MAX_HEAD_BYTES = 1 << 14

_log = logging.getLogger(__name__)


class Helper:
    """A control server inside the running event loop. It keeps no log of clients, or of their questions.

    Args:
        net: the network to look from.
        settings: resolvers, roots, limits.
    """

    def __init__(self, net: Net, settings: HelperSettings) -> None:
        self._net = net
        self._settings = settings
        self._listening: set[str] = set()
        guard = Guard(
            lambda: (*net.own_addresses, *self._listening, *settings.own_addresses), settings.allow_private
        )
        self._measurer = ControlMeasurer(net, settings, guard)
        self._servers: list[asyncio.Server] = []
        self._connections: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Semaphore(settings.max_in_flight)
        self._arriving = _MemoryBudget(_ARRIVING_BYTES)
        self._transfers = asyncio.Semaphore(_MAX_TRANSFERS)
        self._waiting = 0
        self._asked: Counter[str] = Counter()
        self._minute = -1

    async def start(self, host: str, port: int, ssl_context: ssl.SSLContext | None = None) -> int:
        """Begin to listen, also at a second address or port; returns the port (useful where 0 was asked for).

        Raises:
            BanwatchError: the address cannot be listened at.
        """
        try:
            server = await serve_streams(
                self._accept,
                host,
                port,
                ssl_context=ssl_context,
                backlog=_BACKLOG,
                read_limit_bytes=_READ_BYTES,
                handshake_timeout_s=_IDLE_S,
            )
        except OSError as error:
            raise BanwatchError(
                f"The helper cannot listen at {host} port {port}: {error.strerror or error}",
                "Choose another port with --port, or stop what listens there.",
            ) from error
        self._servers.append(server)
        await self._learn_own_addresses()
        names = [sock.getsockname() for sock in server.sockets]
        self._listening.update(str(name[0]) for name in names)
        return int(names[0][1])

    async def _learn_own_addresses(self) -> None:
        """Have the net note from which addresses this machine goes out; nothing is sent."""
        for anchor in _ANCHORS:
            with contextlib.suppress(NetworkFailure):
                (await self._net.open_udp(anchor, 53)).close()

    async def stop(self) -> None:
        """Stop listening and drop what is in flight."""
        for server in self._servers:
            server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        self._servers.clear()
        self._measurer.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._connections) >= _MAX_CONNECTIONS:
            writer.transport.abort()
            return
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, TimeoutError, h11.RemoteProtocolError):
            pass  # the client is gone, or speaks no HTTP
        except asyncio.CancelledError:
            pass  # we are stopping, and asyncio's server would report it as an error
        except Exception as error:
            _log.error("a question could not be answered: %s", type(error).__name__)
            # the error's text could name the client and its question
        finally:
            self._connections.discard(task)
            writer.transport.abort() if writer.transport.is_closing() else writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD_BYTES)
        peer = writer.get_extra_info("peername")
        client = str(peer[0]) if peer else ""
        while True:
            if not connection.trailing_data[0]:
                async with asyncio.timeout(_QUIET_S):
                    connection.receive_data(await reader.read(_READ_BYTES))
            async with asyncio.timeout(_IDLE_S):
                received = await _read_request(connection, reader, self._arriving)
            if received is None:
                return
            request, body = received
            size_bytes = asked_bytes(request)
            if size_bytes is not None:
                if not await self._transfer(connection, writer, size_bytes, client):
                    return
                continue
            status, answer = await self._answer(request, body, client)
            content = b"" if answer is None else msgspec.json.encode(answer)
            head = connection.send(
                h11.Response(
                    status_code=status,
                    headers=[("Content-Type", "application/json"), ("Content-Length", str(len(content)))],
                )
            )
            data = connection.send(h11.Data(data=content)) if content else b""
            end = connection.send(h11.EndOfMessage())
            writer.write((head or b"") + (data or b"") + (end or b""))
            async with asyncio.timeout(_IDLE_S):
                await writer.drain()
            if connection.our_state is h11.MUST_CLOSE or connection.their_state is not h11.DONE:
                return
            connection.start_next_cycle()

    async def _transfer(
        self, connection: h11.Connection, writer: asyncio.StreamWriter, size_bytes: int, client: str
    ) -> bool:
        """Send as many bytes as were asked for, a few at a time; whether the connection may be used again."""
        is_too_much = self._asks_too_often(client) or self._transfers.locked()
        status = 429 if is_too_much else 200
        length = 0 if is_too_much else size_bytes
        head = connection.send(
            h11.Response(
                status_code=status,
                headers=[("Content-Type", "application/octet-stream"), ("Content-Length", str(length))],
            )
        )
        writer.write(head or b"")
        async with self._transfers, asyncio.timeout(_TRANSFER_S):
            for begun in range(0, length, len(FILLING)):
                writer.write(connection.send(h11.Data(data=FILLING[: length - begun])) or b"")
                await writer.drain()
            writer.write(connection.send(h11.EndOfMessage()) or b"")
            await writer.drain()
        if connection.our_state is h11.MUST_CLOSE or connection.their_state is not h11.DONE:
            return False
        connection.start_next_cycle()
        return True

    async def _answer(
        self, request: h11.Request, body: bytes, client: str
    ) -> tuple[int, wire.ControlResponse | None]:
        if request.method != b"POST" or request.target.partition(b"?")[0] != b"/":
            return 400, None
        if self._asks_too_often(client):
            return 429, None
        if len(body) > MAX_REQUEST_BYTES:
            return 413, None
        try:
            question = parse_question_untrusted(body)
        except WireError:
            return 400, None
        if self._waiting >= self._settings.max_waiting:
            return 503, None
        self._waiting += 1
        try:
            async with asyncio.timeout(self._settings.total_timeout_s), self._turn:
                return 200, await self._measurer.measure(
                    question.url, question.endpoints, question.headers, _household(client)
                )
        except TimeoutError:
            return 503, None
        finally:
            self._waiting -= 1

    def _asks_too_often(self, client: str) -> bool:
        """Count this minute's questions of an address, in memory, for this minute only."""
        if self._settings.per_client_per_minute <= 0:
            return False
        minute = int(self._net.clock() // 60)
        if minute != self._minute or len(self._asked) >= _MAX_COUNTED:
            self._minute = minute
            self._asked.clear()
        who = _household(client)
        self._asked[who] += 1
        return self._asked[who] > self._settings.per_client_per_minute


class _MemoryBudget:
    """Memory that all requests still arriving may take together."""

    def __init__(self, size_bytes: int) -> None:
        self.left_bytes = size_bytes


def _household(client: str) -> str:
    """Return an IPv4 address, or the /64 of an IPv6 one: a subscriber has all addresses of a /64."""
    try:
        ip = ipaddress.IPv6Address(client)
    except ValueError:
        return client
    mapped = ip.ipv4_mapped
    return str(mapped) if mapped is not None else str(ipaddress.IPv6Network((ip.packed, 64), strict=False))


async def _read_request(
    connection: h11.Connection, reader: asyncio.StreamReader, budget: _MemoryBudget
) -> tuple[h11.Request, bytes] | None:
    """Read one request with its body; None at the end of the connection."""
    request: h11.Request | None = None
    body: list[bytes] = []
    size = kept = 0
    try:
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(await reader.read(_READ_BYTES))
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                size += len(event.data)
                swallows = request is not None and asked_bytes(request) is not None
                if size > (MAX_TRANSFER_BYTES if swallows else MAX_REQUEST_BYTES):
                    raise h11.RemoteProtocolError("request too long")
                if not swallows:
                    kept += len(event.data)
                    budget.left_bytes -= len(event.data)
                    if budget.left_bytes < 0:
                        raise h11.RemoteProtocolError("too many long requests at the same time")
                    body.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage) and request is not None:
                return request, b"".join(body)
            else:
                return None
    finally:
        budget.left_bytes += kept


def create_helper(settings: HelperSettings | None = None, net: Net | None = None) -> Helper:
    """Make a helper; without a `net`, on the machine's own network."""
    return Helper(net or RealNet(), settings or HelperSettings())


__all__: Sequence[str] = ["Helper", "HelperSettings", "create_helper"]
