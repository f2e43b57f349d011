"""Request of a page over HTTP/1.1, HTTP/2 or HTTP/3."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from banwatch.formats.ooni import wire
from banwatch.model import failure as df007
from banwatch.net.endpoint import Endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.net.http.quic import QuicLink
from banwatch.net.http.request import Headers, HttpExchange, HttpRequest, HttpResponse, exchange
from banwatch.net.seam import Stream
from banwatch.probe.trace import Trace
from banwatch.probe.written_records import WrittenRequest

BROWSER_HEADERS: Headers = (
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("Accept-Language", "en-US,en;q=0.9"),
    (
        "User-Agent",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/122.0.0.0 Safari/537.36",
    ),
)
"""Headers of a browser, as OONI's probe and helper send them: others may be treated differently."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A record, and the response it was made from."""

    record: wire.HttpTransaction
    response: HttpResponse | None
    received_s: float = 0.0
    """From the first byte on the wire to the last of the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Protocol:
    """Protocols that a page is fetched by."""

    alpn: str
    """ALPN that TLS agreed on; empty without TLS."""
    transport: str
    """`tcp` or `udp`."""


def as_text(data: bytes) -> wire.Text:
    """Write bytes the way df-001 does: as text where they are UTF-8, else in base64."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return wire.Binary(data=base64.b64encode(data).decode("ascii"))


def _header_text(value: str) -> wire.Text:
    return as_text(value.encode("latin-1"))  # as it came over the wire


def _headers(headers: Headers) -> tuple[dict[str, wire.Text], list[tuple[wire.Text, wire.Text]]]:
    """Write headers in both of df-001's forms; names as HTTP/1.1 spells them, for HTTP/2 too."""
    first: dict[str, wire.Text] = {}
    pairs: list[tuple[wire.Text, wire.Text]] = []
    for name, value in headers:
        spelled = "-".join(part.capitalize() for part in name.split("-"))
        text = _header_text(value)
        first.setdefault(spelled, text)
        pairs.append((spelled, text))
    return first, pairs


async def http_get(
    stream: Stream,
    endpoint: Endpoint,
    request: HttpRequest,
    *,
    alpn: str,
    transport: str,
    timeout_s: float,
    limit_bytes: int,
    scrub: Callable[[bytes], bytes],
    trace: Trace,
) -> Fetched:
    """Request a page over a connection; the record has what came, also where it broke off.

    Args:
        stream: plain or TLS; the caller closes it.
        endpoint: where the stream leads to.
        request: what to ask for.
        alpn: what TLS agreed on; empty without TLS.
        transport: `tcp` or `udp`.
        timeout_s: deadline of the whole exchange.
        limit_bytes: the body is cut there.
        scrub: takes the probe's own addresses out of a body before it is encoded.
        trace: clock, id and tags for the record.
    """

    async def send(result: HttpExchange) -> None:
        await exchange(stream, request, result, alpn=alpn, limit_bytes=limit_bytes, clock=trace.clock)

    protocol = _Protocol(alpn=alpn, transport=transport)
    return await _fetch(send, endpoint, request, protocol, timeout_s=timeout_s, scrub=scrub, trace=trace)


async def http3_get(
    link: QuicLink,
    endpoint: Endpoint,
    request: HttpRequest,
    *,
    timeout_s: float,
    limit_bytes: int,
    scrub: Callable[[bytes], bytes],
    trace: Trace,
) -> Fetched:
    """Request a page over QUIC; see `http_get`."""

    async def send(result: HttpExchange) -> None:
        try:
            await link.request(request, result, limit_bytes)
        except NetworkFailure as error:
            result.failure = error.failure

    protocol = _Protocol(alpn="h3", transport="udp")
    return await _fetch(send, endpoint, request, protocol, timeout_s=timeout_s, scrub=scrub, trace=trace)


async def _fetch(
    send: Callable[[HttpExchange], Awaitable[None]],
    endpoint: Endpoint,
    request: HttpRequest,
    protocol: _Protocol,
    *,
    timeout_s: float,
    scrub: Callable[[bytes], bytes],
    trace: Trace,
) -> Fetched:
    t0 = trace.elapsed_s()
    result = HttpExchange()
    try:
        async with asyncio.timeout(timeout_s):
            await send(result)
    except TimeoutError:
        result.failure = df007.GENERIC_TIMEOUT
    trace.note("http_transaction_done", str(endpoint), t0, result.failure)
    received_s = 0.0
    if result.response is not None and result.response.arrivals:
        begun = trace.first_read_s(t0)
        received_s = trace.since_zero_s(result.response.arrivals[-1][0]) - begun
        if len(result.response.arrivals) > 1 or result.failure is not None:
            trace.note_arrivals(str(endpoint), begun, result.response.arrivals)
    sent, sent_list = _headers((("Host", request.authority), *request.headers))
    record = wire.HttpTransaction(
        network=protocol.transport,
        address=str(endpoint),
        alpn=protocol.alpn,
        failure=result.failure,
        request=WrittenRequest(
            method=request.method,
            url=f"{request.scheme}://{request.authority}{request.path}",
            headers=sent,
            headers_list=sent_list,
            body="",
            body_is_truncated=False,
            x_transport=protocol.transport,
        ),
        response=_write_response(result, scrub),
        t0=t0,
        t=trace.elapsed_s(),
        transaction_id=trace.transaction_id,
        tags=list(trace.tags),
    )
    return Fetched(record, result.response, received_s)


def _write_response(result: HttpExchange, scrub: Callable[[bytes], bytes]) -> wire.HttpResponse | None:
    if result.response is None:
        return None
    # here already: bytes that are no UTF-8 are written in base64, where scrubbing the line finds nothing
    headers = tuple(
        (name, scrub(value.encode("latin-1")).decode("latin-1")) for name, value in result.response.headers
    )
    got, got_list = _headers(headers)
    return wire.HttpResponse(
        code=result.response.status,
        headers=got,
        headers_list=got_list,
        body=as_text(scrub(bytes(result.response.body))),
        body_is_truncated=result.response.is_truncated or result.failure is not None,
    )
