"""An HTTP request and its response, over a stream, in HTTP/1.1 or HTTP/2."""

import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h11

from banwatch.model import failure as df007
from banwatch.model.failure import UNKNOWN_FAILURE_PREFIX, Failure
from banwatch.net.failure import NetworkFailure
from banwatch.net.seam import Stream

_READ_BYTES = 1 << 16
_MAX_INFORMATIONAL = 16
_ARRIVAL_BYTES = 1 << 12
_MAX_ARRIVALS = 200
_MALFORMED = f"{UNKNOWN_FAILURE_PREFIX}malformed HTTP response"
_HOP_BY_HOP = frozenset({"connection", "host", "keep-alive", "transfer-encoding", "upgrade"})

# hpack tells every header at DEBUG; what was asked of whom must not end up in anybody's log
logging.getLogger("hpack").setLevel(logging.INFO)

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """Content of a request."""

    method: str = "GET"
    scheme: str
    authority: str
    """Host, with the port where it is not the scheme's own."""
    path: str
    headers: Headers = ()
    body: bytes = b""


@dataclass(slots=True, kw_only=True)
class HttpResponse:
    """Response, as far as it came."""

    status: int
    headers: Headers
    body: bytearray
    is_truncated: bool = False
    """Whether there was more body than the limit."""
    arrivals: list[tuple[float, int]] = field(default_factory=list)
    """Arrivals of the body: moments, and bytes until then. Some between first and last are left out."""

    def header(self, name: str) -> str | None:
        """Return the first header of a name, in any case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(slots=True, kw_only=True)
class HttpExchange:
    """Result of a request. Both may be there: a response that broke off has a failure too."""

    response: HttpResponse | None = None
    failure: Failure | None = None
    is_complete: bool = False
    """Whether the response came to its end, or to the limit."""


async def exchange(
    stream: Stream,
    request: HttpRequest,
    result: HttpExchange,
    *,
    alpn: str = "",
    limit_bytes: int,
    clock: Callable[[], float],
) -> None:
    """Send a request and read its response into `result`, which holds what came even if we are cancelled.

    Args:
        stream: a connection that nothing else uses.
        request: what to send.
        result: is filled as bytes come.
        alpn: `h2` speaks HTTP/2, anything else HTTP/1.1.
        limit_bytes: the body is cut there.
        clock: tells when bytes came.
    """
    await _guarded(
        Http2(stream).send((request,), (result,), limit_bytes=limit_bytes, clock=clock)
        if alpn == "h2"
        else _exchange_h11(stream, request, result, limit_bytes, clock),
        (result,),
    )


async def _guarded(work: Coroutine[None, None, None], results: Sequence[HttpExchange]) -> None:
    failure: Failure | None = None
    try:
        await work
    except NetworkFailure as error:
        failure = error.failure
    except (h11.RemoteProtocolError, h2.exceptions.ProtocolError, UnicodeError):
        failure = _MALFORMED
    if failure is not None:
        for result in results:
            if not result.is_complete:
                result.failure = failure


def add_body(response: HttpResponse, data: bytes, limit_bytes: int, now_s: float) -> bool:
    """Add to a body what fits, and its moment; return whether there was too much."""
    left_bytes = limit_bytes - len(response.body)
    response.body += data[:left_bytes]
    response.is_truncated = len(data) > left_bytes
    arrivals = response.arrivals
    if len(arrivals) > 1 and len(response.body) - arrivals[-2][1] < _ARRIVAL_BYTES:
        arrivals.pop()  # too close to the one before to say more than the new one
    if len(arrivals) < _MAX_ARRIVALS:
        arrivals.append((now_s, len(response.body)))
    else:
        arrivals[-1] = (now_s, len(response.body))
    return response.is_truncated


def _text(raw: bytes) -> str:
    return raw.decode("latin-1")


async def _exchange_h11(
    stream: Stream, request: HttpRequest, result: HttpExchange, limit_bytes: int, clock: Callable[[], float]
) -> None:
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 17)
    headers = [("Host", request.authority), *request.headers]
    if request.body:
        headers.append(("Content-Length", str(len(request.body))))
    headers.append(("Connection", "close"))
    try:
        head = connection.send(h11.Request(method=request.method, target=request.path, headers=headers))
    except h11.LocalProtocolError as error:
        raise NetworkFailure(f"{UNKNOWN_FAILURE_PREFIX}invalid HTTP request") from error
    body = connection.send(h11.Data(data=request.body)) if request.body else b""
    end = connection.send(h11.EndOfMessage())
    await stream.write((head or b"") + (body or b"") + (end or b""))
    informational = 0
    ended = False
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError:
            if ended:
                raise NetworkFailure(df007.EOF) from None  # it stopped in the middle of something
            raise
        if event is h11.NEED_DATA:
            data = await stream.read(_READ_BYTES)
            if not data and result.response is None:
                raise NetworkFailure(df007.EOF)
            ended = not data
            connection.receive_data(data)
            continue
        if isinstance(event, h11.InformationalResponse):
            informational += 1
            if informational > _MAX_INFORMATIONAL:
                raise NetworkFailure(_MALFORMED)
        elif isinstance(event, h11.Response):
            result.response = HttpResponse(
                status=event.status_code,
                headers=tuple((_text(key), _text(value)) for key, value in event.headers.raw_items()),
                body=bytearray(),
            )
        elif isinstance(event, h11.Data):
            if result.response and add_body(result.response, bytes(event.data), limit_bytes, clock()):
                result.is_complete = True
                return
        elif isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)) or event is h11.PAUSED:
            result.is_complete = True
            return


_H2_CONFIG = h2.config.H2Configuration(client_side=True, header_encoding=None)


class Http2:
    """An HTTP/2 connection, for one caller at a time.

    Args:
        stream: inside TLS that agreed on `h2`; nothing else uses it.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._connection = h2.connection.H2Connection(_H2_CONFIG)
        self._connection.initiate_connection()
        self._connection.increment_flow_control_window(1 << 20)

    async def exchange(
        self,
        requests: Sequence[HttpRequest],
        results: Sequence[HttpExchange],
        *,
        limit_bytes: int,
        clock: Callable[[], float],
    ) -> None:
        """Send requests at once and read their responses; a failure is that of every unfinished one."""
        await _guarded(self.send(requests, results, limit_bytes=limit_bytes, clock=clock), results)

    async def send(
        self,
        requests: Sequence[HttpRequest],
        results: Sequence[HttpExchange],
        *,
        limit_bytes: int,
        clock: Callable[[], float],
    ) -> None:
        """As `exchange`, but raises what goes wrong: NetworkFailure, or h2's ProtocolError."""
        connection = self._connection
        waiting: dict[int, HttpExchange] = {}
        for request, result in zip(requests, results, strict=True):
            waiting[_send_h2(connection, request)] = result
        await self._stream.write(connection.data_to_send())
        while waiting:
            data = await self._stream.read(_READ_BYTES)
            if not data:
                raise NetworkFailure(df007.EOF)
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.ConnectionTerminated):
                    raise NetworkFailure(
                        f"{UNKNOWN_FAILURE_PREFIX}http2: server sent GOAWAY and closed the connection"
                    )
                stream_id = getattr(event, "stream_id", None) or 0
                if stream_id in waiting and _take_h2_event(
                    connection, event, waiting[stream_id], limit_bytes, clock
                ):
                    waiting.pop(stream_id).is_complete = True
            pending = connection.data_to_send()
            if pending:
                await self._stream.write(pending)


