"""Servers for tests: well-behaved and not, over any stream; and certificates of every kind."""

import asyncio
import functools
import ipaddress
import ssl
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import dns.rrset
import h2.config
import h2.connection
import h2.events
import h11
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from banwatch.net.memory import Handler, MemoryStream, Responder
from banwatch.net.seam import Stream

NOW = datetime(2016, 4, 1, 12, tzinfo=UTC)
"""The moment at which all tests take place."""
AUTHORITY = "Test authority"
"""Whom all tests trust."""


@dataclass(frozen=True)
class Issuer:
    """An authority."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@functools.cache
def make_issuer(name: str) -> Issuer:
    """Make an authority, once for each name."""
    key = ec.generate_private_key(ec.SECP256R1())
    ski = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=3650))
        .not_valid_after(NOW + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(ski, critical=False)
        .add_extension(
            x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True
        )
        .sign(key, hashes.SHA256())
    )
    return Issuer(certificate, key)


@functools.cache
def make_context(
    *names: str, issuer: str = AUTHORITY, days: int = 365, alpn: tuple[str, ...] = ("h2", "http/1.1")
) -> ssl.SSLContext:
    """Make a server's context with a certificate for these names, that ends `days` after now."""
    ca = make_issuer(issuer)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(names[0]))
        .issuer_name(ca.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=90))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([_general_name(n) for n in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key()), critical=False
        )
        .sign(ca.key, hashes.SHA256())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "both.pem")
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context.load_cert_chain(path)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


class ServerTls:
    """TLS on the server's end of a stream."""

    def __init__(self, stream: Stream, context: ssl.SSLContext) -> None:
        self._stream = stream
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    async def _do(self, what: Callable[[], bytes | None]) -> bytes | None:
        while True:
            try:
                return what()
            except ssl.SSLWantReadError:
                await self._flush()
                data = await self._stream.read(65536)
                if not data:
                    return b""
                self._incoming.write(data)
            except ssl.SSLError:
                await self._flush()
                return b""

    async def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            await self._stream.write(data)

    async def handshake(self) -> None:
        await self._do(self.tls.do_handshake)
        await self._flush()

    async def read(self, limit_bytes: int) -> bytes:
        return await self._do(lambda: self.tls.read(limit_bytes)) or b""

    async def write(self, data: bytes) -> None:
        self.tls.write(data)
        await self._flush()


@dataclass(frozen=True)
class Page:
    """What a site answers."""

    body: bytes = b"<html><title>A page</title>hello</html>"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/html"),)


Answer = Callable[[str, str], Page]
"""(host, path) to a page."""


async def _serve_h11(
    read: Callable[[int], Awaitable[bytes]], write: Callable[[bytes], Awaitable[None]], answer: Answer
) -> None:
    connection = h11.Connection(h11.SERVER)
    host, path = "", ""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await read(65536))
        elif isinstance(event, h11.Request):
            host = next((v.decode() for k, v in event.headers if k == b"host"), "")
            path = event.target.decode()
        elif isinstance(event, h11.EndOfMessage):
            page = answer(host, path)
            response = h11.Response(
                status_code=page.status, headers=[*page.headers, ("Content-Length", str(len(page.body)))]
            )
            await write(connection.send(response) or b"")
            await write(connection.send(h11.Data(data=page.body)) or b"")
            return
        elif not isinstance(event, h11.Data):
            return


async def _serve_h2(tls: ServerTls, answer: Answer) -> None:
    connection = h2.connection.H2Connection(
        h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
    )
    connection.initiate_connection()
    await tls.write(connection.data_to_send())
    while data := await tls.read(65536):
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                headers: dict[Any, Any] = dict(event.headers)  # str: the configuration names an encoding
                page = answer(headers[":authority"], headers[":path"])
                connection.send_headers(
                    event.stream_id,
                    [(":status", str(page.status)), *((k.lower(), v) for k, v in page.headers)],
                )
                connection.send_data(event.stream_id, page.body[:16000], end_stream=True)
        await tls.write(connection.data_to_send())


def http_site(answer: Answer | Page) -> Handler:
    """A plain HTTP/1.1 site."""
    reply = (lambda host, path: answer) if isinstance(answer, Page) else answer

    async def serve(stream: MemoryStream) -> None:
        await _serve_h11(stream.read, stream.write, reply)

    return serve


def https_site(answer: Answer | Page, context: ssl.SSLContext) -> Handler:
    """A site inside TLS, in whichever HTTP was agreed on."""
    reply = (lambda host, path: answer) if isinstance(answer, Page) else answer

    async def serve(stream: MemoryStream) -> None:
        tls = ServerTls(stream, context)
        await tls.handshake()
        if tls.tls.selected_alpn_protocol() == "h2":
            await _serve_h2(tls, reply)
        else:
            await _serve_h11(tls.read, tls.write, reply)

    return serve


def sni_filter(site: Handler, name: str, act: Callable[[MemoryStream], Awaitable[None]]) -> Handler:
    """A site behind a censor that acts on a name in the client's first bytes, and otherwise lets pass."""

    async def serve(stream: MemoryStream) -> None:
        first = await stream.read(65536)
        if name.encode() in first:
            await act(stream)
            return
        stream._arrived.appendleft(first)
        await site(stream)

    return serve


async def reset(stream: MemoryStream) -> None:
    """Reset the connection."""
    stream.abort()


async def stall(stream: MemoryStream) -> None:
    """Never answer."""
    await asyncio.Event().wait()


async def hang_up(stream: MemoryStream) -> None:
    """End the stream."""


async def send_alert(stream: MemoryStream) -> None:
    """Answer with a fatal handshake_failure alert, as some middleboxes do."""
    await stream.write(b"\x15\x03\x03\x00\x02\x02\x28")


async def send_garbage(stream: MemoryStream) -> None:
    """Answer with something that is no TLS."""
    await stream.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def after_first_bytes(act: Callable[[MemoryStream], Awaitable[None]]) -> Handler:
    """Wait for the client's first bytes, then misbehave."""

    async def serve(stream: MemoryStream) -> None:
        await stream.read(65536)
        await act(stream)

    return serve


def dns_server(
    zone: Mapping[str, Sequence[str]], *, forged: Mapping[str, str] | None = None, late_s: float = 0.02
) -> Responder:
    """A resolver; for names in `forged` a forged answer comes first, and the true one `late_s` later."""

    def respond(data: bytes) -> list[tuple[float, bytes]]:
        query = dns.message.from_wire(data)
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        replies = []
        if forged and name in forged and kind == "A":
            replies.append((0.0, _reply(query, kind, [forged[name]])))
        replies.append((late_s if replies else 0.0, _reply(query, kind, zone.get(name))))
        return replies

    return respond


def _reply(query: dns.message.Message, kind: str, addresses: Sequence[str] | None) -> bytes:
    response = dns.message.make_response(query)
    if addresses is None:
        response.set_rcode(dns.rcode.NXDOMAIN)
    fitting = [a for a in addresses or () if (":" in a) == (kind == "AAAA")]
    if fitting:
        response.answer.append(dns.rrset.from_text(query.question[0].name, 300, "IN", kind, *fitting))
    return response.to_wire()
