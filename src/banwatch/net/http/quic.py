"""QUIC over datagrams, and one HTTP/3 request inside it. aioquic keeps the protocol, we keep the clock."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

from banwatch.model import failure as df007
from banwatch.model.failure import UNKNOWN_FAILURE_PREFIX, Failure
from banwatch.net.failure import NetworkFailure
from banwatch.net.http.request import HttpExchange, HttpRequest, HttpResponse, add_body
from banwatch.net.seam import Datagrams, Net, TlsFacts

if TYPE_CHECKING:
    from aioquic.quic.connection import QuicConnection
    from aioquic.quic.events import QuicEvent

_HOP_BY_HOP = frozenset({"connection", "host", "keep-alive", "transfer-encoding", "upgrade"})
_CRYPTO_ERROR = 0x100
_INTERNAL_ERROR, _NO_ERROR = 0x1, 0x0

logging.getLogger("quic").setLevel(logging.ERROR)  # connection ids and addresses are nobody's business


def _describe_end(code: int, reason: str) -> Failure:
    """Name the end of a connection that the peer closed."""
    if "version" in reason.lower():
        return df007.QUIC_INCOMPATIBLE_VERSION
    if code >= _CRYPTO_ERROR:
        return df007.SSL_FAILED_HANDSHAKE
    return f"{UNKNOWN_FAILURE_PREFIX}quic: closed by the peer (0x{code:x})"


class QuicLink:
    """A QUIC connection; made by `open_quic`."""

    def __init__(self, quic: "QuicConnection", datagrams: Datagrams, clock: Callable[[], float]) -> None:
        self._quic = quic
        self._datagrams = datagrams
        self._clock = clock
        self.facts: TlsFacts | None = None

    async def handshake(self) -> None:
        """Wait until the handshake is complete; raises `NetworkFailure`."""
        from aioquic.quic.events import HandshakeCompleted

        done = False
        while not done:
            await self._pump()
            while (event := self._quic.next_event()) is not None:
                self._check(event)
                if isinstance(event, HandshakeCompleted):
                    done = True
                    self.facts = TlsFacts(
                        version="TLSv1.3",
                        cipher_suite=self._cipher(),
                        alpn=event.alpn_protocol or "",
                        peer_certificates=self._certificates(),
                    )

    async def request(self, request: HttpRequest, result: HttpExchange, limit_bytes: int) -> None:
        """Send a request over HTTP/3 and read its response into `result`."""
        from aioquic.h3.connection import H3Connection
        from aioquic.h3.events import DataReceived, HeadersReceived

        h3 = H3Connection(self._quic)
        stream_id = self._quic.get_next_available_stream_id()
        pseudo = [(":method", request.method), (":scheme", request.scheme)]
        pseudo += [(":authority", request.authority), (":path", request.path)]
        headers = [(k.lower(), v) for k, v in request.headers if k.lower() not in _HOP_BY_HOP]
        h3.send_headers(
            stream_id,
            [(k.encode("ascii"), v.encode("latin-1")) for k, v in pseudo + headers],
            end_stream=True,
        )
        while True:
            await self._pump()
            while (event := self._quic.next_event()) is not None:
                self._check(event)
                for part in h3.handle_event(event):
                    if isinstance(part, HeadersReceived) and result.response is None:
                        result.response = _response(part.headers)
                    elif isinstance(part, DataReceived) and result.response is not None:
                        add_body(result.response, part.data, limit_bytes, self._clock())
                    ended = isinstance(part, HeadersReceived | DataReceived) and part.stream_ended
                    if ended or (result.response is not None and result.response.is_truncated):
                        result.is_complete = True
                        return

    def close(self) -> None:
        """Close the connection, with a message to the peer."""
        self._quic.close()
        try:
            self._send()
        except NetworkFailure:
            pass  # the peer is not there any more
        finally:
            self._datagrams.close()

    def _check(self, event: "QuicEvent") -> None:
        from aioquic.quic.events import ConnectionTerminated

        if isinstance(event, ConnectionTerminated):
            if event.error_code == _INTERNAL_ERROR and not event.reason_phrase:
                raise NetworkFailure(df007.GENERIC_TIMEOUT)  # its own idle timer
            raise NetworkFailure(_describe_end(event.error_code, event.reason_phrase))

    def _send(self) -> None:
        for data, _ in self._quic.datagrams_to_send(self._clock()):
            self._datagrams.send(data)

    async def _pump(self) -> None:
        """Send what is due, and wait for a datagram or the protocol's timer, whichever is first."""
        self._send()
        timer = self._quic.get_timer()
        try:
            async with asyncio.timeout(None if timer is None else max(0.0, timer - self._clock())):
                datagram = await self._datagrams.receive()
        except TimeoutError:
            self._quic.handle_timer(self._clock())
            return
        self._quic.receive_datagram(datagram.data, _PEER, self._clock())
        self._send()

    def _certificates(self) -> tuple[bytes, ...]:
        from cryptography.hazmat.primitives.serialization import Encoding

        tls = self._quic.tls  # aioquic has no public name for the chain
        chain = [tls._peer_certificate, *tls._peer_certificate_chain]
        return tuple(one.public_bytes(Encoding.DER) for one in chain if one is not None)

    def _cipher(self) -> str:
        suite = self._quic.tls.key_schedule
        return "TLS_" + suite.cipher_suite.name if suite is not None else ""


_PEER = ("peer", 0)
"""The datagrams have one peer only, so aioquic need not tell peers apart."""


def _response(headers: list[tuple[bytes, bytes]]) -> HttpResponse:
    fields = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in headers]
    status = next((value for key, value in fields if key == ":status"), "0")
    return HttpResponse(
        status=int(status) if status.isdecimal() else 0,
        headers=tuple(field for field in fields if not field[0].startswith(":")),
        body=bytearray(),
    )


async def open_quic(net: Net, ip: str, port: int, server_name: str) -> QuicLink:
    """Shake hands over QUIC; raises `NetworkFailure`. The certificate is recorded, not verified."""
    from aioquic.quic.configuration import QuicConfiguration
    from aioquic.quic.connection import QuicConnection

    configuration = QuicConfiguration(
        is_client=True, alpn_protocols=["h3"], server_name=server_name, verify_mode=ssl.CERT_NONE
    )
    datagrams = await net.open_udp(ip, port)
    quic = QuicConnection(configuration=configuration)
    link = QuicLink(quic, datagrams, net.clock)
    try:
        quic.connect(_PEER, net.clock())
        await link.handshake()
    except BaseException:
        link.close()
        raise
    return link
