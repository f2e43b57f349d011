"""Lookups over a connection: TCP in the clear, TLS (DoT), HTTPS (DoH). All types of a name go over one."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from banwatch.model import failure as df007
from banwatch.net.certificates import Roots
from banwatch.net.dns_streams import Asked, ask_https, ask_with_lengths
from banwatch.net.endpoint import Endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.net.https import start_trusted_tls
from banwatch.net.seam import Net, Stream
from banwatch.probe.record import Query
from banwatch.probe.steps.dns import answers_of
from banwatch.probe.trace import Trace

_DOH_ALPN = ("h2", "http/1.1")
_DOT_ALPN = ("dot",)

Ask = Callable[[Stream, Sequence[Asked]], Awaitable[int]]
"""Puts questions on a fresh connection; says how many it put."""


async def lookup_tcp(
    net: Net,
    resolver: Endpoint,
    hostname: str,
    query_types: Sequence[str],
    *,
    timeout_s: float,
    rng: random.Random,
    traces: Sequence[Trace],
) -> list[Query]:
    """Ask over TCP, in the clear: whoever only forges datagrams is no match for it."""

    async def ask(stream: Stream, questions: Sequence[Asked]) -> int:
        await ask_with_lengths(stream, questions, net.clock)
        return len(questions)

    questions = _questions(hostname, query_types, rng)
    return await _look_up(net, resolver, questions, ask, "tcp", str(resolver), timeout_s, traces)


async def lookup_dot(
    net: Net,
    resolver: Endpoint,
    hostname: str,
    query_types: Sequence[str],
    *,
    roots: Roots,
    at: datetime,
    timeout_s: float,
    rng: random.Random,
    traces: Sequence[Trace],
) -> list[Query]:
    """Ask inside TLS (RFC 7858). The certificate must be good for the resolver's address."""

    async def ask(stream: Stream, questions: Sequence[Asked]) -> int:
        tls = await start_trusted_tls(net, stream, resolver.ip, roots=roots, at=at, alpn=_DOT_ALPN)
        await ask_with_lengths(tls, questions, net.clock)
        return len(questions)

    questions = _questions(hostname, query_types, rng)
    return await _look_up(net, resolver, questions, ask, "dot", str(resolver), timeout_s, traces)


async def lookup_doh_types(
    net: Net,
    resolver_ip: str,
    hostname: str,
    query_types: Sequence[str],
    *,
    roots: Roots,
    at: datetime,
    timeout_s: float,
    traces: Sequence[Trace],
) -> list[Query]:
    """Ask a resolver at `https://<address>/dns-query` (RFC 8484), over HTTP/2 where it speaks that.

    By address, since its name would have to be resolved first; its certificate must be good for the address,
    as those of the large public resolvers are.
    """
    authority = f"[{resolver_ip}]" if ":" in resolver_ip else resolver_ip

    async def ask(stream: Stream, questions: Sequence[Asked]) -> int:
        tls = await start_trusted_tls(net, stream, resolver_ip, roots=roots, at=at, alpn=_DOH_ALPN)
        return await ask_https(tls, questions, authority, "/dns-query", tls.facts.alpn, net.clock)

    url = f"https://{authority}/dns-query"
    questions = [Asked(hostname=hostname, query_type=one) for one in query_types]
    return await _look_up(net, Endpoint(resolver_ip, 443), questions, ask, "doh", url, timeout_s, traces)


def _questions(hostname: str, query_types: Sequence[str], rng: random.Random) -> list[Asked]:
    first = rng.randrange(1 << 16)
    return [
        Asked(hostname=hostname, query_type=one, message_id=(first + index) % (1 << 16))
        for index, one in enumerate(query_types)
    ]


async def _look_up(
    net: Net,
    resolver: Endpoint,
    questions: list[Asked],
    ask: Ask,
    engine: str,
    address: str,
    timeout_s: float,
    traces: Sequence[Trace],
) -> list[Query]:
    t0 = traces[0].elapsed_s()
    left: Sequence[Asked] = questions
    try:
        async with asyncio.timeout(timeout_s):
            while left:
                stream = await net.open_tcp(resolver.ip, resolver.port)
                try:
                    left = left[await ask(stream, left) :]
                finally:
                    stream.close()
    except NetworkFailure as error:
        traces[0].note_icmp_errors(str(resolver), error.icmp_errors)
        for asked in questions:
            asked.fail(error.failure)
    except TimeoutError:
        for asked in questions:
            asked.fail(df007.GENERIC_TIMEOUT)
    return [
        _record(asked, engine, address, t0, trace) for asked, trace in zip(questions, traces, strict=True)
    ]


def _record(asked: Asked, engine: str, address: str, t0: float, trace: Trace) -> Query:
    reply = asked.reply
    return Query(
        hostname=asked.hostname,
        query_type=asked.query_type,
        engine=engine,
        resolver_address=address,
        failure=reply.failure if reply is not None else asked.failure,
        answers=(answers_of(reply) or None) if reply is not None else None,
        rcode=reply.rcode if reply is not None else None,
        t0=t0,
        t=trace.elapsed_s() if asked.at_s is None else trace.since_zero_s(asked.at_s),
        transaction_id=trace.transaction_id,
        tags=list(trace.tags),
    )
