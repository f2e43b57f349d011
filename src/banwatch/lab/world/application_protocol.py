"""Application protocols of a server: HTTP/1.1, HTTP/2 and DNS. Bytes in, sends out; no sockets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
import h11

from banwatch.lab.world.page import MAX_REQUEST_BODY_BYTES, PageRequest, PageResponse

_MAX_DNS_BYTES = 65535
_H2_STREAMS = 100


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes for the client, after a pause; `close` ends the connection after them."""

    data: bytes
    pause_s: float = 0.0
    close: bool = False


class ApplicationProtocol(Protocol):
    """Server's side of a protocol on one connection."""

    def receive(self, data: bytes) -> Sequence[Send]:
        """Take bytes of the client, in any pieces; empty bytes are its end of file."""


Handler = Callable[[PageRequest], PageResponse]
"""Handler of a request, whose `scheme` and `host` are filled in."""


class DnsProtocol:
    """DNS over TCP or TLS: messages after two bytes of length (RFC 1035 §4.2.2)."""

    def __init__(self, answer: Callable[[bytes], bytes | None]) -> None:
        self._answer = answer
        self._buffer = b""

    def receive(self, data: bytes) -> Sequence[Send]:
        if not data:
            return (Send(b"", close=True),)
        self._buffer += data
        sends: list[Send] = []
        while len(self._buffer) >= 2 and len(self._buffer) >= 2 + (
            size := int.from_bytes(self._buffer[:2], "big")
        ):
            query, self._buffer = self._buffer[2 : 2 + size], self._buffer[2 + size :]
            answer = self._answer(query)
            if answer is None or len(answer) > _MAX_DNS_BYTES:
                return (*sends, Send(b"", close=True))
            sends.append(Send(len(answer).to_bytes(2, "big") + answer))
        return sends


class Http1Protocol:
    """HTTP/1.1 and HTTP/1.0."""

    def __init__(self, scheme: str, handle: Handler) -> None:
        self._scheme = scheme
        self._handle = handle
        self._connection = h11.Connection(h11.SERVER)
        self._head: h11.Request | None = None
        self._body = b""

    def receive(self, data: bytes) -> Sequence[Send]:
        sends: list[Send] = []
        try:
            self._connection.receive_data(data)
            while True:
                event = self._connection.next_event()
                if event is h11.NEED_DATA:
                    return sends
                if event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                    return [*sends, Send(b"", close=True)]
                self._take(event, sends)
                if sends and sends[-1].close:
                    return sends
        except h11.RemoteProtocolError:
            if self._connection.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                self._respond(PageResponse(status=400, headers=(), body=b"Bad request\n"), sends)
            return [*sends, Send(b"", close=True)]

    def _take(self, event: object, sends: list[Send]) -> None:
        match event:
            case h11.Request():
                self._head, self._body = event, b""
                if self._connection.they_are_waiting_for_100_continue:
                    going_on = h11.InformationalResponse(status_code=100, headers=[])
                    sends.append(Send(self._connection.send(going_on) or b""))
            case h11.Data():
                self._body += event.data
                if len(self._body) > MAX_REQUEST_BODY_BYTES:
                    raise h11.RemoteProtocolError("request body too large")
            case h11.EndOfMessage():
                assert self._head is not None  # h11 gives no end without a head
                self._respond(self._handle(self._request(self._head)), sends)
                if self._connection.our_state is h11.MUST_CLOSE:
                    sends.append(Send(b"", close=True))
                elif self._connection.our_state is h11.DONE:
                    self._connection.start_next_cycle()

    def _request(self, head: h11.Request) -> PageRequest:
        headers = tuple((bytes(name), bytes(value)) for name, value in head.headers)
        host = next((value for name, value in headers if name == b"host"), b"").decode("latin-1")
        target = bytes(head.target).decode("latin-1")
        if not target.startswith("/"):  # a proxy-style request: the target names the host
            url = urlsplit(target)
            host, target = url.netloc or host, url.path or "/"
        return PageRequest(
            method=bytes(head.method).decode("latin-1"),
            scheme=self._scheme,
            host=hostname_of(host),
            path=target,
            headers=headers,
            body=self._body,
        )

    def _respond(self, response: PageResponse, sends: list[Send]) -> None:
        headers = [*response.headers, ("Content-Length", str(len(response.body)))]
        reason = HTTPStatus(response.status).phrase
        head = h11.Response(status_code=response.status, headers=headers, reason=reason)
        start = self._connection.send(head) or b""
        if self._head is not None and self._head.method == b"HEAD":
            sends.append(Send(start + (self._connection.send(h11.EndOfMessage()) or b"")))
            return
        for number, piece in enumerate(_pieces(response)):
            wire = self._connection.send(h11.Data(data=piece)) or b""
            sends.append(Send(start + wire if number == 0 else wire, response.pause_s if number else 0.0))
        sends.append(Send(self._connection.send(h11.EndOfMessage()) or b""))


