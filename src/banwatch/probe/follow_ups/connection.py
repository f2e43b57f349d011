"""Follow-ups of a connection that was cut: is it the address or the name, and does a third party answer?"""

import asyncio

import msgspec

from banwatch.formats.ooni import wire
from banwatch.model.failure import Failure
from banwatch.model.follow_up import FollowUp
from banwatch.net.endpoint import Endpoint, parse_endpoint
from banwatch.net.http.target_url import TargetUrl
from banwatch.probe.follow_ups.context import FollowUpContext
from banwatch.probe.follow_ups.cuts import RESETS, rest, shake_hands, was_cut
from banwatch.probe.follow_ups.path import find_who_cuts, find_who_stops_connects, say_nothing
from banwatch.probe.steps.tcp import tcp_connect

_PATIENCE = 3.0
"""How much longer a retest waits than the step that it repeats."""


async def after_connect(
    context: FollowUpContext, endpoint: Endpoint, connect: wire.TcpConnect, depth: int
) -> None:
    """Connect once more where the first attempt was lost: one lost packet must not accuse."""
    failure = connect.status.failure if connect.status else None
    if not context.settings.follow_ups or failure is None:
        return
    timeout_s = context.settings.timeouts.tcp_s
    again = await _connect(context, FollowUp.RETRY, endpoint, depth, timeout_s)
    if again is not None and context.is_doubtful_timeout(failure, timeout_s):
        async with context.lag.quiet():
            await _connect(context, FollowUp.RETEST, endpoint, depth, timeout_s * _PATIENCE)
    is_v6 = ":" in endpoint.ip
    innocent = parse_endpoint(
        context.settings.innocent_endpoint6 if is_v6 else context.settings.innocent_endpoint
    )
    if again is not None and context.settings.thorough and not context.has_probed_connects:
        context.has_probed_connects = True
        if innocent.ip != endpoint.ip and (not is_v6 or context.net.has_ipv6):
            await find_who_stops_connects(context, endpoint, innocent, depth, again)
    if is_v6 and not context.has_checked_ipv6:
        context.has_checked_ipv6 = True
        if innocent.ip != endpoint.ip:
            await _connect_to_innocent(context, innocent, depth, timeout_s)


async def _connect_to_innocent(
    context: FollowUpContext, innocent: Endpoint, depth: int, timeout_s: float
) -> None:
    """Connect to an innocent IPv6 address, once for all measurements that doubt IPv6 at the same time."""
    trace = context.begin(FollowUp.INNOCENT_ELSEWHERE, depth)
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
    context: FollowUpContext, name: FollowUp, endpoint: Endpoint, depth: int, timeout_s: float
) -> Failure | None:
    stream, record = await tcp_connect(
        context.net, endpoint, timeout_s=timeout_s, trace=context.begin(name, depth)
    )
    context.records.tcp_connects.append(record)
    if stream is not None:
        stream.close()
    return record.status.failure if record.status else None


async def after_handshake(
    context: FollowUpContext, url: TargetUrl, endpoint: Endpoint, handshake: wire.TlsHandshake, depth: int
) -> None:
    """Tell a blocked name from a blocked address where a handshake was cut."""
    settings = context.settings
    if not settings.follow_ups or not was_cut(handshake.failure):
        return
    # the innocent name first: it shows most, and a censor with a memory has least in it yet
    other = await shake_hands(context, FollowUp.OTHER_NAME, settings.innocent_name, endpoint, depth)
    if other is not None:
        await _try_elsewhere(context, url, endpoint, depth)
        if settings.rest_s > 0:
            await _rest(context, FollowUp.OTHER_NAME, FollowUp.OTHER_NAME_SOON)
            await shake_hands(context, FollowUp.OTHER_NAME, settings.innocent_name, endpoint, depth)
    again = await shake_hands(context, FollowUp.RETRY, url.host, endpoint, depth)
    if again is not None and context.is_doubtful_timeout(handshake.failure, settings.timeouts.tls_s):
        async with context.lag.quiet():
            again = await shake_hands(context, FollowUp.RETEST, url.host, endpoint, depth, patience=_PATIENCE)
    if not settings.thorough or context.has_been_thorough or again is None:
        return
    context.has_been_thorough = True  # one address of a site is as good as all of them
    if again in RESETS:
        await shake_hands(context, FollowUp.RESETS_IGNORED, url.host, endpoint, depth)
        if other in RESETS:
            await rest(context)
            await say_nothing(context, endpoint, depth)
    await shake_hands(context, FollowUp.NO_SNI, None, endpoint, depth)
    await shake_hands(context, FollowUp.SPLIT_HELLO, url.host, endpoint, depth)
    if other is None:
        await _try_elsewhere(context, url, endpoint, depth)
    await find_who_cuts(context, url.host, endpoint, depth, again)


async def _try_elsewhere(context: FollowUpContext, url: TargetUrl, endpoint: Endpoint, depth: int) -> None:
    """Show the name at another site's address, after an innocent name: no censor remembers that address."""
    elsewhere = parse_endpoint(context.settings.innocent_endpoint)
    if elsewhere.ip == endpoint.ip:
        return
    # the holder of this lock waits for no other: its own measurement does not come here, by the line above
    async with context.politeness.addresses.hold(elsewhere.ip):
        innocent = context.settings.innocent_name
        if await shake_hands(context, FollowUp.INNOCENT_ELSEWHERE, innocent, elsewhere, depth) is None:
            await shake_hands(context, FollowUp.NAME_ELSEWHERE, url.host, elsewhere, depth)


async def _rest(context: FollowUpContext, follow_up: FollowUp, instead: FollowUp) -> None:
    """Let the 3-tuple rest, and mark retests that were cut meanwhile: the censor remembered the first cut."""
    records = context.records
    records.tls_handshakes[:] = [
        msgspec.structs.replace(one, tags=_renamed(one.tags, follow_up, instead))
        for one in records.tls_handshakes
    ]
    records.tcp_connects[:] = [
        msgspec.structs.replace(one, tags=_renamed(one.tags, follow_up, instead))
        for one in records.tcp_connects
    ]
    await asyncio.sleep(context.settings.rest_s)


def _renamed(tags: list[str] | None, follow_up: FollowUp, instead: FollowUp) -> list[str]:
    return [instead.tag if tag == follow_up.tag else tag for tag in tags or ()]
