"""Control of a target: its names, its endpoints and its page, as seen from the helper's network."""

import asyncio
import html
import random
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar, cast

from banwatch.formats.ooni import wire
from banwatch.helper.answer_cache import AnswerCache
from banwatch.helper.budget import OutboundBudget
from banwatch.helper.guard import Guard
from banwatch.helper.settings import HelperSettings
from banwatch.model import failure as df007
from banwatch.model.failure import Failure
from banwatch.net.dns.messages import DnsReply, ask_udp
from banwatch.net.endpoint import Endpoint, parse_endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.net.http.https import start_trusted_tls
from banwatch.net.http.page_title import find_title
from banwatch.net.http.quic import open_quic
from banwatch.net.http.redirects import BAD_REDIRECT, TOO_MANY_REDIRECTS, find_redirect
from banwatch.net.http.request import Headers, HttpExchange, HttpRequest, HttpResponse, exchange
from banwatch.net.http.target_url import TargetUrl
from banwatch.net.seam import Net, Stream
from banwatch.net.tls.certificates import Roots

_ALPN = ("h2", "http/1.1")
_MAX_REDIRECTS = 10
_SHOWN_HEADERS_BYTES = 1 << 14
_AS_HELPERS_SAY = {df007.DNS_NXDOMAIN: "dns_name_error"}
"""OONI's helpers' own words; its probes report a dead name as blocked where they hear another."""
_REFUSED = "unknown_failure: the helper does not connect there"

