"""Lookups inside HTTPS (RFC 8484), where nobody on the way can answer instead."""

import asyncio
from datetime import datetime

from banwatch.model import failure as df007
from banwatch.model.errors import WireError
from banwatch.model.failure import Failure
from banwatch.net.certificates import Roots
from banwatch.net.dns import DnsReply, parse_reply_untrusted, render_question
from banwatch.net.endpoint import Endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.net.http import HttpExchange, HttpRequest, exchange
from banwatch.net.seam import Net, TlsSettings
from banwatch.probe.record import Query
from banwatch.probe.steps.dns import answers_of
from banwatch.probe.trace import Trace

_LIMIT_BYTES = 1 << 16
_ALPN = ("h2", "http/1.1")


async def lookup_doh(
    net: Net,
    resolver_ip: str,
    hostname: str,
    query_type: str,
    *,
    roots: Roots,
    at: datetime,
    timeout_s: float,
    trace: Trace,
) -> Query:
    """Ask a resolver at `https://<address>/dns-query`.

    By address, since its name would have to be resolved first; its certificate must be good for the address,
    as those of the large public resolvers are.
    """
    t0 = trace.elapsed_s()
    reply: DnsReply | None = None
    failure: Failure | None
    try:
        async with asyncio.timeout(timeout_s):
            reply = await _ask(net, resolver_ip, hostname, query_type, roots, at)
        failure = reply.failure
    except NetworkFailure as error:
        failure = error.failure
    except TimeoutError:
        failure = df007.GENERIC_TIMEOUT
    except WireError:
        failure = df007.DNS_MISBEHAVING
    answers = answers_of(reply) if reply else []
    return Query(
        hostname=hostname,
        query_type=query_type,
        engine="doh",
        resolver_address=_url(resolver_ip),
        failure=failure,
        answers=answers or None,
        rcode=reply.rcode if reply else None,
        t0=t0,
        t=trace.elapsed_s(),
        transaction_id=trace.transaction_id,
        tags=list(trace.tags),
    )


def _url(ip: str) -> str:
    return f"https://[{ip}]/dns-query" if ":" in ip else f"https://{ip}/dns-query"


async def _ask(net: Net, ip: str, hostname: str, query_type: str, roots: Roots, at: datetime) -> DnsReply:
    question = render_question(hostname, query_type, 0)  # RFC 8484 section 4.1: id 0, for caches
    endpoint = Endpoint(ip, 443)
    stream = await net.open_tcp(endpoint.ip, endpoint.port)
    try:
        tls = await net.start_tls(stream, TlsSettings(server_name=ip, alpn=_ALPN))
        problem = roots.problem(tls.facts.peer_certificates, ip, at)
        if problem is not None:
            raise NetworkFailure(problem)
        result = HttpExchange()
        await exchange(
            tls,
            HttpRequest(
                method="POST",
                scheme="https",
                authority=f"[{ip}]" if ":" in ip else ip,
                path="/dns-query",
                headers=(("Accept", "application/dns-message"), ("Content-Type", "application/dns-message")),
                body=question,
            ),
            result,
            alpn=tls.facts.alpn,
            limit_bytes=_LIMIT_BYTES,
            clock=net.clock,
        )
    finally:
        stream.close()
    if result.failure is not None:
        raise NetworkFailure(result.failure)
    if result.response is None or result.response.status != 200:
        raise NetworkFailure("http_request_failed")
    return parse_reply_untrusted(bytes(result.response.body))
