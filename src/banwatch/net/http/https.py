"""Talking HTTPS to somebody we mean to talk to: a certificate that is no good ends it."""

from datetime import datetime

from banwatch.model import failure as df007
from banwatch.net.failure import NetworkFailure
from banwatch.net.http.request import HttpExchange
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


def body_of(result: HttpExchange) -> bytes:
    """The body of a response that is as it was wanted: complete, with status 200.

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
