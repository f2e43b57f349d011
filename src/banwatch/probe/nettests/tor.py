"""The `tor` nettest (OONI ts-023): can the Tor network be reached, by the servers where one begins.

Without an input, only servers that everybody may know are tried: the directory authorities, and the bridges
that ship with Tor Browser. A bridge that a person names is measured alone, and its address is written down
nowhere: publishing a bridge gives it away. Of obfs4 only the connection is tried, not the handshake.
"""

import asyncio
from collections.abc import Mapping
from typing import Literal

import msgspec

from banwatch.formats.ooni import wire
from banwatch.formats.scrub import scrubber
from banwatch.model import failure as df007
from banwatch.model.failure import Failure
from banwatch.net.endpoint import Endpoint, parse_endpoint
from banwatch.net.http.request import HttpRequest
from banwatch.net.seam import Stream, TlsSettings
from banwatch.probe.nettest_context import NettestContext
from banwatch.probe.nettests.registry import Nettest, read_data
from banwatch.probe.steps.http import BROWSER_HEADERS, http_get
from banwatch.probe.steps.tcp import tcp_connect
from banwatch.probe.steps.tls import tls_handshake
from banwatch.probe.trace import Trace

_CONSENSUS = "/tor/status-vote/current/consensus.z"
_KEPT_BYTES = 1 << 14
"""Bytes kept of the consensus, which is megabytes long; its beginning shows that the directory works."""
_AT_ONCE = 8
_SCRUBBED = "[scrubbed]"
_PROTOCOLS = ("dir_port", "obfs4", "or_port_dirauth", "or_port")


class TorServer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A server of the Tor network."""

    name: str
    address: str
    """`ip:port`."""
    protocol: Literal["dir_port", "or_port", "or_port_dirauth", "obfs4"]
    is_private: bool = False
    """Whether only the person who measures knows it: then its address is written down nowhere."""


class TorData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Servers that are tried without an input."""

    servers: tuple[TorServer, ...]


DATA = read_data("tor", TorData)


class _Outcome(msgspec.Struct, frozen=True, kw_only=True):
    failure: Failure | None


class _Target(msgspec.Struct, kw_only=True):
    """Results at one server: a small measurement of its own."""

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


async def measure_tor(context: NettestContext, given: str) -> Mapping[str, object]:
    """Try every server, or the one that is given (see `parse_bridge`); the test keys."""
    servers = (parse_bridge(given),) if given else DATA.servers
    few = asyncio.Semaphore(_AT_ONCE)

    async def try_server(server: TorServer) -> _Target:
        endpoint = parse_endpoint(server.address)
        async with few, context.politeness.addresses.hold(endpoint.ip):
            return await _try(context, server, endpoint)

    found = await asyncio.gather(*(try_server(server) for server in servers))
    counts: dict[str, int] = {}
    for protocol in _PROTOCOLS:
        of_protocol = [one for one in found if one.target_protocol == protocol]
        counts[f"{protocol}_total"] = len(of_protocol)
        counts[f"{protocol}_accessible"] = sum(one.failure is None for one in of_protocol)
    targets = {
        server.name if server.is_private else server.address: one
        for server, one in zip(servers, found, strict=True)
    }
    return {**counts, "targets": targets}


def parse_bridge(text: str) -> TorServer:
    """Read a bridge line (`obfs4 192.0.2.1:443 ...`), or another protocol of ts-023 and a server.

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
        {"name": "private", "address": address, "protocol": protocol, "is_private": True}, TorServer
    )


async def _try(context: NettestContext, server: TorServer, endpoint: Endpoint) -> _Target:
    target = _Target(target_address=server.address, target_name=server.name, target_protocol=server.protocol)
    trace = context.begin()
    stream, connect = await tcp_connect(
        context.net, endpoint, timeout_s=context.settings.timeouts.tcp_s, trace=trace
    )
    target.tcp_connect.append(connect)
    target.failure = connect.status.failure if connect.status else df007.EOF
    target.summary["connect"] = _Outcome(failure=target.failure)
    if stream is not None:
        try:
            if server.protocol == "dir_port":
                target.failure = await _fetch(context, endpoint, stream, target, trace)
            elif server.protocol != "obfs4":
                target.failure = await _shake(context, endpoint, stream, target, trace)
        finally:
            stream.close()
    target.network_events = [event for event in trace.events if event.transaction_id == trace.transaction_id]
    return _hide(target) if server.is_private else target


def _hide(target: _Target) -> _Target:
    """Take the address of a private bridge out of everything that was found there."""
    structs = msgspec.structs
    target.target_address = _SCRUBBED
    target.target_source = "given"
    target.tcp_connect = [structs.replace(one, ip=_SCRUBBED, port=None) for one in target.tcp_connect]
    target.tls_handshakes = [
        structs.replace(one, address=_SCRUBBED, peer_certificates=[]) for one in target.tls_handshakes
    ]
    target.network_events = [structs.replace(one, address=_SCRUBBED) for one in target.network_events]
    target.requests = []
    return target


async def _shake(
    context: NettestContext, endpoint: Endpoint, stream: Stream, target: _Target, trace: Trace
) -> Failure | None:
    """Shake hands without a name; a relay's certificate is self-made and is not verified."""
    _, handshake = await tls_handshake(
        context.net,
        stream,
        endpoint,
        TlsSettings(server_name=None),
        roots=None,
        at=context.settings.now(),
        timeout_s=context.settings.timeouts.tls_s,
        trace=trace,
    )
    target.tls_handshakes.append(handshake)
    target.summary["handshake"] = _Outcome(failure=handshake.failure)
    return handshake.failure


async def _fetch(
    context: NettestContext, endpoint: Endpoint, stream: Stream, target: _Target, trace: Trace
) -> Failure | None:
    """Ask a directory for the consensus, and keep its beginning."""
    settings = context.settings
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
        scrub=scrubber((*context.net.own_addresses, *settings.own_addresses)),
        trace=trace,
    )
    target.requests.append(fetched.record)
    failure = fetched.record.failure
    if failure is None and (fetched.response is None or fetched.response.status != 200):
        return "http_request_failed"
    return failure


NETTEST = Nettest(
    name="tor",
    version="0.4.0",
    spec="ts-023",
    purpose="Can the Tor network be reached: its directories, and bridges that everybody knows.",
    risk="It looks as if the person used Tor.",
    measure=measure_tor,
    check_input=parse_bridge,
    is_input_secret=True,
)
