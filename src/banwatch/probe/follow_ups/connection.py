"""Follow-ups of a connection that was cut: is it the address, the name, and who answers?"""

import asyncio
from dataclasses import replace

import msgspec

from banwatch.formats.ooni import wire
from banwatch.model import failure as df007
from banwatch.model.failure import CERTIFICATE_FAILURES, TIMEOUTS, UNKNOWN_FAILURE_PREFIX, Failure
from banwatch.net.endpoint import Endpoint, parse_endpoint
from banwatch.net.http import HttpRequest
from banwatch.net.seam import Stream, TlsSettings
from banwatch.net.split import SplitFirstWrite
from banwatch.net.target_url import TargetUrl
from banwatch.probe.follow_ups.context import Context
from banwatch.probe.follow_ups.hops import find_hops_upwards
from banwatch.probe.record import Localization
from banwatch.probe.steps.http import BROWSER_HEADERS, http_get
from banwatch.probe.steps.tcp import tcp_connect
from banwatch.probe.steps.tls import tls_handshake

_CUT = frozenset({df007.CONNECTION_RESET, df007.EOF, df007.CONNECTION_ABORTED}) | TIMEOUTS
_REMOTE_ALERT = f"{UNKNOWN_FAILURE_PREFIX}remote error: tls:"
_ALPN = ("h2", "http/1.1")
_SMALL_BODY_BYTES = 1 << 16
_PATIENCE = 3.0
"""How much longer a retest waits than the step that it repeats."""
_SHORTEST_HOP_WAIT_S = 0.2
_HOP_WAIT_S = 1.0
"""How long to wait for whoever sits within so many hops; what answers at all answers within a round trip."""


def was_cut(failure: Failure | None) -> bool:
    """Whether a connection ended as it does when somebody on the way cuts it."""
    if failure is None or failure in CERTIFICATE_FAILURES:
        return False
    return failure in _CUT or failure.startswith(_REMOTE_ALERT)


async def after_connect(context: Context, endpoint: Endpoint, connect: wire.TcpConnect, depth: int) -> None:
    """Connect once more where the first attempt was lost: one lost packet must not accuse."""
    failure = connect.status.failure if connect.status else None
    if not context.settings.follow_ups or failure is None:
        return
    timeout_s = context.settings.timeouts.tcp_s
    again = await _connect(context, "retry", endpoint, depth, timeout_s)
    if again is not None and context.is_doubtful_timeout(failure, timeout_s):
        async with context.load.quiet():
            await _connect(context, "retest", endpoint, depth, timeout_s * _PATIENCE)
    if ":" in endpoint.ip and not context.looked_at_ipv6:
        context.looked_at_ipv6 = True
        innocent = parse_endpoint(context.settings.innocent_endpoint6)
        if innocent.ip != endpoint.ip:
            await _connect_to_innocent(context, innocent, depth, timeout_s)


async def _connect_to_innocent(context: Context, innocent: Endpoint, depth: int, timeout_s: float) -> None:
    """Connect to an address that all who doubt IPv6 connect to: once for those who ask at the same time."""
    trace = context.begin("innocent_elsewhere", depth)
    t0 = trace.elapsed_s()

    async def attempt() -> Failure | None:
        async with context.politeness.addresses.hold(innocent.ip):
            stream, record = await tcp_connect(context.net, innocent, timeout_s=timeout_s, trace=trace)
            if stream is not None:
                stream.close()
            return record.status.failure if record.status else None

    failure = await context.politeness.share(str(innocent), attempt)
    context.records.tcp_connects.append(
        wire.TcpConnect(
            ip=innocent.ip,
            port=innocent.port,
            status=wire.TcpStatus(success=failure is None, failure=failure),
            t0=t0,
            t=trace.elapsed_s(),
            transaction_id=trace.transaction_id,
            tags=list(trace.tags),
        )
    )


async def _connect(
    context: Context, name: str, endpoint: Endpoint, depth: int, timeout_s: float
) -> Failure | None:
    stream, record = await tcp_connect(
        context.net, endpoint, timeout_s=timeout_s, trace=context.begin(name, depth)
    )
    context.records.tcp_connects.append(record)
    if stream is not None:
        stream.close()
    return record.status.failure if record.status else None


