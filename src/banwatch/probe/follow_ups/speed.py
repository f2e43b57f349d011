"""Follow-up of a page that came slowly: is it this page, or the network?"""

from banwatch.model import failure as df007
from banwatch.net.addresses import may_be_measured
from banwatch.net.endpoint import Endpoint
from banwatch.net.http import HttpRequest
from banwatch.net.seam import Stream, TlsSettings
from banwatch.net.target_url import TargetUrl, parse_target_url
from banwatch.probe.follow_ups.context import Context
from banwatch.probe.steps.dns import addresses_of, lookup_system
from banwatch.probe.steps.http import BROWSER_HEADERS, Fetched, http_get
from banwatch.probe.steps.tcp import tcp_connect
from banwatch.probe.steps.tls import tls_handshake

_SLOW_BPS = 1_000_000.0
"""Bits a second; faster pages are not looked at for throttling. Policers leave about 150 kbit/s."""
_ENOUGH_BYTES = 16_384
"""Below, TCP's slow start decides the rate."""
_BITS = 8


def came_slowly(fetched: Fetched) -> bool:
    """Whether a body came so slowly, or broke off by time, that somebody may be slowing it down."""
    if fetched.response is None or not fetched.response.arrivals:
        return False
    if fetched.record.failure == df007.GENERIC_TIMEOUT:
        return True
    size_bytes = len(fetched.response.body)
    return size_bytes >= _ENOUGH_BYTES and size_bytes * _BITS < _SLOW_BPS * fetched.received_s


async def after_page(context: Context, fetched: Fetched, depth: int) -> None:
    """Fetch as much of a twin over the same network, where the page came slowly."""
    settings = context.settings
    if not settings.follow_ups or settings.twin_url is None or not came_slowly(fetched):
        return
    if context.compared_speed or fetched.response is None:
        return
    context.compared_speed = True
    twin = parse_target_url(settings.twin_url)
    as_much = max(_ENOUGH_BYTES * 2, len(fetched.response.body))
    for ip in await _addresses(context, twin, depth):
        endpoint = Endpoint(ip, twin.port)
        trace = context.begin("throughput_other", depth)
        times = settings.timeouts
        stream, connect = await tcp_connect(context.net, endpoint, timeout_s=times.tcp_s, trace=trace)
        context.records.tcp_connects.append(connect)
        if stream is None:
            continue
        try:
            inner: Stream = stream
            alpn = ""
            if twin.is_tls:
                tls, handshake = await tls_handshake(
                    context.net,
                    stream,
                    endpoint,
                    TlsSettings(server_name=twin.host, alpn=("http/1.1",)),
                    roots=context.roots,
                    at=settings.now(),
                    timeout_s=times.tls_s,
                    trace=trace,
                )
                context.records.tls_handshakes.append(handshake)
                if tls is None:
                    continue
                inner, alpn = tls, handshake.negotiated_protocol or ""
            request = HttpRequest(
                scheme=twin.scheme, authority=twin.authority, path=twin.path, headers=BROWSER_HEADERS
            )
            other = await http_get(
                inner,
                endpoint,
                request,
                alpn=alpn,
                transport="tcp",
                timeout_s=times.http_s,
                limit_bytes=as_much,
                scrub=context.scrub(),
                trace=trace,
            )
            context.records.requests.append(other.record)
            return
        finally:
            context.records.note_tcp_info(stream, str(endpoint), trace)
            stream.close()


async def _addresses(context: Context, twin: TargetUrl, depth: int) -> list[str]:
    if twin.address is not None:
        return [twin.address]
    trace = context.begin("throughput_other", depth)
    query = await lookup_system(
        context.net, twin.host, timeout_s=context.settings.timeouts.dns_s, trace=trace
    )
    context.records.queries.append(query)
    usable = [ip for ip in addresses_of(query) if may_be_measured(ip, context.settings.measure_private)]
    return [ip for ip in usable if ":" not in ip or context.net.has_ipv6][:2]
