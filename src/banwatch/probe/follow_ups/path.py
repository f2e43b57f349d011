"""Follow-ups that locate a device that cuts: is it beside the path, in it, or at its end, and how far away?

A connection on which nothing is sent shows whether the ClientHello
matters, and packets with a limited time to live show between which routers the cut happens.
"""

import asyncio
from collections.abc import Awaitable, Callable

from banwatch.formats.ooni.extensions import Localization
from banwatch.model import failure as df007
from banwatch.model.failure import TIMEOUTS, Failure
from banwatch.model.follow_up import FollowUp
from banwatch.model.path import LocatedStep
from banwatch.net.endpoint import Endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.net.seam import Stream, TlsSettings
from banwatch.probe.follow_ups.context import FollowUpContext
from banwatch.probe.follow_ups.cuts import ALPN, ended, was_cut
from banwatch.probe.follow_ups.hops import MAX_HOPS, find_hops, find_hops_upwards
from banwatch.probe.steps.tcp import tcp_connect
from banwatch.probe.steps.tls import tls_handshake

_SHORTEST_WAIT_S = 0.2
_LONGEST_WAIT_S = 1.0
"""Wait for a device within so many hops; one that answers does so within a round trip."""
_ROUND_TRIPS = 4
_QUIET_ROUND_TRIPS = 2
"""Time for which a connection stays silent, to see whether it is cut all the same."""
_SHORTEST_QUIET_S = 0.1
_MOST_RESTS = 2
_ROUTERS_WORD = frozenset({df007.HOST_UNREACHABLE, df007.NETWORK_UNREACHABLE})
"""Failures of a connection when a router dropped its packet and reported it."""


async def say_nothing(context: FollowUpContext, endpoint: Endpoint, depth: int) -> Failure | None:
    """Connect, and see whether the connection is cut before anything is sent."""
    trace = context.begin(FollowUp.SAY_NOTHING, depth)
    stream, connect = await tcp_connect(
        context.net, endpoint, timeout_s=context.settings.timeouts.tcp_s, trace=trace
    )
    if stream is None:
        context.records.tcp_connects.append(connect)
        return connect.status.failure if connect.status else None
    try:
        failure = await _unasked_end(stream)
        context.records.note_tcp_info(stream, str(endpoint), trace)
    finally:
        stream.close()
    context.records.tcp_connects.append(ended(connect, failure, trace.elapsed_s()))
    return failure


async def find_who_cuts(
    context: FollowUpContext, host: str, endpoint: Endpoint, depth: int, failure: Failure
) -> None:
    """Find how many hops away the server is, and the device that cuts or drops a ClientHello."""
    search = _Search(context, endpoint, depth)
    distance, tried = await find_hops(search.is_server_within)
    _note(context, LocatedStep.TCP, endpoint, distance, tried, FollowUp.TCP_HOPS)
    if failure in TIMEOUTS:
        hops, tried = await search.find_where_it_vanishes(host, distance or MAX_HOPS)
    else:
        hops, tried = await find_hops_upwards(search.is_cut_within(host))
    _note(context, LocatedStep.TLS, endpoint, hops, tried, FollowUp.TLS_HOPS)


async def find_who_stops_connects(
    context: FollowUpContext, endpoint: Endpoint, innocent: Endpoint, depth: int, failure: Failure
) -> None:
    """Find how many hops away the device is that refuses or drops connects to an address.

    Args:
        context: the measurement.
        endpoint: where connecting failed.
        innocent: somebody else's address, whose packets nobody stops.
        depth: the redirect.
        failure: how it failed.
    """
    search = _Search(context, endpoint, depth)
    if failure in TIMEOUTS:
        hops, tried = await search.find_where_connects_vanish(innocent)
    else:
        hops, tried = await find_hops_upwards(search.is_refused_within)
    _note(context, LocatedStep.SYN, endpoint, hops, tried, FollowUp.SYN_HOPS)


def _note(
    context: FollowUpContext,
    step: LocatedStep,
    endpoint: Endpoint,
    hops: int | None,
    tried: list[tuple[int, bool]],
    name: FollowUp,
) -> None:
    context.records.localizations.append(
        Localization(step=step, address=str(endpoint), hops=hops, tried=tried, tags=[name.tag])
    )


async def _unasked_end(stream: Stream) -> Failure | None:
    """Return how a connection ends on which nothing is sent; None where it stays open for a while."""
    wait_s = max(_SHORTEST_QUIET_S, _QUIET_ROUND_TRIPS * (stream.tcp_info().rtt_ms or 0) / 1000)
    try:
        async with asyncio.timeout(min(_LONGEST_WAIT_S, wait_s)):
            data = await stream.read(1)
    except TimeoutError:
        return None
    except NetworkFailure as error:
        return error.failure
    return None if data else df007.EOF


