"""Handshake over QUIC, and the offer of it in a header."""

import asyncio
import base64
from datetime import datetime

from banwatch.formats.ooni import wire
from banwatch.model import failure as df007
from banwatch.model.failure import Failure
from banwatch.net.endpoint import Endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.net.http.quic import QuicLink, open_quic
from banwatch.net.seam import Net, TlsFacts
from banwatch.net.tls.certificates import Roots
from banwatch.net.traced import TracedNet
from banwatch.probe.trace import Trace


async def quic_handshake(
    net: Net,
    endpoint: Endpoint,
    server_name: str,
    *,
    roots: Roots | None,
    at: datetime,
    timeout_s: float,
    trace: Trace,
) -> wire.TlsHandshake:
    """Shake hands over QUIC and let go again; see `quic_connect`."""
    link, record = await quic_connect(
        net, endpoint, server_name, roots=roots, at=at, timeout_s=timeout_s, trace=trace
    )
    if link is not None:
        link.close()
    return record


async def quic_connect(
    net: Net,
    endpoint: Endpoint,
    server_name: str,
    *,
    roots: Roots | None,
    at: datetime,
    timeout_s: float,
    trace: Trace,
) -> tuple[QuicLink | None, wire.TlsHandshake]:
    """Shake hands over QUIC, record the certificates, and only then verify them.

    Returns:
        The link, which the caller closes, where the handshake succeeded with a certificate that is good for
        the name (any certificate, with `roots` None), and the record.
    """
    t0 = trace.elapsed_s()
    link: QuicLink | None = None
    facts: TlsFacts | None = None
    failure: Failure | None = None
    try:
        async with asyncio.timeout(timeout_s):
            link = await open_quic(TracedNet(net, trace.sink), endpoint.ip, endpoint.port, server_name)
            facts = link.facts
    except NetworkFailure as error:
        failure = error.failure
        trace.note_icmp_errors(str(endpoint), error.icmp_errors)
    except TimeoutError:
        failure = df007.GENERIC_TIMEOUT
    trace.note("quic_handshake_done", str(endpoint), t0, failure, proto="udp")
    if facts is not None and roots is not None:
        failure = roots.problem(facts.peer_certificates, server_name, at)
        if failure is not None and link is not None:
            link.close()
            link = None
    certificates = facts.peer_certificates if facts else ()
    record = wire.TlsHandshake(
        network="udp",
        address=str(endpoint),
        server_name=server_name,
        failure=failure,
        cipher_suite=facts.cipher_suite if facts else "",
        tls_version=facts.version if facts else "",
        negotiated_protocol=facts.alpn if facts else "",
        no_tls_verify=roots is None,
        peer_certificates=[wire.Binary(data=base64.b64encode(one).decode("ascii")) for one in certificates],
        t0=t0,
        t=trace.elapsed_s(),
        transaction_id=trace.transaction_id,
        tags=list(trace.tags),
    )
    return link, record


def offers_quic(alt_svc: str | None) -> bool:
    """Return whether an `Alt-Svc` header (RFC 7838) offers HTTP/3 at the same host."""
    return any(one.strip().startswith(('h3=":', 'h3-29=":')) for one in (alt_svc or "").split(","))
