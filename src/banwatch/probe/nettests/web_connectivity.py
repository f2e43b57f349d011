"""The `web_connectivity` nettest: can a person here open this page, and what stands in the way if not.

Each redirect is a hop of its own: the name is asked of every resolver, every address is tried, and over the
first good connection the page is fetched. Follow-ups (see `follow_ups`) go on where a result leaves a doubt.
"""

import asyncio

import msgspec

from banwatch.formats.ooni import wire
from banwatch.model.failure import UNKNOWN_FAILURE_PREFIX, Failure
from banwatch.net.addresses import interleave, may_be_measured
from banwatch.net.endpoint import Endpoint, parse_endpoint
from banwatch.net.http.request import HttpRequest, HttpResponse
from banwatch.net.http.target_url import TargetUrl, parse_target_url, registrable_domain
from banwatch.net.seam import Net, Stream, TlsSettings
from banwatch.net.tls.certificates import Roots
from banwatch.probe.follow_ups.connection import after_connect, after_handshake
from banwatch.probe.follow_ups.context import Context
from banwatch.probe.follow_ups.names import (
    NameFindings,
    after_names,
    resolvers_in_doubt,
    try_resolvers,
)
from banwatch.probe.follow_ups.requests import after_other_page, after_request
from banwatch.probe.follow_ups.speed import after_page
from banwatch.probe.load import Load
from banwatch.probe.politeness import Politeness
from banwatch.probe.record import WebConnectivityKeys
from banwatch.probe.settings import Settings
from banwatch.probe.steps.control import ask_helper, make_control_request
from banwatch.probe.steps.http import BROWSER_HEADERS, Fetched, http_get
from banwatch.probe.steps.quic import offers_quic
from banwatch.probe.steps.tcp import tcp_connect
from banwatch.probe.steps.tls import tls_handshake
from banwatch.probe.steps.transfer import with_control
from banwatch.probe.trace import Trace
from banwatch.probe.web.cookies import CookieJar
from banwatch.probe.web.hop import Hop, find_next_hop
from banwatch.probe.web.http3 import Http3
from banwatch.probe.web.lookups import Lookups
from banwatch.probe.web.permit import FetchPermit
from banwatch.probe.web.records import Records
from banwatch.probe.web.summary import Findings, Summary, compare_http3, summarize

TEST_NAME = "web_connectivity"
TEST_VERSION = "0.5.0"
ALPN = ("h2", "http/1.1")
_FIRST_ID = {
    "getaddrinfo": 10001,
    "udp": 20001,
    "tcp": 25001,
    "dot": 27001,
    "https_record": 28001,
    "doh": 30001,
    "http": 40001,
    "https": 50001,
    "quic": 55001,
}
"""Where OONI's probe has ids, they are its own."""
_RETRIED_ENGINES = frozenset({"getaddrinfo", "udp", "doh"})
_DATAGRAM_ENGINES = frozenset({"getaddrinfo", "udp"})
"""Those who are easily answered for by others, and whose answers may so leave a doubt."""
_ADDRESSES_AFTER_REDIRECT = 2
"""A redirect's own host is rarely what is announced as banned: fewer of its addresses are enough."""


