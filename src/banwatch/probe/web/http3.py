"""The page of a measurement once more, over HTTP/3: a censor of TLS may forget QUIC, or stop it alone."""

from collections.abc import Callable
from dataclasses import replace

from banwatch.formats.ooni import wire
from banwatch.formats.scrub import scrubber
from banwatch.model.follow_up import FollowUp
from banwatch.net.endpoint import Endpoint
from banwatch.net.http.quic import QuicLink
from banwatch.net.http.request import HttpRequest
from banwatch.net.seam import Net
from banwatch.net.tls.certificates import Roots
from banwatch.probe.settings import Settings
from banwatch.probe.step_records import StepRecords
from banwatch.probe.steps.http import http3_get
from banwatch.probe.steps.quic import quic_connect
from banwatch.probe.trace import Trace


class Http3:
    """Fetch over QUIC, for one measurement.

    Args:
        net: the network to measure.
        settings: time-outs, limits, the innocent name.
        roots: the authorities to trust.
        records: get every handshake and request.
        new_trace: begins transactions: of a kind, with tags.
    """

    def __init__(
        self,
        net: Net,
        settings: Settings,
        roots: Roots,
        records: StepRecords,
        new_trace: Callable[..., Trace],
    ) -> None:
        self._net = net
        self._settings = settings
        self._roots = roots
        self._records = records
        self._new_trace = new_trace
        self._tried = False

    async def fetch(self, host: str, request: HttpRequest, endpoint: Endpoint, depth: int) -> None:
        """Fetch a page, once a measurement; after a failure try an innocent name, and once more the same."""
        if self._tried:
            return
        self._tried = True
        tag = f"depth={depth}"
        trace = self._new_trace("quic", tag)
        link, _ = await self._connect(endpoint, host, trace, self._roots)
        if link is not None:
            try:
                fetched = await http3_get(
                    link,
                    endpoint,
                    request,
                    timeout_s=self._settings.timeouts.http_s,
                    limit_bytes=self._settings.body_limit_bytes,
                    scrub=scrubber((*self._net.own_addresses, *self._settings.own_addresses)),
                    trace=replace(trace, tags=(tag, FollowUp.HTTP3.tag)),
                )
            finally:
                link.close()
            self._records.requests.append(
                fetched.record
            )  # behind the plain ones, which readers look at first
        elif self._settings.follow_ups:
            await self._knock(endpoint, self._settings.innocent_name, tag, FollowUp.OTHER_NAME, None)
            await self._knock(endpoint, host, tag, FollowUp.RETRY, self._roots)

    async def _knock(
        self, endpoint: Endpoint, name: str, tag: str, why: FollowUp, roots: Roots | None
    ) -> None:
        again = self._new_trace("quic", tag, why.tag)
        link, _ = await self._connect(endpoint, name, again, roots)
        if link is not None:
            link.close()

    async def _connect(
        self, endpoint: Endpoint, name: str, trace: Trace, roots: Roots | None
    ) -> tuple[QuicLink | None, wire.TlsHandshake]:
        link, handshake = await quic_connect(
            self._net,
            endpoint,
            name,
            roots=roots,
            at=self._settings.now(),
            timeout_s=self._settings.timeouts.tls_s,
            trace=trace,
        )
        self._records.quic_handshakes.append(handshake)
        return link, handshake
