"""Follow-up of a page that came slowly: is this page slow, or the network, and how is it held back?

The *twin* is as much of something else over the same network: the page that a setting names, or else bytes
that the helper makes up. `banwatch.probe.throttling` compares the two.
"""

from banwatch.model import failure as df007
from banwatch.model.follow_up import FollowUp
from banwatch.net.addresses import may_be_measured
from banwatch.net.endpoint import Endpoint, parse_endpoint
from banwatch.net.http.target_url import TargetUrl, parse_target_url
from banwatch.net.tls.certificates import Roots
from banwatch.probe.follow_ups.context import FollowUpContext
from banwatch.probe.steps.dns import addresses_of, lookup_system
from banwatch.probe.steps.http import Fetched
from banwatch.probe.steps.transfer import TransferOrder, transfer
from banwatch.probe.throttling import Direction, Transfer, compare

_SLOW_BPS = 1_000_000.0
"""Bits a second; faster pages are not looked at for throttling. Policers leave about 150 kbit/s."""
_ENOUGH_BYTES = 16_384
"""Below, TCP's slow start decides the rate."""
_UPLOAD_BYTES = 1 << 16
_BITS = 8


def came_slowly(fetched: Fetched) -> bool:
    """Return whether a body came so slowly, or broke off by time, that it may be throttled."""
    if fetched.response is None:
        return False
    if fetched.record.failure == df007.GENERIC_TIMEOUT:
        return True  # be it that not one whole record of TLS arrived: its head did
    if not fetched.response.arrivals:
        return False
    size_bytes = len(fetched.response.body)
    return size_bytes >= _ENOUGH_BYTES and size_bytes * _BITS < _SLOW_BPS * fetched.received_s


async def after_page(context: FollowUpContext, fetched: Fetched, depth: int) -> None:
    """Transfer as much of a twin over the same network where the page came slowly, and the page once more."""
    settings, request = context.settings, fetched.record.request
    if not settings.follow_ups or not came_slowly(fetched) or context.has_compared_speed:
        return
    if fetched.response is None or request is None or not (settings.twin_url or settings.helper_url):
        return
    context.has_compared_speed = True
    as_much = min(settings.body_limit_bytes, max(_ENOUGH_BYTES * 2, len(fetched.response.body)))
    url, endpoint = parse_target_url(request.url or ""), parse_endpoint(fetched.record.address or "")
    twin = await _twin(context, as_much, depth)
    if twin is None:
        return
    transfers: list[Transfer] = []

    async def go(wanted: TransferOrder, name: FollowUp) -> None:
        transfers.append(
            await transfer(
                context.net,
                settings,
                context.records,
                wanted,
                at=settings.now(),
                scrub=context.scrub(),
                trace=context.begin(name, depth),
            )
        )

    twin_url, twin_endpoint, roots = twin
    ways: list[tuple[Direction, int, FollowUp, FollowUp]] = [
        ("download", as_much, FollowUp.THROUGHPUT, FollowUp.THROUGHPUT_OTHER)
    ]
    if settings.thorough:
        ways.append(("upload", _UPLOAD_BYTES, FollowUp.UPLOAD, FollowUp.UPLOAD_OTHER))
    for direction, size_bytes, name, name_of_twin in ways:
        its_url = twin_url
        if direction == "upload" and not settings.twin_url:
            its_url = _at_helper(settings.helper_url or "", None)
        twins = TransferOrder(
            role="twin",
            direction=direction,
            url=its_url,
            endpoint=twin_endpoint,
            size_bytes=size_bytes,
            roots=roots,
        )
        targets = TransferOrder(
            role="target",
            direction=direction,
            url=url,
            endpoint=endpoint,
            size_bytes=size_bytes,
            roots=context.roots,
        )
        await go(twins, name_of_twin)
        if transfers[-1].pattern is None:
            break  # no such place, as at OONI's helper: nothing to compare with
        await go(targets, name)
    context.records.throttling = compare(transfers, "setting" if settings.twin_url else "helper")


async def _twin(
    context: FollowUpContext, size_bytes: int, depth: int
) -> tuple[TargetUrl, Endpoint, Roots] | None:
    """Return the twin's URL and address, and the authorities of its certificate."""
    settings = context.settings
    url = (
        parse_target_url(settings.twin_url)
        if settings.twin_url
        else _at_helper(settings.helper_url or "", size_bytes)
    )
    ips = [url.address] if url.address is not None else await _addresses(context, url, depth)
    return (url, Endpoint(ips[0], url.port), context.roots) if ips else None


def _at_helper(helper_url: str, size_bytes: int | None) -> TargetUrl:
    """Return the URL at which our helper sends or takes so many bytes. OONI's helper has no such URL."""
    place = "/bytes" if size_bytes is None else f"/bytes/{size_bytes}"
    return parse_target_url(helper_url.rstrip("/") + place)


async def _addresses(context: FollowUpContext, twin: TargetUrl, depth: int) -> list[str]:
    trace = context.begin(FollowUp.THROUGHPUT_OTHER, depth)
    query = await lookup_system(
        context.net, twin.host, timeout_s=context.settings.timeouts.dns_s, trace=trace
    )
    context.records.queries.append(query)
    usable = [ip for ip in addresses_of(query) if may_be_measured(ip, context.settings.measure_private)]
    return [ip for ip in usable if ":" not in ip or context.net.has_ipv6]