class WebConnectivity:
    """One measurement of one URL.

    Args:
        net: the network to measure.
        settings: where the probe stands and how it measures.
        roots: the authorities to trust.
        politeness: shared by all measurements of a session.
        load: shared too; tells how slow everything is.
    """

    def __init__(
        self, net: Net, settings: Settings, roots: Roots, politeness: Politeness, load: Load
    ) -> None:
        self._net = net
        self._settings = settings
        self._roots = roots
        self._politeness = politeness
        self._load = load
        self._at = settings.now()
        self._trace = Trace(clock=net.clock, zero_s=net.clock())
        self._records = Records()
        self._ids = dict(_FIRST_ID)
        self._lookups = Lookups(
            net, settings, roots, load, politeness.resolver_links, self._records, self._transaction
        )
        self._http3 = Http3(net, settings, roots, self._records, self._transaction)
        self._cookies = CookieJar()
        self._control_request: wire.ControlRequest | None = None
        self._control: wire.ControlResponse | None = None
        self._control_failure: Failure | None = None
        self._last_failure: Failure | None = None
        self._follow_up = Context(net, settings, self._trace, self._records, roots, politeness, load)

    async def measure(self, url: TargetUrl) -> WebConnectivityKeys:
        """Measure a URL and what it redirects to."""
        try:
            async with self._load.measuring():
                async with asyncio.TaskGroup() as background:
                    await self._follow(url, background)
                await after_names(self._follow_up, self._name_findings(url))
                await self._look_at_other_page(url)
        finally:
            self._lookups.close()
        return self._keys()

    async def _follow(self, url: TargetUrl, background: asyncio.TaskGroup) -> None:
        hop: Hop | None = Hop(url, 0)
        while hop is not None:
            async with self._politeness.domains.hold(registrable_domain(hop.url.host)):
                response = await self._measure_hop(hop, background)
            hop = self._next_hop(hop, response)

    async def _measure_hop(self, hop: Hop, background: asyncio.TaskGroup) -> HttpResponse | None:
        sources = await self._look_up(hop, background)
        limit = self._settings.max_addresses if hop.depth == 0 else _ADDRESSES_AFTER_REDIRECT
        wanted = [
            ip
            for ip in interleave(sources)
            if may_be_measured(ip, self._settings.measure_private) and (":" not in ip or self._net.has_ipv6)
        ]
        endpoints = [Endpoint(ip, hop.url.port) for ip in wanted[:limit]]
        if hop.depth == 0:
            background.create_task(self._ask_control(hop.url, endpoints))
        of_system = set(sources[0])
        permit = FetchPermit(sum(endpoint.ip in of_system for endpoint in endpoints))
        async with asyncio.TaskGroup() as attempts:
            running = [
                attempts.create_task(self._try(hop, endpoint, permit, endpoint.ip in of_system))
                for endpoint in endpoints
            ]
        fetched = [task.result() for task in running]
        return next((one.response for one in fetched if one is not None and one.response is not None), None)

    def _transaction(self, kind: str, *tags: str) -> Trace:
        return self._trace.transaction(self._next_id(kind), *tags)

    def _next_id(self, kind: str) -> int:
        self._ids[kind] += 1
        return self._ids[kind] - 1

    async def _look_up(self, hop: Hop, background: asyncio.TaskGroup) -> list[list[str]]:
        """Ask every resolver; the addresses that each named, the system's first."""
        if hop.url.address is not None:
            return [[hop.url.address]]
        queries, sources = await self._lookups.look_up(hop.url.host, hop.depth, background)
        # the system's own resolver, asked raw, has no address here: `getaddrinfo` stands for it
        named = [one for one in queries if one.engine == "getaddrinfo" or one.resolver_address]
        in_doubt = resolvers_in_doubt([query for query in named if query.engine in _RETRIED_ENGINES])
        if in_doubt and hop.depth == 0 and self._settings.follow_ups:
            background.create_task(try_resolvers(self._follow_up, hop.url.host, in_doubt))
        return sources

    async def _ask_control(self, url: TargetUrl, endpoints: list[Endpoint]) -> None:
        self._control_request = make_control_request(url, endpoints)
        if self._settings.helper_url is None:
            self._control_failure = f"{UNKNOWN_FAILURE_PREFIX}no helper was given"
            return
        self._control, self._control_failure = await ask_helper(
            self._net,
            parse_target_url(self._settings.helper_url),
            self._control_request,
            roots=self._roots,
            at=self._at,
            timeout_s=self._settings.timeouts.control_s,
        )

    async def _try(
        self, hop: Hop, endpoint: Endpoint, permit: FetchPermit, of_system: bool
    ) -> Fetched | None:
        """Try one address: connect, shake hands, and fetch where this is the first that could."""
        try:
            async with self._politeness.addresses.hold(endpoint.ip):
                return await self._try_alone(hop, endpoint, permit, of_system)
        finally:
            permit.give_up(of_system)

    async def _try_alone(
        self, hop: Hop, endpoint: Endpoint, permit: FetchPermit, of_system: bool
    ) -> Fetched | None:
        tags = [f"depth={hop.depth}", "fetch_body=true"]
        if hop.depth == 0:
            tags.insert(0, "tcptls_experiment")
        if of_system:
            tags.insert(0, "classic")
        trace = self._trace.transaction(self._next_id(hop.url.scheme), *tags)
        stream, connect = await tcp_connect(
            self._net, endpoint, timeout_s=self._settings.timeouts.tcp_s, trace=trace
        )
        self._records.tcp_connects.append(connect)
        if stream is None:
            self._note_failure(connect.status.failure if connect.status else None)
            await after_connect(self._follow_up, endpoint, connect, hop.depth)
            return None
        self._load.note_step((connect.t or 0) - (connect.t0 or 0), self._settings.timeouts.tcp_s)
        transport, alpn = stream, ""
        try:
            if hop.url.is_tls:
                settings = TlsSettings(server_name=hop.url.host, alpn=ALPN)
                tls, handshake = await tls_handshake(
                    self._net,
                    stream,
                    endpoint,
                    settings,
                    roots=self._roots,
                    at=self._at,
                    timeout_s=self._settings.timeouts.tls_s,
                    trace=trace,
                )
                self._records.tls_handshakes.append(handshake)
                if tls is None:
                    self._note_failure(handshake.failure)
                    await after_handshake(self._follow_up, hop.url, endpoint, handshake, hop.depth)
                    await self._try_http3(hop, endpoint, None)
                    return None
                self._load.note_step((handshake.t or 0) - (handshake.t0 or 0), self._settings.timeouts.tls_s)
                stream, alpn = tls, handshake.negotiated_protocol or ""
            if not await permit.claim(of_system):
                return None
            fetched = await self._fetch(hop, endpoint, stream, alpn, trace)
        finally:
            self._records.note_tcp_info(transport, str(endpoint), trace)
            stream.close()
        await after_request(self._follow_up, hop.url, endpoint, fetched.record, hop.depth)
        await after_page(self._follow_up, fetched, hop.depth)
        await self._try_http3(hop, endpoint, fetched.response)
        return fetched

    async def _try_http3(self, hop: Hop, endpoint: Endpoint, response: HttpResponse | None) -> None:
        """Fetch the input's page over HTTP/3 too, where the site or a setting says so."""
        how = self._settings.http3
        if hop.depth > 0 or not hop.url.is_tls or how == "never":
            return
        offered = response is not None and offers_quic(response.header("alt-svc"))
        if how == "always" or offered or self._lookups.offers_http3(hop.url.host):
            await self._http3.fetch(hop.url.host, self._request(hop), endpoint, hop.depth)

    def _request(self, hop: Hop) -> HttpRequest:
        headers = BROWSER_HEADERS
        if hop.referer:
            headers += (("Referer", hop.referer),)
        cookies = self._cookies.header(hop.url)
        if cookies:
            headers += (("Cookie", cookies),)
        return HttpRequest(
            scheme=hop.url.scheme, authority=hop.url.authority, path=hop.url.path, headers=headers
        )

    async def _fetch(self, hop: Hop, endpoint: Endpoint, stream: Stream, alpn: str, trace: Trace) -> Fetched:
        fetched = await http_get(
            stream,
            endpoint,
            self._request(hop),
            alpn=alpn,
            transport="tcp",
            timeout_s=self._settings.timeouts.http_s,
            limit_bytes=self._settings.body_limit_bytes,
            scrub=self._follow_up.scrub(),
            trace=trace,
        )
        self._records.requests.insert(0, fetched.record)  # the latest comes first
        self._note_failure(fetched.record.failure)
        return fetched

    def _next_hop(self, hop: Hop, response: HttpResponse | None) -> Hop | None:
        if response is not None:
            self._cookies.keep(hop.url, response.headers)
        found = find_next_hop(hop, response, self._settings.max_redirects)
        if isinstance(found, str):
            self._fail_last_request(found)
            return None
        return found

    def _fail_last_request(self, failure: Failure) -> None:
        self._records.requests[0] = msgspec.structs.replace(self._records.requests[0], failure=failure)
        self._note_failure(failure)

    def _note_failure(self, failure: Failure | None) -> None:
        self._last_failure = failure or self._last_failure

    async def _look_at_other_page(self, url: TargetUrl) -> None:
        """Follow up where the input's own plain page is unlike the control's."""
        first = self._records.first_page()
        if first is None or url.is_tls or first.response is None or first.failure is not None:
            return
        ours = self._summarize()
        differs = False in (ours.status_code_match, ours.body_length_match, ours.title_match)
        code = first.response.code or 0
        if differs or (code // 100 == 4 or code // 100 == 5):
            endpoint = parse_endpoint(first.address or "")
            await after_other_page(self._follow_up, url, endpoint)

    def _name_findings(self, url: TargetUrl) -> NameFindings:
        shakes = self._records.tls_handshakes
        return NameFindings(
            hostname=url.host,
            queries=[
                query
                for query in self._records.queries
                if query.hostname == url.host and query.engine in _DATAGRAM_ENGINES
            ],
            late=[late for late in self._lookups.late() if late.hostname == url.host],
            verified=frozenset(
                (shake.address or "").rpartition(":")[0].strip("[]")
                for shake in shakes
                if shake.failure is None and not shake.no_tls_verify
            ),
            control=self._control,
        )

    def _summarize(self) -> Summary:
        records = self._records
        return summarize(
            Findings(
                queries=records.queries,
                tcp_connects=records.tcp_connects,
                tls_handshakes=records.tls_handshakes,
                requests=records.requests,
                control=self._control,
                last_failure=self._last_failure,
                is_tls=bool(
                    self._control_request and (self._control_request.http_request or "")[:6] == "https:"
                ),
            )
        )

    def _keys(self) -> WebConnectivityKeys:
        records = self._records
        summary = self._summarize()
        return WebConnectivityKeys(
            queries=records.queries,
            tcp_connect=records.tcp_connects,
            tls_handshakes=records.tls_handshakes,
            quic_handshakes=records.quic_handshakes,
            requests=records.requests,
            network_events=self._trace.events,
            x_dns_duplicate_responses=self._lookups.late(),
            x_https_records=records.service_queries,
            x_tcp_info=records.tcp_infos,
            x_localization=records.localizations,
            x_icmp_errors=self._trace.icmp_errors,
            x_throttling=with_control(records.throttling, self._control),
            x_probe_lag_s=round(self._load.worst_lag_s(self._trace.zero_s), 3),
            x_slowest_step=round(self._load.slowest_step(self._trace.zero_s), 3),
            x_control_request=self._control_request,
            control=self._control,
            control_failure=self._control_failure,
            dns_experiment_failure=summary.dns_experiment_failure,
            dns_consistency=summary.dns_consistency,
            http_experiment_failure=summary.http_experiment_failure,
            x_http3=compare_http3(records.requests, self._control),
            body_proportion=summary.body_proportion,
            body_length_match=summary.body_length_match,
            headers_match=summary.headers_match,
            status_code_match=summary.status_code_match,
            title_match=summary.title_match,
            blocking=summary.blocking,
            accessible=summary.accessible,
        )