async def after_handshake(
    context: Context, url: TargetUrl, endpoint: Endpoint, handshake: wire.TlsHandshake, depth: int
) -> None:
    """Tell a blocked name from a blocked address where a handshake was cut."""
    settings = context.settings
    if not settings.follow_ups or not was_cut(handshake.failure):
        return
    # the innocent name first: it shows most, and a censor that remembers has least to remember yet
    other = await _shake_hands(context, "other_name", settings.innocent_name, endpoint, depth)
    if other is not None:
        await _try_elsewhere(context, url, endpoint, depth)
        if settings.rest_s > 0:
            await _rest(context, "other_name", "other_name_soon")
            await _shake_hands(context, "other_name", settings.innocent_name, endpoint, depth)
    again = await _shake_hands(context, "retry", url.host, endpoint, depth)
    if again is not None and context.is_doubtful_timeout(handshake.failure, settings.timeouts.tls_s):
        async with context.load.quiet():
            again = await _shake_hands(context, "retest", url.host, endpoint, depth, patience=_PATIENCE)
    if not settings.thorough or context.looked_thoroughly or again is None:
        return
    context.looked_thoroughly = True  # one address of a site is as good as all of them
    await _shake_hands(context, "no_sni", None, endpoint, depth)
    await _shake_hands(context, "split_hello", url.host, endpoint, depth)
    if other is None:
        await _try_elsewhere(context, url, endpoint, depth)
    if again not in TIMEOUTS:
        await _find_who_cuts(context, url.host, endpoint, depth)


async def _try_elsewhere(context: Context, url: TargetUrl, endpoint: Endpoint, depth: int) -> None:
    """Show the name at somebody else's address, after an innocent one: no memory of this address is there."""
    elsewhere = parse_endpoint(context.settings.innocent_endpoint)
    if elsewhere.ip == endpoint.ip:
        return
    # whoever holds this lock waits for no other: its own measurement does not come here, by the line above
    async with context.politeness.addresses.hold(elsewhere.ip):
        innocent = context.settings.innocent_name
        if await _shake_hands(context, "innocent_elsewhere", innocent, elsewhere, depth) is None:
            await _shake_hands(context, "name_elsewhere", url.host, elsewhere, depth)


async def after_request(
    context: Context, url: TargetUrl, endpoint: Endpoint, request: wire.HttpTransaction, depth: int
) -> None:
    """Ask the same address for an innocent host where a request was cut, in the clear or inside TLS."""
    settings = context.settings
    if not settings.follow_ups or not was_cut(request.failure):
        return
    innocent = replace(url, host=settings.innocent_name)
    await _request(context, "other_name" if url.is_tls else "other_host", innocent, endpoint, depth)
    await _request(context, "retry", url, endpoint, depth)
    if context.is_doubtful_timeout(request.failure, settings.timeouts.http_s):
        async with context.load.quiet():
            await _request(context, "retest", url, endpoint, depth, patience=_PATIENCE)


async def after_other_page(context: Context, url: TargetUrl, endpoint: Endpoint) -> None:
    """See whether a plain page unlike the control's comes from the site, or from whoever reads the name."""
    settings = context.settings
    if not settings.follow_ups or url.is_tls:
        return
    async with context.politeness.addresses.hold(endpoint.ip):
        await _request(context, "other_host", replace(url, host=settings.innocent_name), endpoint, 0)
    elsewhere = Endpoint(parse_endpoint(settings.innocent_endpoint).ip, url.port)
    if elsewhere.ip != endpoint.ip:
        async with context.politeness.addresses.hold(elsewhere.ip):
            await _request(context, "name_elsewhere", url, elsewhere, 0)


