"""The `tor` nettest (OONI ts-023): can the Tor network be reached, by the places where one begins.

Without an input, only places that everybody may know are tried: the directory authorities, and the bridges
that ship with Tor Browser. A bridge that a person names is measured alone, and its address is written down
nowhere: whoever publishes a bridge gives it away. Of obfs4 only the connection is tried, not what is spoken.
"""

import asyncio
from collections.abc import Mapping

import msgspec

from banwatch.formats.ooni import wire
from banwatch.model import failure as df007
from banwatch.model.failure import Failure
from banwatch.net.endpoint import Endpoint, parse_endpoint
from banwatch.net.http.request import HttpRequest
from banwatch.net.seam import Stream, TlsSettings
from banwatch.probe.nettests.catalogue import TorPlace, load_nettests
from banwatch.probe.nettests.context import Means
from banwatch.probe.scrub import scrubber
from banwatch.probe.steps.http import BROWSER_HEADERS, http_get
from banwatch.probe.steps.tcp import tcp_connect
from banwatch.probe.steps.tls import tls_handshake
from banwatch.probe.trace import Trace

_CONSENSUS = "/tor/status-vote/current/consensus.z"
_KEPT_BYTES = 1 << 14
"""Of the consensus, which is megabytes long; that it begins to come is what we ask."""
_AT_ONCE = 8
_HIDDEN = "[scrubbed]"
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
    """Try every place, or the one that is given (see `parse_place`); the test keys."""
    places = (parse_place(given),) if given else load_nettests()["tor"].places
    few = asyncio.Semaphore(_AT_ONCE)

    async def try_place(place: TorPlace) -> _Target:
        endpoint = parse_endpoint(place.address)
        async with few, means.politeness.addresses.hold(endpoint.ip):
            return await _try(means, place, endpoint)

    found = await asyncio.gather(*(try_place(place) for place in places))
    counts: dict[str, int] = {}
    for protocol in _PROTOCOLS:
        of_protocol = [one for one in found if one.target_protocol == protocol]
        counts[f"{protocol}_total"] = len(of_protocol)
        counts[f"{protocol}_accessible"] = sum(one.failure is None for one in of_protocol)
    targets = {
        place.name if place.is_private else place.address: one
        for place, one in zip(places, found, strict=True)
    }
    return {**counts, "targets": targets}


def parse_place(text: str) -> TorPlace:
    """Read a bridge line (`obfs4 192.0.2.1:443 ...`), or another protocol of ts-023 and a place.

    A line that begins with an address is an ordinary bridge, spoken to inside TLS.

    Raises:
        ValueError: it is none of these.
    """
    words = text.removeprefix("Bridge ").split()
    protocol = "or_port" if words and words[0][:1] in "[0123456789" else (words.pop(0) if words else "")
    if protocol not in _PROTOCOLS or not words or not words[0].rpartition(":")[2].isdecimal():
        raise ValueError("neither a bridge of Tor nor a relay")
    address = str(parse_endpoint(words[0]))
    return msgspec.convert(
        {"name": "private", "address": address, "protocol": protocol, "is_private": True}, TorPlace
    )


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
            elif place.protocol != "obfs4":
                target.failure = await _shake(means, endpoint, stream, target, trace)
        finally:
            stream.close()
    target.network_events = [event for event in trace.events if event.transaction_id == trace.transaction_id]
    return _hide(target) if place.is_private else target


def _hide(target: _Target) -> _Target:
    """Take the address out of all that was found at a place that is nobody's business."""
    structs = msgspec.structs
    target.target_address = _HIDDEN
    target.target_source = "given"
    target.tcp_connect = [structs.replace(one, ip=_HIDDEN, port=None) for one in target.tcp_connect]
    target.tls_handshakes = [
        structs.replace(one, address=_HIDDEN, peer_certificates=[]) for one in target.tls_handshakes
    ]
    target.network_events = [structs.replace(one, address=_HIDDEN) for one in target.network_events]
    target.requests = []
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
