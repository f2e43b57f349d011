"""The `web_connectivity` nettest: can a person here open this page, and what stands in the way if not.

Each redirect is a hop of its own: the name is asked of every resolver, every address is tried, and over the
first good connection the page is fetched. Follow-ups (see `follow_ups`) go on where a result leaves a doubt.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from banwatch.formats.ooni import wire
from banwatch.model.failure import UNKNOWN_FAILURE_PREFIX, Failure
from banwatch.net.addresses import interleave, may_be_measured
from banwatch.net.endpoint import Endpoint, parse_endpoint
from banwatch.net.http.request import HttpResponse
from banwatch.net.http.target_url import TargetUrl, parse_target_url, registrable_domain
from banwatch.probe.follow_ups.context import FollowUpContext
from banwatch.probe.follow_ups.names import (
    NameFindings,
    after_names,
    resolvers_in_doubt,
    try_resolvers,
)
from banwatch.probe.follow_ups.requests import HTTPS_PORT, after_other_page
from banwatch.probe.nettest_context import NettestContext
from banwatch.probe.nettests.registry import Nettest
from banwatch.probe.step_records import StepRecords
from banwatch.probe.steps.control import ask_helper, make_control_request
from banwatch.probe.steps.transfer import with_control
from banwatch.probe.web.cookies import CookieJar
from banwatch.probe.web.hop import Hop, find_next_hop
from banwatch.probe.web.http3 import Http3
from banwatch.probe.web.lookups import Lookups
from banwatch.probe.web.page_attempts import PageAttempts
from banwatch.probe.web.page_claim import PageClaim
from banwatch.probe.web.summary import Findings, Summary, compare_http3, summarize
from banwatch.probe.web.transactions import Transactions
from banwatch.probe.written_records import WebConnectivityKeys

_RETRIED_ENGINES = frozenset({"getaddrinfo", "udp", "doh"})
_DATAGRAM_ENGINES = frozenset({"getaddrinfo", "udp"})
"""Engines whose answers are easily forged, and so may leave a doubt."""
_ADDRESSES_AFTER_REDIRECT = 2
"""A redirect's own host is rarely what is announced as banned: fewer of its addresses are enough."""


class WebConnectivity:
    """A measurement of one URL.

    Args:
        context: the network, the settings, and what the measurements of a session share.
    """

    def __init__(self, context: NettestContext) -> None:
        net, settings, roots = context.net, context.settings, context.roots
        self._net = net
        self._settings = settings
        self._roots = roots
        self._politeness = context.politeness
        self._lag = context.lag
        self._at = settings.now()
        self._trace = context.trace
        self._records = StepRecords()
        transactions = Transactions(self._trace)
        self._lookups = Lookups(
            net,
            settings,
            roots,
            context.lag,
            context.politeness.resolver_links,
            self._records,
            transactions.begin,
        )
        self._cookies = CookieJar()
        self._follow_up = FollowUpContext(
            net, settings, self._trace, self._records, roots, context.politeness, context.lag
        )
        self._attempts = PageAttempts(
            self._follow_up,
            transactions,
            self._lookups,
            Http3(net, settings, roots, self._records, transactions.begin),
            self._cookies,
        )
        self._control_request: wire.ControlRequest | None = None
        self._control: wire.ControlResponse | None = None
        self._control_of_twin: wire.ControlResponse | None = None
        self._control_failure: Failure | None = None

    async def measure(self, url: TargetUrl) -> WebConnectivityKeys:
        """Measure a URL and what it redirects to."""
        try:
            async with self._lag.measuring():
                async with asyncio.TaskGroup() as background:
                    await self._follow(url, background)
                await after_names(self._follow_up, self._name_findings(url))
                await self._follow_up_other_page(url)
                await self._ask_control_of_twin()
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
        claim = PageClaim(sum(endpoint.ip in of_system for endpoint in endpoints))
        async with asyncio.TaskGroup() as attempts:
            running = [
                attempts.create_task(self._attempts.attempt(hop, endpoint, claim, endpoint.ip in of_system))
                for endpoint in endpoints
            ]
        fetched = [task.result() for task in running]
        return next((one.response for one in fetched if one is not None and one.response is not None), None)

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
        asked = endpoints
        if not url.is_tls:  # what the control finds there tells whether an encrypted page is cut off
            asked = endpoints + [Endpoint(one.ip, HTTPS_PORT) for one in endpoints]
        self._control_request = make_control_request(url, asked)
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

    async def _ask_control_of_twin(self) -> None:
        """Ask the helper for the page that a slow one was compared with: a loaded helper is slow for both."""
        settings, compared = self._settings, self._records.throttling
        if compared is None or self._control is None or not (settings.twin_url and settings.helper_url):
            return
        self._control_of_twin, _ = await ask_helper(
            self._net,
            parse_target_url(settings.helper_url),
            make_control_request(parse_target_url(settings.twin_url), []),
            roots=self._roots,
            at=self._at,
            timeout_s=settings.timeouts.control_s,
        )

    def _next_hop(self, hop: Hop, response: HttpResponse | None) -> Hop | None:
        if response is not None:
            self._cookies.keep(hop.url, response.headers)
        found = find_next_hop(hop, response, self._settings.max_redirects)
        if isinstance(found, str):
            self._attempts.fail_last_request(found)
            return None
        return found

    async def _follow_up_other_page(self, url: TargetUrl) -> None:
        """Follow up where the input's own plain page is unlike the control's."""
        first = self._records.first_page()
        if first is None or url.is_tls or first.response is None or first.failure is not None:
            return
        ours = self._summarize()
        differs = False in (ours.status_code_match, ours.body_length_match, ours.title_match)
        code = first.response.code or 0
        refused = code // 100 in (4, 5) or (code // 100 == 2 and not first.response.body)
        if differs or refused:
            endpoint = parse_endpoint(first.address or "")
            await after_other_page(self._follow_up, url, endpoint, refused=refused)

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
                last_failure=self._attempts.last_failure,
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
            x_throttling=with_control(records.throttling, self._control, self._control_of_twin),
            x_probe_lag_s=round(self._lag.worst_lag_s(self._trace.zero_s), 3),
            x_slowest_step=round(self._lag.slowest_step(self._trace.zero_s), 3),
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


def _measure(context: NettestContext, given: str) -> Coroutine[Any, Any, WebConnectivityKeys]:
    return WebConnectivity(context).measure(parse_target_url(given))


NETTEST = Nettest(
    name="web_connectivity",
    version="0.5.0",
    spec="ts-017",
    purpose="Can a person here open this page, and what stands in the way if not.",
    risk="It looks as if the person visited the site, several times in a few seconds.",
    measure=_measure,
    check_input=parse_target_url,
)
