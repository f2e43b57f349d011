"""The `dnscheck` nettest (OONI ts-028): does a resolver work inside TLS or HTTPS, at all its addresses."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from banwatch.formats.ooni import wire
from banwatch.model import failure as df007
from banwatch.model.failure import Failure
from banwatch.net.dns.messages import DnsReply
from banwatch.net.dns.streams import Asked, ask_https, ask_with_lengths
from banwatch.net.endpoint import Endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.net.http.target_url import parse_target_url
from banwatch.net.seam import TlsSettings, TlsStream
from banwatch.probe.nettest_context import NettestContext
from banwatch.probe.nettests.registry import Nettest, read_data
from banwatch.probe.steps.dns import answers_of
from banwatch.probe.steps.tcp import tcp_connect
from banwatch.probe.steps.tls import tls_handshake
from banwatch.probe.trace import Trace
from banwatch.probe.written_records import Query

_ADDRESSES = 4
_PORTS = {"dot": 853, "https": 443}
_HTTPS_ALPN = ("h2", "http/1.1")


class DnscheckData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Resolvers that are asked."""

    inputs: tuple[str, ...]
    addresses: Mapping[str, tuple[str, ...]]
    """Of inputs: addresses that are tried whatever the system's resolver says of their names."""


DATA = read_data("dnscheck", DnscheckData)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptedResolver:
    """A resolver that is asked inside TLS."""

    scheme: str
    """`dot` or `https`."""
    host: str
    port: int
    path: str
    """Empty for `dot`."""

    def at(self, ip: str) -> str:
        """Return the name of a lookup at one of its addresses, as OONI spells it."""
        place = f"[{ip}]" if ":" in ip else ip
        if self.scheme == "dot" or self.port != _PORTS[self.scheme]:
            place += f":{self.port}"
        return f"{self.scheme}://{place}{self.path}"


def parse_resolver(text: str) -> EncryptedResolver:
    """Read `dot://host[:port]` or `https://host/path`.

    Raises:
        ValueError: it is neither.
    """
    scheme = urlsplit(text).scheme
    if scheme not in _PORTS:
        raise ValueError(f"neither dot nor https: {scheme}")
    url = parse_target_url(text.replace("dot://", "https://", 1))
    port = _PORTS["dot"] if scheme == "dot" and urlsplit(text).port is None else url.port
    return EncryptedResolver(
        scheme=scheme, host=url.host, port=port, path=url.path if scheme == "https" else ""
    )


class _Lookup(msgspec.Struct, kw_only=True):
    """Results at one address: a small measurement of its own."""

    agent: str = "redirect"
    failed_operation: str | None = None
    failure: Failure | None = None
    network_events: list[wire.NetworkEvent]
    queries: list[Query]
    requests: None = None
    socksproxy: None = None
    tcp_connect: list[wire.TcpConnect]
    tls_handshakes: list[wire.TlsHandshake]


async def measure_dnscheck(context: NettestContext, given: str) -> Mapping[str, object]:
    """Ask a resolver for the innocent name at each of its addresses; the test keys."""
    resolver = parse_resolver(given)
    address = parse_target_url(f"https://{_bracketed(resolver.host)}/").address
    bootstrap: Mapping[str, object] | None = None
    failure: Failure | None = None
    addresses = [address] if address is not None else []
    if address is None:
        query, addresses = await context.look_up(resolver.host)
        failure = query.failure
        bootstrap = {"agent": "", "failure": failure, "queries": [query]}
    listed = [ip for ip in DATA.addresses.get(given, ()) if context.may_try(ip)]
    ips = list(dict.fromkeys((*listed, *addresses)))[:_ADDRESSES]
    found = await asyncio.gather(*(_look_up_at(context, resolver, ip) for ip in ips))
    return {
        "domain": context.settings.innocent_name,
        "bootstrap": bootstrap,
        "bootstrap_failure": failure,
        "failure": None if ips else failure,
        "lookups": {resolver.at(ip): lookup for ip, lookup in zip(ips, found, strict=True)},
    }


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def _look_up_at(context: NettestContext, resolver: EncryptedResolver, ip: str) -> _Lookup:
    lookup = _Lookup(network_events=[], queries=[], tcp_connect=[], tls_handshakes=[])
    failed: list[tuple[str, Failure]] = []
    async with context.politeness.addresses.hold(ip):
        for query_type in ("A", "AAAA"):
            trace = context.begin()
            t0 = trace.elapsed_s()
            reply: DnsReply | None = None
            try:
                reply = await _ask(context, resolver, Endpoint(ip, resolver.port), query_type, lookup, trace)
                failure = reply.failure
            except _Failed as error:
                failure = error.failure
                failed.append((error.operation, error.failure))
            lookup.queries.append(_record(context, resolver, ip, query_type, reply, failure, t0, trace))
            lookup.network_events += [
                event for event in trace.events if event.transaction_id == trace.transaction_id
            ]
    if all(query.failure is not None for query in lookup.queries):
        lookup.failed_operation, lookup.failure = (
            failed[0] if failed else ("resolve", lookup.queries[0].failure)
        )
    return lookup