class _Search:
    """Connects and handshakes with one address by packets of a limited time to live."""

    def __init__(self, context: FollowUpContext, endpoint: Endpoint, depth: int) -> None:
        self._context = context
        self._endpoint = endpoint
        self._depth = depth
        self._rests_left = _MOST_RESTS if context.settings.rest_s > 0 else 0
        self._rtt_s: float | None = None

    async def is_server_within(self, hops: int) -> bool:
        """Return whether a SYN that goes only so far is answered by a connection."""
        trace = self._context.begin(FollowUp.TCP_HOPS, self._depth)
        times = self._context.settings.timeouts
        wait_s = times.tcp_s if self._rtt_s is None else min(times.tcp_s, self._wait_s())
        while True:
            stream, _ = await tcp_connect(
                self._context.net, self._endpoint, timeout_s=wait_s, trace=trace, ttl=hops
            )
            if stream is not None:
                self._rtt_s = (stream.tcp_info().rtt_ms or _LONGEST_WAIT_S * 1000) / 1000
                stream.close()
                return True
            if hops < MAX_HOPS or not await self._rest():
                return False

    async def is_refused_within(self, hops: int) -> bool | None:
        """Return whether a SYN that goes only so far is answered by a refusal."""
        word = await self._knock(self._endpoint, hops)
        return None if word == "" else word not in TIMEOUTS and word not in _ROUTERS_WORD

    async def find_where_connects_vanish(
        self, innocent: Endpoint
    ) -> tuple[int | None, list[tuple[int, bool]]]:
        """Find the hop from which on routers report SYNs to another address, but not to this one."""
        tried: list[tuple[int, bool]] = []
        for hops in range(1, MAX_HOPS):
            word = await self._knock(self._endpoint, hops)
            tried.append((hops, word not in TIMEOUTS and word not in _ROUTERS_WORD))
            if word in _ROUTERS_WORD:
                continue
            if word not in TIMEOUTS:
                break
            # the holder of this lock waits for no other: its own measurement does not come here
            async with self._context.politeness.addresses.hold(innocent.ip):
                there = await self._knock(innocent, hops) in _ROUTERS_WORD
            return hops if there else None, tried
        return None, tried

    async def _knock(self, endpoint: Endpoint, hops: int) -> Failure:
        """Connect by packets that go only so far; return the failure, empty where there was none."""
        context = self._context
        stream, connect = await tcp_connect(
            context.net,
            endpoint,
            timeout_s=min(context.settings.timeouts.tcp_s, _LONGEST_WAIT_S),
            trace=context.begin(FollowUp.SYN_HOPS, self._depth),
            ttl=hops,
        )
        if stream is not None:
            stream.close()
        return (connect.status.failure if connect.status else None) or ""

    def is_cut_within(self, host: str) -> Callable[[int], Awaitable[bool | None]]:
        """Return whether a ClientHello that goes only so far is cut; None where it cannot be sent now."""

        async def ask(hops: int) -> bool | None:
            failure = await self._say_hello(host, hops)
            if failure is None:
                return None
            return was_cut(failure) and failure not in TIMEOUTS

        return ask

    async def find_where_it_vanishes(
        self, host: str, limit: int
    ) -> tuple[int | None, list[tuple[int, bool]]]:
        """Find the hop from which on routers report another name's ClientHello, but not this one's."""
        tried: list[tuple[int, bool]] = []
        for hops in range(1, limit):
            word = await self._say_hello(host, hops)
            tried.append((hops, word is not None and word not in _ROUTERS_WORD))
            if word in _ROUTERS_WORD:
                continue
            if word not in TIMEOUTS:
                break
            other = await self._say_hello(self._context.settings.innocent_name, hops)
            if other in _ROUTERS_WORD:
                return hops, tried
            break  # a router that never reports anything hides the routers behind it
        return None, tried

    async def _say_hello(self, host: str, hops: int) -> Failure | None:
        """Send a ClientHello that goes only so far; return its end, None where it could not be sent."""
        context = self._context
        trace = context.begin(FollowUp.TLS_HOPS, self._depth)
        while True:
            stream, _ = await tcp_connect(
                context.net, self._endpoint, timeout_s=context.settings.timeouts.tcp_s, trace=trace
            )
            try:
                # an address under a cut that lasts would be cut at any distance
                if stream is not None and await _unasked_end(stream) is None:
                    self._rtt_s = (stream.tcp_info().rtt_ms or _LONGEST_WAIT_S * 1000) / 1000
                    stream.set_ttl(hops)
                    _, handshake = await tls_handshake(
                        context.net,
                        stream,
                        self._endpoint,
                        TlsSettings(server_name=host, alpn=ALPN),
                        roots=None,
                        at=context.settings.now(),
                        timeout_s=self._wait_s(),
                        trace=trace,
                    )
                    return handshake.failure or ""
            except NetworkFailure as error:
                return error.failure
            finally:
                if stream is not None:
                    stream.close()
            if not await self._rest():
                return None

    def _wait_s(self) -> float:
        rtt_s = _LONGEST_WAIT_S if self._rtt_s is None else self._rtt_s
        return min(_LONGEST_WAIT_S, max(_SHORTEST_WAIT_S, _ROUND_TRIPS * rtt_s))

    async def _rest(self) -> bool:
        """Wait until the censor has forgotten this address; False where that was done often enough."""
        if self._rests_left == 0:
            return False
        self._rests_left -= 1
        await asyncio.sleep(self._context.settings.rest_s)
        return True
