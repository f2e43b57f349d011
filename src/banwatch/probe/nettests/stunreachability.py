"""The `stunreachability` nettest (OONI ts-025): does a STUN server answer a binding request."""

import asyncio
from collections.abc import Mapping

import msgspec

from banwatch.formats.ooni import wire
from banwatch.model import failure as df007
from banwatch.model.errors import WireError
from banwatch.model.failure import UNKNOWN_FAILURE_PREFIX, Failure
from banwatch.net.endpoint import Endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.net.http.target_url import parse_target_url
from banwatch.net.seam import Datagrams
from banwatch.probe.nettest_context import NettestContext
from banwatch.probe.nettests.registry import Nettest, read_data
from banwatch.probe.trace import Trace


class StunData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Servers that are asked."""

    inputs: tuple[str, ...]


DATA = read_data("stunreachability", StunData)
_COOKIE = 0x2112A442.to_bytes(4, "big")
_REQUEST, _SUCCESS, _ERROR = 0x0001, 0x0101, 0x0111
_HEADER_BYTES = 20
_ADDRESSES = 2
_FIRST_WAIT_S = 0.5
"""RFC 8489 section 6.2.1: asked again after half a second, and then after twice as long each time."""


def render_binding_request(transaction: bytes) -> bytes:
    """Return a binding request without attributes; `transaction` has twelve bytes."""
    return _REQUEST.to_bytes(2, "big") + b"\0\0" + _COOKIE + transaction


def parse_binding_response_untrusted(data: bytes, transaction: bytes) -> bool:
    """Return whether a response says success. The address in it is the person's own, and is not read.

    Raises:
        WireError: it is no response to this request.
    """
    if len(data) < _HEADER_BYTES or len(data) != _HEADER_BYTES + int.from_bytes(data[2:4], "big"):
        raise WireError("no STUN message")
    if data[4:8] != _COOKIE or data[8:20] != transaction:
        raise WireError("not the response to this request")
    kind = int.from_bytes(data[:2], "big")
    if kind not in (_SUCCESS, _ERROR):
        raise WireError("no binding response")
    return kind == _SUCCESS


async def measure_stun(context: NettestContext, given: str) -> Mapping[str, object]:
    """Ask a STUN server (`stun://host:port`) at its first addresses until one answers; the test keys."""
    url = parse_target_url(given.replace("stun://", "https://", 1))
    keys: dict[str, object] = {"endpoint": f"{url.host}:{url.port}"}
    events: list[wire.NetworkEvent] = []
    queries = []
    addresses = [url.address] if url.address is not None else []
    failure: Failure | None = None
    if url.address is None:
        query, addresses = await context.look_up(url.host)
        queries.append(query)
        failure = query.failure or (None if addresses else df007.DNS_NO_ANSWER)
    for ip in addresses[:_ADDRESSES]:
        async with context.politeness.addresses.hold(ip):
            failure = await _bind(context, Endpoint(ip, url.port), context.begin(), events)
        if failure is None:
            break
    return {**keys, "failure": failure, "network_events": events, "queries": queries}


async def _bind(
    context: NettestContext, endpoint: Endpoint, trace: Trace, events: list[wire.NetworkEvent]
) -> Failure | None:
    transaction = context.settings.rng.getrandbits(96).to_bytes(12, "big")
    udp: Datagrams | None = None
    failure: Failure | None = None
    t0 = trace.elapsed_s()
    try:
        udp = await context.net.open_udp(endpoint.ip, endpoint.port)
        events.append(_event("connect", endpoint, trace, t0))
        async with asyncio.timeout(context.settings.timeouts.tcp_s):
            is_success = await _exchange(udp, transaction, endpoint, trace, events)
        if not is_success:
            failure = f"{UNKNOWN_FAILURE_PREFIX}stun: error response"
    except NetworkFailure as error:
        failure = error.failure
    except TimeoutError:
        failure = df007.GENERIC_TIMEOUT
    finally:
        if udp is not None:
            udp.close()
    if failure is not None:
        events.append(_event("read", endpoint, trace, t0, failure=failure))
    return failure


async def _exchange(
    udp: Datagrams, transaction: bytes, endpoint: Endpoint, trace: Trace, events: list[wire.NetworkEvent]
) -> bool:
    request = render_binding_request(transaction)
    wait_s = _FIRST_WAIT_S
    while True:
        t0 = trace.elapsed_s()
        udp.send(request)
        events.append(_event("write", endpoint, trace, t0, len(request)))
        try:
            async with asyncio.timeout(wait_s):
                while True:
                    data = (await udp.receive()).data
                    try:
                        is_success = parse_binding_response_untrusted(data, transaction)
                    except WireError:
                        continue  # another conversation's, or no STUN message
                    events.append(_event("read", endpoint, trace, t0, len(data)))
                    return is_success
        except TimeoutError:
            wait_s *= 2


def _event(
    operation: str,
    endpoint: Endpoint,
    trace: Trace,
    t0: float,
    num_bytes: int | None = None,
    failure: Failure | None = None,
) -> wire.NetworkEvent:
    return wire.NetworkEvent(
        operation=operation,
        address=str(endpoint),
        proto="udp",
        num_bytes=num_bytes,
        failure=failure,
        t0=t0,
        t=trace.elapsed_s(),
        transaction_id=trace.transaction_id,
        tags=list(trace.tags),
    )


def _check_input(given: str) -> None:
    if not given.startswith("stun://"):
        raise ValueError("expected stun://host:port")
    parse_target_url(given.replace("stun://", "https://", 1))


NETTEST = Nettest(
    name="stunreachability",
    version="0.5.0",
    spec="ts-025",
    purpose="Does a STUN server answer a binding request, as calls need it to.",
    risk="It looks as if the person began a call over the Internet.",
    measure=measure_stun,
    inputs=DATA.inputs,
    check_input=_check_input,
)
