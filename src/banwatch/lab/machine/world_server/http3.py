"""HTTP/3 server: the same sites over QUIC, for those that offer it."""

from collections.abc import Callable
from ipaddress import ip_address

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import QuicServer
from aioquic.asyncio.server import serve as serve_quic
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ProtocolNegotiated, QuicEvent
from aioquic.quic.packet import QuicProtocolVersion
from cryptography import x509

from banwatch.lab.world.application_protocol import Handler, hostname_of
from banwatch.lab.world.authority import certificate_pem, leaf_key
from banwatch.lab.world.page import MAX_REQUEST_BODY_BYTES, PageRequest
from banwatch.lab.world.world import Address, Site

HandlerFor = Callable[[Address], Handler]
"""Factory of a client's request handler, from the client's address."""

_IDLE_S = 15.0


async def listen(host: str, port: int, sites: list[Site], handler_for: HandlerFor) -> QuicServer:
    """Serve sites over HTTP/3 at one address, with one certificate for all, as CDNs do."""
    names = [name for site in sites for name in site.names]
    leaf, *chain = x509.load_pem_x509_certificates(certificate_pem(names, (), sites[0].certificate))
    configuration = QuicConfiguration(
        is_client=False,
        alpn_protocols=list(H3_ALPN),
        idle_timeout=_IDLE_S,
        supported_versions=[QuicProtocolVersion.VERSION_1, QuicProtocolVersion.VERSION_2],
    )
    configuration.certificate, configuration.certificate_chain = leaf, chain
    configuration.private_key = leaf_key()

    def create(quic: QuicConnection, stream_handler: object = None) -> QuicConnectionProtocol:
        del stream_handler  # aioquic offers one to every protocol; HTTP/3 has its own streams
        return _Http3(quic, handler_for)

    return await serve_quic(host, port, configuration=configuration, create_protocol=create)


class _Http3(QuicConnectionProtocol):
    """HTTP/3 connection of a client to the world's server."""

    def __init__(self, quic: QuicConnection, handler_for: HandlerFor) -> None:
        super().__init__(quic)
        self._handler_for = handler_for
        self._http: H3Connection | None = None
        self._client: Address | None = None
        self._requests: dict[int, tuple[tuple[tuple[bytes, bytes], ...], bytes]] = {}

    def datagram_received(self, data: bytes | str, addr: tuple[str, int]) -> None:
        self._client = ip_address(addr[0].partition("%")[0])
        super().datagram_received(data, addr)

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, ProtocolNegotiated):
            self._http = H3Connection(self._quic)
        if self._http is not None:
            for http_event in self._http.handle_event(event):
                self._take(self._http, http_event)

    def _take(self, http: H3Connection, event: H3Event) -> None:
        if isinstance(event, HeadersReceived):
            self._requests[event.stream_id] = (tuple(event.headers), b"")
        elif isinstance(event, DataReceived) and event.stream_id in self._requests:
            headers, body = self._requests[event.stream_id]
            self._requests[event.stream_id] = (headers, (body + event.data)[:MAX_REQUEST_BODY_BYTES])
        if isinstance(event, HeadersReceived | DataReceived) and event.stream_ended:
            headers, body = self._requests.pop(event.stream_id, ((), b""))
            self._respond(http, event.stream_id, headers, body)

    def _respond(
        self, http: H3Connection, stream_id: int, headers: tuple[tuple[bytes, bytes], ...], body: bytes
    ) -> None:
        named = dict(headers)
        method = named.get(b":method", b"GET").decode("latin-1")
        request = PageRequest(
            method=method,
            scheme="https",
            host=hostname_of(named.get(b":authority", b"").decode("latin-1")),
            path=named.get(b":path", b"/").decode("latin-1"),
            headers=headers,
            body=body,
        )
        assert self._client is not None  # no request without a datagram
        response = self._handler_for(self._client)(request)
        lines = [
            (b":status", str(response.status).encode()),
            *((name.lower().encode(), value.encode()) for name, value in response.headers),
            (b"content-length", str(len(response.body)).encode()),
        ]
        empty = method == "HEAD" or not response.body
        http.send_headers(stream_id, lines, end_stream=empty)
        if not empty:
            http.send_data(stream_id, response.body, end_stream=True)
        self.transmit()