@dataclass(slots=True)
class _Exchange:
    """HTTP/2 request that is being received, or its response that is being sent."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes = b""
    pieces: list[bytes] = field(default_factory=list)
    """Pieces of the response that are still to be sent."""
    pause_s: float = 0.0
    answered: bool = False


class Http2Protocol:
    """HTTP/2."""

    def __init__(self, scheme: str, handle: Handler) -> None:
        self._scheme = scheme
        self._handle = handle
        self._connection = h2.connection.H2Connection(_H2_CONFIG)
        self._connection.local_settings = h2.settings.Settings(
            client=False,
            initial_values={
                h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: _H2_STREAMS,
                h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: 1 << 16,
                h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL: 0,
            },
        )
        self._connection.initiate_connection()
        self._exchanges: dict[int, _Exchange] = {}

    def receive(self, data: bytes) -> Sequence[Send]:
        if not data:
            return (Send(b"", close=True),)
        sends: list[Send] = []
        close = False
        try:
            for event in self._connection.receive_data(data):
                close |= self._take(event)
        except h2.exceptions.ProtocolError:
            return (Send(self._connection.data_to_send(), close=True),)
        for stream_id in tuple(self._exchanges):
            self._flush(stream_id, sends)
        sends.append(Send(self._connection.data_to_send(), close=close))
        return sends

    def _take(self, event: h2.events.Event) -> bool:
        match event:
            case h2.events.RequestReceived(stream_id=int(stream_id)):
                headers = tuple((bytes(name), bytes(value)) for name, value in event.headers or ())
                self._exchanges[stream_id] = _Exchange(headers)
            case h2.events.DataReceived(stream_id=int(stream_id)):
                if exchange := self._exchanges.get(stream_id):
                    exchange.body += event.data or b""
                    if len(exchange.body) > MAX_REQUEST_BODY_BYTES:
                        self._connection.reset_stream(stream_id)
                        del self._exchanges[stream_id]
                self._connection.acknowledge_received_data(event.flow_controlled_length or 0, stream_id)
            case h2.events.StreamEnded(stream_id=int(stream_id)):
                if exchange := self._exchanges.get(stream_id):
                    self._respond(stream_id, exchange)
            case h2.events.StreamReset(stream_id=int(stream_id)):
                self._exchanges.pop(stream_id, None)
            case h2.events.ConnectionTerminated():
                return True
        return False

    def _respond(self, stream_id: int, exchange: _Exchange) -> None:
        named = dict(exchange.headers)
        method = named.get(b":method", b"GET").decode("latin-1")
        request = PageRequest(
            method=method,
            scheme=self._scheme,
            host=hostname_of((named.get(b":authority") or named.get(b"host", b"")).decode("latin-1")),
            path=named.get(b":path", b"/").decode("latin-1"),
            headers=exchange.headers,
            body=exchange.body,
        )
        response = self._handle(request)
        headers = [
            (":status", str(response.status)),
            *((name.lower(), value) for name, value in response.headers),
            ("content-length", str(len(response.body))),
        ]
        empty = method == "HEAD" or not response.body
        self._connection.send_headers(stream_id, headers, end_stream=empty)
        if empty:
            del self._exchanges[stream_id]
            return
        exchange.pieces, exchange.pause_s, exchange.answered = _pieces(response), response.pause_s, True

    def _flush(self, stream_id: int, sends: list[Send]) -> None:
        """Send as much of a response as the client's window takes."""
        exchange = self._exchanges[stream_id]
        first = True
        while exchange.pieces:
            window = min(
                self._connection.local_flow_control_window(stream_id),
                self._connection.max_outbound_frame_size,
            )
            if window <= 0:
                return
            piece = exchange.pieces[0]
            part, rest = piece[:window], piece[window:]
            exchange.pieces[:1] = [rest] if rest else []
            self._connection.send_data(stream_id, part, end_stream=not exchange.pieces)
            pause_s = 0.0 if first else exchange.pause_s
            if exchange.pause_s:
                sends.append(Send(self._connection.data_to_send(), pause_s if len(part) else 0.0))
            first = False
        if exchange.answered:
            del self._exchanges[stream_id]


_H2_CONFIG = h2.config.H2Configuration(
    client_side=False, header_encoding=False, validate_outbound_headers=False
)


def hostname_of(authority: str) -> str:
    """Strip the port and the final dot from a Host header or :authority; lower case."""
    host, _, port = authority.rpartition(":")
    return (host if port.isdigit() and host else authority).rstrip(".").lower()


def _pieces(response: PageResponse) -> list[bytes]:
    if response.pieces <= 1:
        return [response.body]
    size = max(1, -(-len(response.body) // response.pieces))
    return [response.body[at : at + size] for at in range(0, len(response.body), size)]