def _send_h2(connection: h2.connection.H2Connection, request: HttpRequest) -> int:
    headers = [
        (":method", request.method),
        (":authority", request.authority),
        (":scheme", request.scheme),
        (":path", request.path),
    ]
    headers += [(key.lower(), value) for key, value in request.headers if key.lower() not in _HOP_BY_HOP]
    stream_id = connection.get_next_available_stream_id()
    connection.send_headers(stream_id, headers, end_stream=not request.body)
    if request.body:
        connection.send_data(stream_id, request.body, end_stream=True)
    return stream_id


def _take_h2_event(
    connection: h2.connection.H2Connection,
    event: h2.events.Event,
    result: HttpExchange,
    limit_bytes: int,
    clock: Callable[[], float],
) -> bool:
    """Note one event of a request; return whether its exchange is over."""
    if isinstance(event, h2.events.ResponseReceived):
        fields = [(_text(bytes(key)), _text(bytes(value))) for key, value in event.headers or ()]
        status = next((value for key, value in fields if key == ":status"), "0")
        result.response = HttpResponse(
            status=int(status) if status.isdecimal() else 0,
            headers=tuple(field for field in fields if not field[0].startswith(":")),
            body=bytearray(),
        )
    elif isinstance(event, h2.events.DataReceived) and result.response is not None:
        data = event.data or b""
        if add_body(result.response, data, limit_bytes, clock()):
            return True
        connection.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id or 1)
    elif isinstance(event, h2.events.StreamEnded):
        return True
    elif isinstance(event, h2.events.StreamReset):
        if event.error_code == h2.errors.ErrorCodes.NO_ERROR and result.response is not None:
            return True
        raise NetworkFailure(f"{UNKNOWN_FAILURE_PREFIX}stream error: stream reset by the peer")
    return False