PROBE_RESOLVED, HELPER_RESOLVED, BOGON, VALID_TLS = 1, 2, 4, 8
"""Flags of `ip_info`, as OONI's helper gives them."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lookup:
    """Addresses that a name resolved to, or the failure."""

    addresses: tuple[str, ...]
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class EndpointResult:
    """Results of one endpoint."""

    tcp_failure: Failure | None
    tls: wire.ControlTls | None


class ControlMeasurer:
    """Measurements of targets from this network.

    Args:
        net: the network to look from.
        settings: resolvers, roots, limits.
        guard: says what may be connected to.
    """

    def __init__(self, net: Net, settings: HelperSettings, guard: Guard) -> None:
        self._net = net
        self._settings = settings
        self._guard = guard
        self._roots = Roots(settings.ca_file)
        self._resolvers = [parse_endpoint(one) for one in settings.resolvers]
        self._answers = AnswerCache(settings.cache_s, net.clock)
        self._rng = random.SystemRandom()
        self._budget = OutboundBudget(
            net.clock,
            per_request=settings.connections_per_request,
            per_target=settings.connections_per_target,
            per_client=settings.connections_per_client,
        )

    def close(self) -> None:
        """Drop measurements that no caller waits for."""
        self._answers.close()

    async def measure(
        self, url: TargetUrl, endpoints: Sequence[Endpoint], headers: Headers, client: str = ""
    ) -> wire.ControlResponse:
        """Measure a URL and the endpoints that a probe's resolvers named for it, within a client's budget."""
        self._budget.begin(client)
        lookup = await self._once(("dns", url.host), partial(self._look_up, url.host))
        asked = {endpoint.ip for endpoint in endpoints}
        wanted = list(dict.fromkeys([*endpoints, *(Endpoint(ip, url.port) for ip in lookup.addresses)]))
        reachable = [one for one in wanted if self._guard.allows(one, url.port)]
        reachable = reachable[: self._settings.max_endpoints]
        results, page = await asyncio.gather(
            asyncio.gather(
                *(
                    self._once(("endpoint", one, url.host), partial(self._reach, one, url))
                    for one in reachable
                )
            ),
            self._once(("page", str(url), headers), partial(self._load, url, headers)),
        )
        quic: dict[Endpoint, wire.ControlHttpResult] = {}
        if page.discovered_h3_endpoint:
            offering = [one for one in reachable if one.port == url.port]
            if not self._net.has_ipv6:
                offering = [one for one in offering if ":" not in one.ip]
            for one in sorted(offering, key=lambda one: ":" in one.ip)[:1]:
                quic[one] = await self._once(
                    ("quic", one, str(url)), partial(self._load_quic, one, url, headers)
                )
        return self._render(url, lookup, asked, dict(zip(reachable, results, strict=True)), page, quic)

    async def _once(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        return cast(T, await self._answers.get(key, make))

    def _render(
        self,
        url: TargetUrl,
        lookup: Lookup,
        asked: set[str],
        results: dict[Endpoint, EndpointResult],
        page: wire.ControlHttpResult,
        quic: dict[Endpoint, wire.ControlHttpResult],
    ) -> wire.ControlResponse:
        valid = {one.ip for one, result in results.items() if result.tls is not None and result.tls.status}
        info = {
            ip: wire.ControlIpInfo(
                asn=int(self._settings.asn_of(ip)) if self._settings.asn_of else 0,
                flags=(PROBE_RESOLVED if ip in asked else 0)
                | (HELPER_RESOLVED if ip in lookup.addresses else 0)
                | (BOGON if self._guard.is_bogon(ip) else 0)
                | (VALID_TLS if ip in valid else 0),
            )
            for ip in sorted(asked | set(lookup.addresses))
        }
        return wire.ControlResponse(
            tcp_connect={
                str(one): wire.ControlTcp(status=result.tcp_failure is None, failure=result.tcp_failure)
                for one, result in results.items()
            },
            tls_handshake={str(one): result.tls for one, result in results.items() if result.tls is not None},
            quic_handshake={
                str(one): wire.ControlTls(
                    server_name=url.host, status=result.failure is None, failure=result.failure
                )
                for one, result in quic.items()
            },
            http_request=page,
            http3_request=next(iter(quic.values()), None),
            dns=wire.ControlDns(
                failure=_AS_HELPERS_SAY.get(lookup.failure or "", lookup.failure),
                addrs=list(lookup.addresses),
            ),
            ip_info=info,
        )

    async def _look_up(self, host: str) -> Lookup:
        """Ask every resolver; the addresses of all count, in their order."""
        address = TargetUrl(scheme="http", host=host, port=80, path="/").address
        if address is not None:
            return Lookup((address,), None)
        if not self._resolvers:
            return await self._ask_system(host)
        asked = await asyncio.gather(
            *(self._ask(resolver, host, kind) for kind in ("A", "AAAA") for resolver in self._resolvers)
        )
        replies = [reply for reply in asked if isinstance(reply, DnsReply)]
        addresses = tuple(dict.fromkeys(ip for reply in replies for ip in reply.addresses))
        if addresses:
            return Lookup(addresses, None)
        failures = [one.failure if isinstance(one, DnsReply) else one for one in asked]
        failure = next((one for one in failures if one not in (None, df007.DNS_NO_ANSWER)), None)
        return Lookup((), failure)  # a name without addresses is no failure to OONI's helper either

    async def _ask(self, resolver: Endpoint, host: str, kind: str) -> DnsReply | Failure:
        timeout_s = self._settings.step_timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                return await ask_udp(
                    self._net,
                    resolver,
                    host,
                    kind,
                    message_id=self._rng.randrange(1 << 16),
                    resend_s=timeout_s / 3,
                )
        except NetworkFailure as error:
            return error.failure
        except TimeoutError:
            return df007.GENERIC_TIMEOUT

    async def _ask_system(self, host: str) -> Lookup:
        try:
            async with asyncio.timeout(self._settings.step_timeout_s):
                return Lookup(await self._net.resolve(host), None)
        except NetworkFailure as error:
            return Lookup((), None if error.failure == df007.DNS_NO_ANSWER else error.failure)
        except TimeoutError:
            return Lookup((), df007.GENERIC_TIMEOUT)

    async def _reach(self, endpoint: Endpoint, url: TargetUrl) -> EndpointResult:
        timeout_s = self._settings.step_timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                self._budget.take(endpoint.ip)
                stream = await self._net.open_tcp(endpoint.ip, endpoint.port)
        except NetworkFailure as error:
            return EndpointResult(error.failure, None)
        except TimeoutError:
            return EndpointResult(df007.GENERIC_TIMEOUT, None)
        try:
            if not (url.is_tls and endpoint.port == url.port) and endpoint.port != 443:
                return EndpointResult(None, None)
            failure: Failure | None = None
            try:
                async with asyncio.timeout(timeout_s):
                    await self._start_tls(stream, url.host)
            except NetworkFailure as error:
                failure = error.failure
            except TimeoutError:
                failure = df007.GENERIC_TIMEOUT
            return EndpointResult(
                None, wire.ControlTls(server_name=url.host, status=failure is None, failure=failure)
            )
        finally:
            stream.close()

    async def _start_tls(self, stream: Stream, host: str) -> tuple[Stream, str]:
        at = self._settings.now()
        tls = await start_trusted_tls(self._net, stream, host, roots=self._roots, at=at, alpn=_ALPN)
        return tls, tls.facts.alpn

    async def _load(self, url: TargetUrl, headers: Headers) -> wire.ControlHttpResult:
        """Fetch a page as a browser would, redirects and all."""
        try:
            async with asyncio.timeout(self._settings.total_timeout_s * 0.7):
                response, asked_s = await self._follow(url, headers)
        except NetworkFailure as error:
            return _failed_page(error.failure)
        except TimeoutError:
            return _failed_page(df007.GENERIC_TIMEOUT)
        came_s = response.arrivals[-1][0] if response.arrivals else None
        return _page(url, response, round(came_s - asked_s, 6) if came_s is not None else None)

    async def _load_quic(
        self, endpoint: Endpoint, url: TargetUrl, headers: Headers
    ) -> wire.ControlHttpResult:
        """Fetch the page over HTTP/3, without following where it redirects."""
        result = HttpExchange()
        request = HttpRequest(scheme=url.scheme, authority=url.authority, path=url.path, headers=headers)
        try:
            async with asyncio.timeout(self._settings.step_timeout_s):
                self._budget.take(endpoint.ip)
                link = await open_quic(self._net, endpoint.ip, endpoint.port, url.host)
                try:
                    chain = link.facts.peer_certificates if link.facts else ()
                    problem = self._roots.problem(chain, url.host, self._settings.now())
                    if problem is not None:
                        raise NetworkFailure(problem)
                    await link.request(request, result, self._settings.body_limit_bytes)
                finally:
                    link.close()
        except NetworkFailure as error:
            return _failed_page(error.failure)
        except TimeoutError:
            return _failed_page(df007.GENERIC_TIMEOUT)
        return _page(url, result.response) if result.response is not None else _failed_page(df007.EOF)

    async def _follow(self, url: TargetUrl, headers: Headers) -> tuple[HttpResponse, float]:
        """Return the response at the end of all redirects, and when its connection was begun."""
        asked_port = url.port
        for _ in range(_MAX_REDIRECTS + 1):
            asked_s = self._net.clock()
            response = await self._fetch(url, headers, asked_port)
            try:
                target = find_redirect(url, response)
            except ValueError as error:
                raise NetworkFailure(BAD_REDIRECT) from error
            if target is None:
                return response, asked_s
            url = target
        raise NetworkFailure(TOO_MANY_REDIRECTS)

    async def _fetch(self, url: TargetUrl, headers: Headers, asked_port: int) -> HttpResponse:
        """Fetch one URL from the first of its addresses that serves it."""
        lookup: Lookup = await self._once(("dns", url.host), partial(self._look_up, url.host))
        endpoints = [Endpoint(ip, url.port) for ip in lookup.addresses]
        allowed = [one for one in endpoints if self._guard.allows(one, asked_port)]
        allowed = [one for one in allowed if ":" not in one.ip or self._net.has_ipv6]
        if not allowed:
            raise NetworkFailure(_REFUSED if endpoints else lookup.failure or df007.DNS_NO_ANSWER)
        failed = NetworkFailure(df007.GENERIC_TIMEOUT)
        for endpoint in allowed[:3]:
            try:
                return await self._fetch_from(endpoint, url, headers)
            except NetworkFailure as error:
                failed = error
        raise failed

    async def _fetch_from(self, endpoint: Endpoint, url: TargetUrl, headers: Headers) -> HttpResponse:
        try:
            async with asyncio.timeout(self._settings.step_timeout_s):
                self._budget.take(endpoint.ip)
                transport = await self._net.open_tcp(endpoint.ip, endpoint.port)
        except TimeoutError as error:
            raise NetworkFailure(df007.GENERIC_TIMEOUT) from error
        try:
            stream, alpn = transport, ""
            result = HttpExchange()
            try:
                async with asyncio.timeout(self._settings.step_timeout_s * 2):
                    if url.is_tls:
                        stream, alpn = await self._start_tls(transport, url.host)
                    await exchange(
                        stream,
                        HttpRequest(
                            scheme=url.scheme, authority=url.authority, path=url.path, headers=headers
                        ),
                        result,
                        alpn=alpn,
                        limit_bytes=self._settings.body_limit_bytes,
                        clock=self._net.clock,
                    )
            except TimeoutError:
                result.failure = df007.GENERIC_TIMEOUT
        finally:
            transport.close()
        if result.failure is not None or result.response is None:
            raise NetworkFailure(result.failure or df007.EOF)
        return result.response


def _failed_page(failure: Failure) -> wire.ControlHttpResult:
    return wire.ControlHttpResult(
        body_length=-1, discovered_h3_endpoint="", failure=failure, title="", headers={}, status_code=-1
    )


def _page(url: TargetUrl, response: HttpResponse, took_s: float | None = None) -> wire.ControlHttpResult:
    title = html.unescape((find_title(bytes(response.body)) or b"").decode("utf-8", "replace")).strip()
    shown: dict[str, wire.Text] = {}
    left_bytes = _SHOWN_HEADERS_BYTES
    for name, value in response.headers:
        left_bytes -= len(name) + len(value)
        if left_bytes < 0:
            break  # a flood of headers is no evidence, and would be kept and sent on
        shown.setdefault("-".join(part.capitalize() for part in name.split("-")), value)
    return wire.ControlHttpResult(
        body_length=len(response.body),
        discovered_h3_endpoint=_h3_endpoint(url, response),
        failure=None,
        title=title,
        headers=shown,
        status_code=response.status,
        x_body_s=took_s,
    )


def _h3_endpoint(url: TargetUrl, response: HttpResponse) -> str:
    """Return where the site offers HTTP/3 (RFC 7838), as `host:port`; empty where it does not."""
    for one in (response.header("alt-svc") or "").split(","):
        protocol, _, where = one.strip().partition("=")
        port = where.partition(";")[0].strip('"').removeprefix(":")
        if protocol == "h3" and url.is_tls and port == str(url.port):
            return f"{url.host}:{port}"
    return ""
