"""The helper's server: HTTP/1.1 in, one control out."""

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Sequence

import h11
import msgspec

from banwatch.formats.ooni import wire
from banwatch.helper.guard import Guard
from banwatch.helper.look import Looker
from banwatch.helper.request import MAX_REQUEST_BYTES, parse_question_untrusted
from banwatch.helper.settings import HelperSettings
from banwatch.model.errors import BanwatchError, WireError
from banwatch.net.real import RealNet
from banwatch.net.seam import Net

_IDLE_S = 15.0
"""How long a connection may be silent, and how long a request may take to arrive."""
_MAX_CONNECTIONS = 2048
_READ_BYTES = 1 << 14
_MAX_HEAD_BYTES = 1 << 14

_log = logging.getLogger(__name__)


class Helper:
    """A control server inside the running event loop. It keeps no log of who asked, or what.

    Args:
        net: the network to look from.
        settings: resolvers, roots, limits.
    """

    def __init__(self, net: Net, settings: HelperSettings) -> None:
        self._net = net
        self._settings = settings
        self._listening: set[str] = set()
        guard = Guard(lambda: (*net.own_addresses, *self._listening), settings.allow_private)
        self._looker = Looker(net, settings, guard)
        self._servers: list[asyncio.Server] = []
        self._connections: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Semaphore(settings.max_in_flight)
        self._waiting = 0
        self._asked: Counter[str] = Counter()
        self._minute = -1

    async def start(self, host: str, port: int, ssl_context: ssl.SSLContext | None = None) -> int:
        """Begin to listen, also at a second address or port; returns the port (useful where 0 was asked for).

        Raises:
            BanwatchError: the address cannot be listened at.
        """
        try:
            server = await asyncio.start_server(self._accept, host, port, ssl=ssl_context, backlog=512)
        except OSError as error:
            raise BanwatchError(
                f"The helper cannot listen at {host} port {port}: {error.strerror or error}",
                "Choose another port with --port, or stop what listens there.",
            ) from error
        self._servers.append(server)
        names = [sock.getsockname() for sock in server.sockets]
        self._listening.update(str(name[0]) for name in names)
        return int(names[0][1])

    async def stop(self) -> None:
        """Stop listening and drop what is in flight."""
        for server in self._servers:
            server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        self._servers.clear()
        self._looker.close()

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
        except Exception:
            _log.exception("a question could not be answered")
        finally:
            self._connections.discard(task)
            writer.transport.abort() if writer.transport.is_closing() else writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD_BYTES)
        peer = writer.get_extra_info("peername")
        client = str(peer[0]) if peer else ""
        while True:
            async with asyncio.timeout(_IDLE_S):
                received = await _read_request(connection, reader)
            if received is None:
                return
            request, body = received
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
                return 200, await self._looker.look(question.url, question.endpoints, question.headers)
        except TimeoutError:
            return 503, None
        finally:
            self._waiting -= 1

    def _asks_too_often(self, client: str) -> bool:
        """Count this minute's questions of an address, in memory, for this minute only."""
        if self._settings.per_client_per_minute <= 0:
            return False
        minute = int(self._net.clock() // 60)
        if minute != self._minute:
            self._minute = minute
            self._asked.clear()
        self._asked[client] += 1
        return self._asked[client] > self._settings.per_client_per_minute


async def _read_request(
    connection: h11.Connection, reader: asyncio.StreamReader
) -> tuple[h11.Request, bytes] | None:
    """Read one request with its body; None at the end of the connection."""
    request: h11.Request | None = None
    body: list[bytes] = []
    size = 0
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_READ_BYTES))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            size += len(event.data)
            body.append(bytes(event.data))
            if size > MAX_REQUEST_BYTES:
                raise h11.RemoteProtocolError("request too long")
        elif isinstance(event, h11.EndOfMessage) and request is not None:
            return request, b"".join(body)
        else:
            return None


def create_helper(settings: HelperSettings | None = None, net: Net | None = None) -> Helper:
    """Make a helper; without a `net`, on the machine's own network."""
    return Helper(net or RealNet(), settings or HelperSettings())


__all__: Sequence[str] = ["Helper", "HelperSettings", "create_helper"]
