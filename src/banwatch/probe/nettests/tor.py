"""The `tor` nettest (OONI ts-023): can the directory authorities of the Tor network be reached.

Only places that everybody may know are tried. Bridges are not: whoever measures them gives them away.
"""

import asyncio
from collections.abc import Mapping

import msgspec

from banwatch.formats.ooni import wire
from banwatch.model import failure as df007
from banwatch.model.failure import Failure
from banwatch.net.endpoint import Endpoint, parse_endpoint
from banwatch.net.http import HttpRequest
from banwatch.net.seam import Stream, TlsSettings
from banwatch.probe.nettests.catalogue import TorPlace, load_nettests
from banwatch.probe.nettests.means import Means
from banwatch.probe.scrub import scrubber
from banwatch.probe.steps.http import BROWSER_HEADERS, http_get
from banwatch.probe.steps.tcp import tcp_connect
from banwatch.probe.steps.tls import tls_handshake
from banwatch.probe.trace import Trace

_CONSENSUS = "/tor/status-vote/current/consensus.z"
_KEPT_BYTES = 1 << 14
"""Of the consensus, which is megabytes long; that it begins to come is what we ask."""
_AT_ONCE = 8
_PROTOCOLS = ("dir_port", "obfs4", "or_port_dirauth", "or_port")


class _Outcome(msgspec.Struct, frozen=True, kw_only=True):
    failure: Failure | None


class _Target(msgspec.Struct, kw_only=True):
    """What was found at one place: a little measurement of its own."""

    agent: str = "redirect"
    failure: Failure | None = None
    network_events: list[wire.NetworkEvent] = []
    queries: None = None
    requests: list[wire.HttpTransaction] = []
    summary: dict[str, _Outcome] = {}
    target_address: str
    target_name: str
    target_protocol: str
    target_source: str = ""
    tcp_connect: list[wire.TcpConnect] = []
    tls_handshakes: list[wire.TlsHandshake] = []


async def measure_tor(means: Means, given: str) -> Mapping[str, object]:
    """Try every place; the test keys."""
    del given  # the places are the nettest's own
    few = asyncio.Semaphore(_AT_ONCE)

    async def try_place(place: TorPlace) -> _Target:
        endpoint = parse_endpoint(place.address)
        async with few, means.politeness.addresses.hold(endpoint.ip):
            return await _try(means, place, endpoint)

    found = await asyncio.gather(*(try_place(place) for place in load_nettests()["tor"].places))
    counts: dict[str, int] = {}
    for protocol in _PROTOCOLS:
        of_protocol = [one for one in found if one.target_protocol == protocol]
        counts[f"{protocol}_total"] = len(of_protocol)
        counts[f"{protocol}_accessible"] = sum(one.failure is None for one in of_protocol)
    return {**counts, "targets": {one.target_address: one for one in found}}


async def _try(means: Means, place: TorPlace, endpoint: Endpoint) -> _Target:
    target = _Target(target_address=place.address, target_name=place.name, target_protocol=place.protocol)
    trace = means.begin()
    stream, connect = await tcp_connect(
        means.net, endpoint, timeout_s=means.settings.timeouts.tcp_s, trace=trace
    )
    target.tcp_connect.append(connect)
    target.failure = connect.status.failure if connect.status else df007.EOF
    target.summary["connect"] = _Outcome(failure=target.failure)
    if stream is not None:
        try:
            if place.protocol == "dir_port":
                target.failure = await _fetch(means, endpoint, stream, target, trace)
            else:
                target.failure = await _shake(means, endpoint, stream, target, trace)
        finally:
            stream.close()
    target.network_events = [event for event in trace.events if event.transaction_id == trace.transaction_id]
    return target


async def _shake(
    means: Means, endpoint: Endpoint, stream: Stream, target: _Target, trace: Trace
) -> Failure | None:
    """Shake hands without a name; a relay's certificate is its own, and says nothing to us."""
    _, handshake = await tls_handshake(
        means.net,
        stream,
        endpoint,
        TlsSettings(server_name=None),
        roots=None,
        at=means.settings.now(),
        timeout_s=means.settings.timeouts.tls_s,
        trace=trace,
    )
    target.tls_handshakes.append(handshake)
    target.summary["handshake"] = _Outcome(failure=handshake.failure)
    return handshake.failure


async def _fetch(
    means: Means, endpoint: Endpoint, stream: Stream, target: _Target, trace: Trace
) -> Failure | None:
    """Ask a directory for the consensus, and keep its beginning."""
    settings = means.settings
    fetched = await http_get(
        stream,
        endpoint,
        HttpRequest(
            scheme="http",
            authority=endpoint.ip if endpoint.port == 80 else str(endpoint),
            path=_CONSENSUS,
            headers=BROWSER_HEADERS,
        ),
        alpn="",
        transport="tcp",
        timeout_s=settings.timeouts.http_s,
        limit_bytes=_KEPT_BYTES,
        scrub=scrubber((*means.net.own_addresses, *settings.own_addresses)),
        trace=trace,
    )
    target.requests.append(fetched.record)
    failure = fetched.record.failure
    if failure is None and (fetched.response is None or fetched.response.status != 200):
        return "http_request_failed"
    return failure
