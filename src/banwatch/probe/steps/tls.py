"""TLS handshake."""

import asyncio
import base64
from datetime import datetime

from banwatch.formats.ooni import wire
from banwatch.model import failure as df007
from banwatch.model.failure import Failure
from banwatch.net.endpoint import Endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.net.seam import Net, Stream, TlsSettings, TlsStream
from banwatch.net.tls.certificates import Roots
from banwatch.probe.trace import Trace


async def tls_handshake(
    net: Net,
    stream: Stream,
    endpoint: Endpoint,
    settings: TlsSettings,
    *,
    roots: Roots | None,
    at: datetime,
    timeout_s: float,
    trace: Trace,
) -> tuple[TlsStream | None, wire.TlsHandshake]:
    """Shake hands, record the certificates, and only then verify them.

    Args:
        net: starts TLS.
        stream: a fresh connection to `endpoint`; the caller closes it, also after a failure.
        endpoint: where the stream leads to.
        settings: server name and protocols to offer.
        roots: who is trusted; None does not verify and says so in the record.
        at: the time that certificates must be valid at.
        timeout_s: deadline of the handshake.
        trace: clock, id and tags for the record.

    Returns:
        The TLS stream, where the handshake succeeded with a certificate that is good for the name, and the
        record, which has the certificates also where they were refused.
    """
    t0 = trace.elapsed_s()
    tls: TlsStream | None = None
    failure: Failure | None = None
    try:
        async with asyncio.timeout(timeout_s):
            tls = await net.start_tls(stream, settings)
    except NetworkFailure as error:
        failure = error.failure
    except TimeoutError:
        failure = df007.GENERIC_TIMEOUT
    trace.note("tls_handshake_done", str(endpoint), t0, failure)
    facts = tls.facts if tls is not None else None
    if facts is not None and roots is not None:
        # without a server name the certificate must name the address
        failure = roots.problem(facts.peer_certificates, settings.server_name or endpoint.ip, at)
        if failure is not None:
            tls = None
    record = wire.TlsHandshake(
        network="tcp",
        address=str(endpoint),
        server_name=settings.server_name or "",
        failure=failure,
        cipher_suite=facts.cipher_suite if facts else "",
        tls_version=facts.version if facts else "",
        negotiated_protocol=facts.alpn if facts else "",
        no_tls_verify=roots is None,
        peer_certificates=[
            wire.Binary(data=base64.b64encode(one).decode("ascii")) for one in facts.peer_certificates
        ]
        if facts
        else [],
        t0=t0,
        t=trace.elapsed_s(),
        transaction_id=trace.transaction_id,
        tags=list(trace.tags),
    )
    return tls, record
