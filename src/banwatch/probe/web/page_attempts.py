"""Attempts to fetch the page of a hop: connect to an address, shake hands, and ask unless another has."""

import msgspec

from banwatch.model.failure import Failure
from banwatch.net.endpoint import Endpoint
from banwatch.net.http.request import HttpRequest, HttpResponse
from banwatch.net.seam import Stream, TlsSettings
from banwatch.probe.follow_ups.connection import after_connect, after_handshake
from banwatch.probe.follow_ups.context import FollowUpContext
from banwatch.probe.follow_ups.requests import after_request
from banwatch.probe.follow_ups.speed import after_page
from banwatch.probe.steps.http import BROWSER_HEADERS, Fetched, http_get
from banwatch.probe.steps.quic import offers_quic
from banwatch.probe.steps.tcp import tcp_connect
from banwatch.probe.steps.tls import tls_handshake
from banwatch.probe.trace import Trace
from banwatch.probe.web.cookies import CookieJar
from banwatch.probe.web.hop import Hop
from banwatch.probe.web.http3 import Http3
from banwatch.probe.web.lookups import Lookups
from banwatch.probe.web.page_claim import PageClaim
from banwatch.probe.web.transactions import Transactions

ALPN = ("h2", "http/1.1")


class PageAttempts:
    """The attempts of one measurement.

    Args:
        follow_up: the measurement; follow-ups go on where a result leaves a doubt.
        transactions: begins them.
        lookups: says whether a name's records offer HTTP/3.
        http3: fetches the page once more over QUIC.
        cookies: kept along the redirects.
    """

    def __init__(
        self,
        follow_up: FollowUpContext,
        transactions: Transactions,
        lookups: Lookups,
        http3: Http3,
        cookies: CookieJar,
    ) -> None:
        self._follow_up = follow_up
        self._net = follow_up.net
        self._settings = follow_up.settings
        self._records = follow_up.records
        self._lag = follow_up.lag
        self._at = follow_up.settings.now()
        self._transactions = transactions
        self._lookups = lookups
        self._http3 = http3
        self._cookies = cookies
        self.last_failure: Failure | None = None
        """Failure of the latest step that failed."""

    async def attempt(
        self, hop: Hop, endpoint: Endpoint, claim: PageClaim, of_system: bool
    ) -> Fetched | None:
        """Connect to one address, shake hands, and fetch where this attempt is the first that could."""
        try:
            async with self._follow_up.politeness.addresses.hold(endpoint.ip):
                return await self._attempt_alone(hop, endpoint, claim, of_system)
        finally:
            claim.give_up(of_system)

    async def _attempt_alone(
        self, hop: Hop, endpoint: Endpoint, claim: PageClaim, of_system: bool
    ) -> Fetched | None:
        tags = [f"depth={hop.depth}", "fetch_body=true"]
        if hop.depth == 0:
            tags.insert(0, "tcptls_experiment")
        if of_system:
            tags.insert(0, "classic")
        trace = self._transactions.begin(hop.url.scheme, *tags)
        stream, connect = await tcp_connect(
            self._net, endpoint, timeout_s=self._settings.timeouts.tcp_s, trace=trace
        )
        self._records.tcp_connects.append(connect)
        if stream is None:
            self._note_failure(connect.status.failure if connect.status else None)
            await after_connect(self._follow_up, endpoint, connect, hop.depth)
            return None
        self._lag.note_step((connect.t or 0) - (connect.t0 or 0), self._settings.timeouts.tcp_s)
        transport, alpn = stream, ""
        try:
            if hop.url.is_tls:
                settings = TlsSettings(server_name=hop.url.host, alpn=ALPN)
                tls, handshake = await tls_handshake(
                    self._net,
                    stream,
                    endpoint,
                    settings,
                    roots=self._follow_up.roots,
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
                self._lag.note_step((handshake.t or 0) - (handshake.t0 or 0), self._settings.timeouts.tls_s)
                stream, alpn = tls, handshake.negotiated_protocol or ""
            if not await claim.take(of_system):
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

    def fail_last_request(self, failure: Failure) -> None:
        """Say of the latest request that it failed after all: its redirect leads nowhere."""
        self._records.requests[0] = msgspec.structs.replace(self._records.requests[0], failure=failure)
        self._note_failure(failure)

    def _note_failure(self, failure: Failure | None) -> None:
        self.last_failure = failure or self.last_failure