class _Failed(Exception):
    def __init__(self, operation: str, failure: Failure) -> None:
        super().__init__(failure)
        self.operation = operation
        self.failure = failure


async def _ask(
    context: NettestContext,
    resolver: EncryptedResolver,
    endpoint: Endpoint,
    query_type: str,
    lookup: _Lookup,
    trace: Trace,
) -> DnsReply:
    times = context.settings.timeouts
    stream, connect = await tcp_connect(context.net, endpoint, timeout_s=times.tcp_s, trace=trace)
    lookup.tcp_connect.append(connect)
    if stream is None:
        raise _Failed("connect", (connect.status.failure if connect.status else None) or df007.EOF)
    try:
        tls, handshake = await tls_handshake(
            context.net,
            stream,
            endpoint,
            TlsSettings(
                server_name=resolver.host, alpn=_HTTPS_ALPN if resolver.scheme == "https" else ("dot",)
            ),
            roots=context.roots,
            at=context.settings.now(),
            timeout_s=times.tls_s,
            trace=trace,
        )
        lookup.tls_handshakes.append(handshake)
        if tls is None:
            raise _Failed("tls_handshake", handshake.failure or df007.EOF)
        try:
            async with asyncio.timeout(times.http_s):
                return await _put_question(context, resolver, tls, query_type)
        except TimeoutError as error:
            raise _Failed("resolve", df007.GENERIC_TIMEOUT) from error
        except NetworkFailure as error:
            raise _Failed("resolve", error.failure) from error
    finally:
        stream.close()


async def _put_question(
    context: NettestContext, resolver: EncryptedResolver, tls: TlsStream, query_type: str
) -> DnsReply:
    name = context.settings.innocent_name
    if resolver.scheme == "dot":
        asked = Asked(
            hostname=name, query_type=query_type, message_id=context.settings.rng.randrange(1 << 16)
        )
        await ask_with_lengths(tls, (asked,), context.net.clock)
    else:
        asked = Asked(hostname=name, query_type=query_type)
        port = "" if resolver.port == _PORTS["https"] else f":{resolver.port}"
        authority = _bracketed(resolver.host) + port
        await ask_https(tls, asked, authority, resolver.path, tls.facts.alpn, context.net.clock)
    if asked.reply is None:
        raise NetworkFailure(asked.failure or df007.EOF)
    return asked.reply


def _record(
    context: NettestContext,
    resolver: EncryptedResolver,
    ip: str,
    query_type: str,
    reply: DnsReply | None,
    failure: Failure | None,
    t0: float,
    trace: Trace,
) -> Query:
    answers = answers_of(reply) if reply else []
    return Query(
        hostname=context.settings.innocent_name,
        query_type=query_type,
        engine="dot" if resolver.scheme == "dot" else "doh",
        resolver_address=str(Endpoint(ip, resolver.port)) if resolver.scheme == "dot" else resolver.at(ip),
        failure=failure,
        answers=answers or None,
        rcode=reply.rcode if reply else None,
        t0=t0,
        t=trace.elapsed_s(),
        transaction_id=trace.transaction_id,
        tags=list(trace.tags),
    )


NETTEST = Nettest(
    name="dnscheck",
    version="0.9.2",
    spec="ts-028",
    purpose="Does a resolver work inside TLS or HTTPS, at all its addresses.",
    risk="It looks as if the person asked an encrypted resolver.",
    measure=measure_dnscheck,
    inputs=DATA.inputs,
    check_input=parse_resolver,
)
