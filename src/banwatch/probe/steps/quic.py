"""Shaking hands over QUIC."""

import asyncio
import base64
from datetime import datetime

from banwatch.formats.ooni import wire
from banwatch.model import failure as df007
from banwatch.model.failure import Failure
from banwatch.net.certificates import Roots
from banwatch.net.endpoint import Endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.net.quic import open_quic
from banwatch.net.seam import Net, TlsFacts
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
    """Shake hands over QUIC, record the certificates, verify them (unless `roots` is None), and close."""
    t0 = trace.elapsed_s()
    facts: TlsFacts | None = None
    failure: Failure | None = None
    try:
        async with asyncio.timeout(timeout_s):
            link = await open_quic(net, endpoint.ip, endpoint.port, server_name)
            facts = link.facts
            link.close()
    except NetworkFailure as error:
        failure = error.failure
    except TimeoutError:
        failure = df007.GENERIC_TIMEOUT
    if facts is not None and roots is not None:
        failure = roots.problem(facts.peer_certificates, server_name, at)
    certificates = facts.peer_certificates if facts else ()
    return wire.TlsHandshake(
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


def offers_quic(alt_svc: str | None) -> bool:
    """Whether an `Alt-Svc` header (RFC 7838) offers HTTP/3 at the same host."""
    return any(one.strip().startswith(('h3=":', 'h3-29=":')) for one in (alt_svc or "").split(","))
