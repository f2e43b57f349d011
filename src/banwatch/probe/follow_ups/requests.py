"""Follow-ups of a request that was cut, or of a plain page that may come from another server."""

from dataclasses import replace

from banwatch.formats.ooni import wire
from banwatch.model.failure import GENERIC_TIMEOUT, Failure
from banwatch.model.follow_up import FollowUp
from banwatch.net.endpoint import Endpoint, parse_endpoint
from banwatch.net.http.request import HttpRequest
from banwatch.net.http.target_url import TargetUrl
from banwatch.net.seam import Stream, TlsSettings
from banwatch.probe.follow_ups.context import FollowUpContext
from banwatch.probe.follow_ups.cuts import ALPN, RESETS, rest, was_cut
from banwatch.probe.follow_ups.path import say_nothing
from banwatch.probe.steps.http import BROWSER_HEADERS, http_get
from banwatch.probe.steps.tcp import tcp_connect
from banwatch.probe.steps.tls import tls_handshake

HTTPS_PORT = 443
_SMALL_BODY_BYTES = 1 << 16
_PATIENCE = 3.0
"""How much longer a retest waits than the step that it repeats."""


async def after_request(
    context: FollowUpContext, url: TargetUrl, endpoint: Endpoint, request: wire.HttpTransaction, depth: int
) -> None:
    """Ask the same address for an innocent host where a request was cut, in the clear or inside TLS."""
    settings = context.settings
    if not settings.follow_ups or not was_cut(request.failure):
        return
    innocent = replace(url, host=settings.innocent_name)
    other = await _request(
        context, FollowUp.OTHER_NAME if url.is_tls else FollowUp.OTHER_HOST, innocent, endpoint, depth
    )
    again = await _request(context, FollowUp.RETRY, url, endpoint, depth)
    if settings.thorough and again in RESETS and not context.has_been_thorough:
        context.has_been_thorough = True
        await _request(context, FollowUp.RESETS_IGNORED, url, endpoint, depth)
        if other in RESETS and not url.is_tls:
            await rest(context)
            await say_nothing(context, endpoint, depth)
    never_answered = {other, again, request.failure} == {GENERIC_TIMEOUT} and not url.is_tls
    if never_answered or context.is_doubtful_timeout(request.failure, settings.timeouts.http_s):
        async with context.lag.quiet():
            await _request(context, FollowUp.RETEST, url, endpoint, depth, patience=_PATIENCE)


async def after_other_page(
    context: FollowUpContext, url: TargetUrl, endpoint: Endpoint, *, refused: bool
) -> None:
    """See whether a plain page unlike the control's is the site's, or a device's that reads the name.

    Args:
        context: the measurement.
        url: the input.
        endpoint: the address that the page came from.
        refused: it is a refusal, an error or empty, which the site may not say inside TLS.
    """
    settings = context.settings
    if not settings.follow_ups or url.is_tls:
        return
    async with context.politeness.addresses.hold(endpoint.ip):
        await _request(context, FollowUp.OTHER_HOST, replace(url, host=settings.innocent_name), endpoint, 0)
    elsewhere = Endpoint(parse_endpoint(settings.innocent_endpoint).ip, url.port)
    if elsewhere.ip != endpoint.ip:
        async with context.politeness.addresses.hold(elsewhere.ip):
            await _request(context, FollowUp.NAME_ELSEWHERE, url, elsewhere, 0)
    if refused:
        encrypted = replace(url, scheme="https", port=HTTPS_PORT)
        async with context.politeness.addresses.hold(endpoint.ip):
            await _request(context, FollowUp.ENCRYPTED, encrypted, Endpoint(endpoint.ip, HTTPS_PORT), 0)


async def _request(
    context: FollowUpContext,
    name: FollowUp,
    url: TargetUrl,
    endpoint: Endpoint,
    depth: int,
    *,
    patience: float = 1.0,
) -> Failure | None:
    """Request a URL from an address, whatever certificate is there; return the failure, if any."""
    trace = context.begin(name, depth)
    times = context.settings.timeouts
    stream, connect = await tcp_connect(context.net, endpoint, timeout_s=times.tcp_s * patience, trace=trace)
    context.records.tcp_connects.append(connect)
    if stream is None:
        return connect.status.failure if connect.status else None
    if name == FollowUp.RESETS_IGNORED and not stream.ignore_resets():
        stream.close()
        return None
    inner: Stream = stream
    alpn = ""
    try:
        if url.is_tls:
            tls, handshake = await tls_handshake(
                context.net,
                stream,
                endpoint,
                TlsSettings(server_name=url.host, alpn=ALPN),
                roots=None,
                at=context.settings.now(),
                timeout_s=times.tls_s * patience,
                trace=trace,
            )
            context.records.tls_handshakes.append(handshake)
            if tls is None:
                return handshake.failure
            inner, alpn = tls, handshake.negotiated_protocol or ""
        request = HttpRequest(
            scheme=url.scheme, authority=url.authority, path=url.path, headers=BROWSER_HEADERS
        )
        fetched = await http_get(
            inner,
            endpoint,
            request,
            alpn=alpn,
            transport="tcp",
            timeout_s=times.http_s * patience,
            limit_bytes=_SMALL_BODY_BYTES,
            scrub=context.scrub(),
            trace=trace,
        )
        context.records.requests.append(fetched.record)  # behind the plain ones, which readers look at first
        context.records.note_tcp_info(stream, str(endpoint), trace)
        return fetched.record.failure
    finally:
        stream.close()
