"""Lookups over a connection: TCP in the clear, TLS (DoT), HTTPS (DoH). All types of a name go over one."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from banwatch.model import failure as df007
from banwatch.net.dns.streams import Asked, ask_http2, ask_https, ask_with_lengths
from banwatch.net.endpoint import Endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.net.http.https import open_trusted
from banwatch.net.http.request import Http2
from banwatch.net.seam import Net, Stream
from banwatch.net.tls.certificates import Roots
from banwatch.probe.steps.dns import answers_of
from banwatch.probe.steps.resolver_links import ResolverLink, ResolverLinks
from banwatch.probe.trace import Trace
from banwatch.probe.written_records import Query

_DOH_ALPN = ("h2", "http/1.1")
_DOT_ALPN = ("dot",)

Open = Callable[[], Awaitable[ResolverLink]]


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
    """Ask over TCP, in the clear, where a censor that only forges datagrams cannot answer.

    Each name has a connection of its own: a cut for one name must not be taken for another's.
    """

    async def open_link() -> ResolverLink:
        stream = await net.open_tcp(resolver.ip, resolver.port)
        return ResolverLink(stream, _with_lengths(net, stream), is_lasting=False)

    questions = _questions(hostname, query_types, rng)
    await _ask(open_link, str(resolver), ResolverLinks(), questions, timeout_s, traces[0])
    return [_record(one, "tcp", str(resolver), trace) for one, trace in zip(questions, traces, strict=True)]


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
    links: ResolverLinks,
    traces: Sequence[Trace],
) -> list[Query]:
    """Ask inside TLS (RFC 7858). The certificate must be good for the resolver's address."""

    async def open_link() -> ResolverLink:
        tls = await open_trusted(
            net, resolver.ip, resolver.port, resolver.ip, roots=roots, at=at, alpn=_DOT_ALPN
        )
        return ResolverLink(tls, _with_lengths(net, tls))

    place = f"dot://{resolver}"
    questions = _questions(hostname, query_types, rng)
    await _ask(open_link, place, links, questions, timeout_s, traces[0])
    return [_record(one, "dot", str(resolver), trace) for one, trace in zip(questions, traces, strict=True)]


async def lookup_doh_types(
    net: Net,
    resolver_ip: str,
    hostname: str,
    query_types: Sequence[str],
    *,
    roots: Roots,
    at: datetime,
    timeout_s: float,
    links: ResolverLinks,
    traces: Sequence[Trace],
) -> list[Query]:
    """Ask a resolver at `https://<address>/dns-query` (RFC 8484), over HTTP/2 where it speaks that.

    By address, since its name would have to be resolved first; its certificate must be good for the address,
    as those of the large public resolvers are.
    """
    authority = f"[{resolver_ip}]" if ":" in resolver_ip else resolver_ip
    place = f"https://{authority}/dns-query"

    async def open_link() -> ResolverLink:
        tls = await open_trusted(net, resolver_ip, 443, resolver_ip, roots=roots, at=at, alpn=_DOH_ALPN)
        alpn = tls.facts.alpn
        http2 = Http2(tls) if alpn == "h2" else None

        async def ask(questions: Sequence[Asked]) -> int:
            if http2 is not None:
                await ask_http2(http2, questions, authority, "/dns-query", net.clock)
                return len(questions)
            await ask_https(tls, questions[0], authority, "/dns-query", alpn, net.clock)
            return 1

        return ResolverLink(tls, ask, is_lasting=http2 is not None)

    questions = [Asked(hostname=hostname, query_type=one) for one in query_types]
    await _ask(open_link, place, links, questions, timeout_s, traces[0])
    return [_record(one, "doh", place, trace) for one, trace in zip(questions, traces, strict=True)]


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
    """Ask for one type only, on a connection of its own; see `lookup_doh_types`."""
    links = ResolverLinks()
    [query] = await lookup_doh_types(
        net,
        resolver_ip,
        hostname,
        (query_type,),
        roots=roots,
        at=at,
        timeout_s=timeout_s,
        links=links,
        traces=(trace,),
    )
    links.close()
    return query


def _with_lengths(net: Net, stream: Stream) -> Callable[[Sequence[Asked]], Awaitable[int]]:
    async def ask(questions: Sequence[Asked]) -> int:
        await ask_with_lengths(stream, questions, net.clock)
        return len(questions)

    return ask


def _questions(hostname: str, query_types: Sequence[str], rng: random.Random) -> list[Asked]:
    first = rng.randrange(1 << 16)
    return [
        Asked(hostname=hostname, query_type=one, message_id=(first + index) % (1 << 16))
        for index, one in enumerate(query_types)
    ]


async def _ask(
    open_link: Open,
    place: str,
    links: ResolverLinks,
    questions: Sequence[Asked],
    timeout_s: float,
    trace: Trace,
) -> None:
    """Put questions on a kept connection, or on fresh ones, and fill them in."""
    for asked in questions:
        asked.t0 = trace.elapsed_s()
    left = questions
    try:
        async with asyncio.timeout(timeout_s):
            while left:
                kept = links.take(place)
                link = kept or await open_link()
                is_good = False
                try:
                    count = await link.ask(left)
                    is_good = all(asked.reply is not None for asked in left[:count])
                except NetworkFailure:
                    if kept is None:
                        raise
                finally:
                    if is_good:
                        links.give_back(place, link)
                    else:
                        link.stream.close()
                if is_good or kept is None:  # else the kept connection was closed: ask again
                    left = left[count:]
    except NetworkFailure as error:
        trace.note_icmp_errors(place, error.icmp_errors)
        for asked in questions:
            asked.fail(error.failure)
    except TimeoutError:
        for asked in questions:
            asked.fail(df007.GENERIC_TIMEOUT)


def _record(asked: Asked, engine: str, address: str, trace: Trace) -> Query:
    reply = asked.reply
    return Query(
        hostname=asked.hostname,
        query_type=asked.query_type,
        engine=engine,
        resolver_address=address,
        failure=reply.failure if reply is not None else asked.failure,
        answers=(answers_of(reply) or None) if reply is not None else None,
        rcode=reply.rcode if reply is not None else None,
        t0=asked.t0,
        t=trace.elapsed_s() if asked.at_s is None else trace.since_zero_s(asked.at_s),
        transaction_id=trace.transaction_id,
        tags=list(trace.tags),
    )