async def _rest(context: Context, tag: str, instead: str) -> None:
    """Let the 3-tuple rest, and call what was cut meanwhile by another name: it was under the last blow."""
    records = context.records
    records.tls_handshakes[:] = [
        msgspec.structs.replace(one, tags=_renamed(one.tags, tag, instead)) for one in records.tls_handshakes
    ]
    records.tcp_connects[:] = [
        msgspec.structs.replace(one, tags=_renamed(one.tags, tag, instead)) for one in records.tcp_connects
    ]
    await asyncio.sleep(context.settings.rest_s)


def _renamed(tags: list[str] | None, tag: str, instead: str) -> list[str]:
    return [f"follow_up={instead}" if one == f"follow_up={tag}" else one for one in tags or ()]


async def _shake_hands(
    context: Context,
    name: str,
    server_name: str | None,
    endpoint: Endpoint,
    depth: int,
    *,
    patience: float = 1.0,
) -> Failure | None:
    """Shake hands with a name over a fresh connection; how it failed, if it did."""
    trace = context.begin(name, depth)
    times = context.settings.timeouts
    stream, connect = await tcp_connect(context.net, endpoint, timeout_s=times.tcp_s * patience, trace=trace)
    context.records.tcp_connects.append(connect)
    if stream is None:
        return connect.status.failure if connect.status else None
    if name == "split_hello":
        stream = SplitFirstWrite(stream, (server_name or "").encode("ascii"))
    try:
        tls, handshake = await tls_handshake(
            context.net,
            stream,
            endpoint,
            TlsSettings(server_name=server_name, alpn=_ALPN),
            roots=None,  # whose certificate it is does not matter: whether it gets through does
            at=context.settings.now(),
            timeout_s=times.tls_s * patience,
            trace=trace,
        )
        del tls
        context.records.tls_handshakes.append(handshake)
        context.records.note_tcp_info(stream, str(endpoint), trace)
    finally:
        stream.close()
    return handshake.failure


async def _request(
    context: Context, name: str, url: TargetUrl, endpoint: Endpoint, depth: int, *, patience: float = 1.0
) -> None:
    """Request a URL from an address, whatever certificate is there."""
    trace = context.begin(name, depth)
    times = context.settings.timeouts
    stream, connect = await tcp_connect(context.net, endpoint, timeout_s=times.tcp_s * patience, trace=trace)
    context.records.tcp_connects.append(connect)
    if stream is None:
        return
    inner: Stream = stream
    alpn = ""
    try:
        if url.is_tls:
            tls, handshake = await tls_handshake(
                context.net,
                stream,
                endpoint,
                TlsSettings(server_name=url.host, alpn=_ALPN),
                roots=None,
                at=context.settings.now(),
                timeout_s=times.tls_s * patience,
                trace=trace,
            )
            context.records.tls_handshakes.append(handshake)
            if tls is None:
                return
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
    finally:
        stream.close()


async def _find_who_cuts(context: Context, host: str, endpoint: Endpoint, depth: int) -> None:
    """Find how many hops away the one is who cuts, by ClientHellos that go only so far."""
    times = context.settings.timeouts

    async def is_cut_within(hops: int) -> bool | None:
        trace = context.begin("tls_hops", depth)
        stream, _ = await tcp_connect(context.net, endpoint, timeout_s=times.tcp_s, trace=trace)
        if stream is None:
            return None  # the address is under a cut that lasts: nothing can be told now
        try:
            rtt_s = (stream.tcp_info().rtt_ms or _HOP_WAIT_S * 1000) / 1000
            stream.set_ttl(hops)
            _, handshake = await tls_handshake(
                context.net,
                stream,
                endpoint,
                TlsSettings(server_name=host, alpn=_ALPN),
                roots=None,
                at=context.settings.now(),
                timeout_s=min(_HOP_WAIT_S, max(_SHORTEST_HOP_WAIT_S, 4 * rtt_s)),
                trace=trace,
            )
        finally:
            stream.close()
        return was_cut(handshake.failure) and handshake.failure not in TIMEOUTS

    hops, tried = await find_hops_upwards(is_cut_within)
    context.records.localizations.append(
        Localization(step="tls", address=str(endpoint), hops=hops, tried=tried, tags=["follow_up=tls_hops"])
    )
