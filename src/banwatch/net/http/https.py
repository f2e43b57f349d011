"""HTTPS to a server that is talked to on purpose: a certificate that is no good ends it."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from banwatch.model import failure as df007
from banwatch.net.failure import NetworkFailure
from banwatch.net.http.request import HttpExchange, HttpRequest, exchange
from banwatch.net.http.target_url import TargetUrl
from banwatch.net.seam import Net, Stream, TlsSettings, TlsStream
from banwatch.net.tls.certificates import Roots

REQUEST_FAILED = "http_request_failed"
"""df-007's word for a status that is not the one that was wanted."""


async def start_trusted_tls(
    net: Net, stream: Stream, server_name: str, *, roots: Roots, at: datetime, alpn: tuple[str, ...]
) -> TlsStream:
    """Shake hands on a stream that the caller closes, and verify.

    Raises:
        NetworkFailure: the handshake failed, or the certificate is no good for the name.
    """
    tls = await net.start_tls(stream, TlsSettings(server_name=server_name, alpn=alpn))
    problem = roots.problem(tls.facts.peer_certificates, server_name, at)
    if problem is not None:
        raise NetworkFailure(problem)
    return tls


async def open_trusted(
    net: Net, ip: str, port: int, server_name: str, *, roots: Roots, at: datetime, alpn: tuple[str, ...]
) -> TlsStream:
    """Connect to an address, shake hands and verify; nothing is left open where that fails.

    Raises:
        NetworkFailure: the connect or the handshake failed, or the certificate is no good for the name.
    """
    return await _secure(net, await net.open_tcp(ip, port), server_name, roots, at, alpn)


async def request_once(
    net: Net,
    url: TargetUrl,
    request: HttpRequest,
    *,
    roots: Roots,
    at: datetime,
    limit_bytes: int,
    open_stream: Callable[[], Awaitable[Stream]] | None = None,
) -> HttpExchange:
    """Send one request to the host of a URL, on a connection of its own, inside TLS where the URL says so.

    Args:
        net: the network.
        url: where the request goes.
        request: the request.
        roots: the authorities to trust.
        at: the time that certificates must be valid at.
        limit_bytes: the body is cut there.
        open_stream: connects in another way, such as through a proxy.

    Raises:
        NetworkFailure: no address could be connected to, or the certificate is no good.
    """
    stream = await (open_stream() if open_stream is not None else _open_any(net, url))
    if url.is_tls:
        stream = await _secure(net, stream, url.host, roots, at, ("http/1.1",))
    result = HttpExchange()
    try:
        await exchange(stream, request, result, limit_bytes=limit_bytes, clock=net.clock)
    finally:
        stream.close()
    return result


async def _open_any(net: Net, url: TargetUrl) -> Stream:
    """Connect to the first address that lets us."""
    failed = NetworkFailure(df007.DNS_NO_ANSWER)
    for ip in (url.address,) if url.address is not None else await net.resolve(url.host):
        if ":" in ip and not net.has_ipv6 and ip != url.address:
            continue
        try:
            return await net.open_tcp(ip, url.port)
        except NetworkFailure as error:
            failed = error
    raise failed


async def _secure(
    net: Net, stream: Stream, server_name: str, roots: Roots, at: datetime, alpn: tuple[str, ...]
) -> TlsStream:
    try:
        return await start_trusted_tls(net, stream, server_name, roots=roots, at=at, alpn=alpn)
    except BaseException:
        stream.close()
        raise


def body_of(result: HttpExchange) -> bytes:
    """Return the body of a response that is as it was wanted: complete, with status 200.

    Raises:
        NetworkFailure: it is not.
    """
    if result.failure is not None:
        raise NetworkFailure(result.failure)
    if result.response is None:
        raise NetworkFailure(df007.EOF)
    if result.response.status != 200:
        raise NetworkFailure(REQUEST_FAILED)
    return bytes(result.response.body)
