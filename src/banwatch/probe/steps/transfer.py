"""A transfer, down or up, with the kernel's facts about its connection from beginning to end."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from banwatch.formats.ooni import wire
from banwatch.formats.ooni.extensions import Throttling
from banwatch.net.endpoint import Endpoint
from banwatch.net.http.request import HttpRequest, HttpResponse
from banwatch.net.http.target_url import TargetUrl
from banwatch.net.seam import Net, Stream, TcpInfo, TlsSettings
from banwatch.net.tcp_samples import sample_tcp_info
from banwatch.net.tls.certificates import Roots
from banwatch.probe.settings import Settings
from banwatch.probe.step_records import StepRecords
from banwatch.probe.steps.http import BROWSER_HEADERS, http_get
from banwatch.probe.steps.tcp import tcp_connect
from banwatch.probe.steps.tls import tls_handshake
from banwatch.probe.throttling import Direction, Sample, Transfer, describe
from banwatch.probe.trace import Trace

_SETTLE_S = 0.3
"""Wait for acknowledgements after an upload was answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferOrder:
    """Order for one transfer: what, and from or to where."""

    role: Literal["target", "twin"]
    direction: Direction
    url: TargetUrl
    endpoint: Endpoint
    size_bytes: int
    roots: Roots | None
    """Authorities that are trusted; None takes any certificate."""


async def transfer(
    net: Net,
    settings: Settings,
    records: StepRecords,
    order: TransferOrder,
    *,
    at: datetime,
    scrub: Callable[[bytes], bytes],
    trace: Trace,
) -> Transfer:
    """Fetch a page as far as the size goes, or send a body of that size; every step is recorded."""
    times, endpoint = settings.timeouts, order.endpoint
    stream, connect = await tcp_connect(net, endpoint, timeout_s=times.tcp_s, trace=trace)
    records.tcp_connects.append(connect)
    if stream is None:
        return _failed(order, trace, connect.status.failure if connect.status else None)
    try:
        inner: Stream = stream
        async with sample_tcp_info(stream, net.clock) as taken:
            if order.url.is_tls:
                tls, handshake = await tls_handshake(
                    net,
                    stream,
                    endpoint,
                    TlsSettings(server_name=order.url.host, alpn=("http/1.1",)),
                    roots=order.roots,
                    at=at,
                    timeout_s=times.tls_s,
                    trace=trace,
                )
                records.tls_handshakes.append(handshake)
                if tls is None:
                    return _failed(order, trace, handshake.failure)
                inner = tls
            begun_s = trace.elapsed_s()
            fetched = await http_get(
                inner,
                endpoint,
                _request(order, settings),
                alpn="http/1.1" if order.url.is_tls else "",
                transport="tcp",
                timeout_s=times.http_s,
                limit_bytes=order.size_bytes,
                scrub=scrub,
                trace=trace,
            )
            if order.direction == "upload":
                await _settle(stream, order.size_bytes)
        records.requests.append(fetched.record)  # behind the plain ones, which readers look at first
        records.note_tcp_info(stream, str(endpoint), trace)
    finally:
        stream.close()
    return _describe(order, trace, fetched.record, fetched.response, taken, begun_s)


async def _settle(stream: Stream, size_bytes: int) -> None:
    """Wait for the acknowledgements of what the other side has read already."""
    for _ in range(6):
        acked = stream.tcp_info().bytes_acked
        if acked is None or acked >= size_bytes:
            return
        await asyncio.sleep(_SETTLE_S / 6)


def _request(order: TransferOrder, settings: Settings) -> HttpRequest:
    url = order.url
    body = settings.rng.randbytes(order.size_bytes) if order.direction == "upload" else b""
    headers = (*BROWSER_HEADERS, ("Content-Type", "application/octet-stream")) if body else BROWSER_HEADERS
    return HttpRequest(
        method="POST" if body else "GET",
        scheme=url.scheme,
        authority=url.authority,
        path=url.path,
        headers=headers,
        body=body,
    )


def _failed(order: TransferOrder, trace: Trace, failure: str | None) -> Transfer:
    return Transfer(
        role=order.role,
        direction=order.direction,
        address=str(order.endpoint),
        transaction_id=trace.transaction_id,
        failure=failure,
        pattern=None,
        samples=[],
    )


def _describe(
    order: TransferOrder,
    trace: Trace,
    record: wire.HttpTransaction,
    response: HttpResponse | None,
    taken: Sequence[tuple[float, TcpInfo]],
    begun_s: float,
) -> Transfer:
    samples = read_samples(taken, order.direction, trace)
    arrivals = response.arrivals if response is not None and order.direction == "download" else []
    if not samples:  # the kernel reports nothing: only the body's arrivals are known
        samples = [
            Sample(t=trace.since_zero_s(at_s), num_bytes=size, rtt_ms=None, segments=0, segments_lost=0)
            for at_s, size in arrivals
        ]
    shortest = [info.min_rtt_ms for _, info in taken if info.min_rtt_ms]
    return Transfer(
        role=order.role,
        direction=order.direction,
        address=str(order.endpoint),
        transaction_id=trace.transaction_id,
        failure=record.failure,
        pattern=describe(samples, begun_s=begun_s, min_rtt_ms=min(shortest, default=None)),
        samples=samples,
    )


def read_samples(taken: Sequence[tuple[float, TcpInfo]], direction: Direction, trace: Trace) -> list[Sample]:
    """Turn samples of a connection into those of a transfer's direction; only where something moved."""
    samples: list[Sample] = []
    for at_s, info in taken:
        down = direction == "download"
        moved = info.bytes_received if down else info.bytes_acked
        segments = (info.segments_received if down else info.segments_sent) or 0
        if moved is None or (samples and (samples[-1].num_bytes, samples[-1].segments) == (moved, segments)):
            continue
        lost = info.segments_out_of_order if down else info.retransmits
        samples.append(
            Sample(
                t=trace.since_zero_s(at_s),
                num_bytes=moved,
                rtt_ms=info.receive_rtt_ms if down else info.rtt_ms,
                segments=segments,
                segments_lost=lost or 0,
            )
        )
    return samples


def with_control(
    throttling: Throttling | None,
    control: wire.ControlResponse | None,
    of_twin: wire.ControlResponse | None = None,
) -> Throttling | None:
    """Add how fast the page came to the helper, and its twin."""
    if throttling is None:
        return None
    return msgspec.structs.replace(
        throttling, control_goodput_bps=_goodput_of(control), control_twin_goodput_bps=_goodput_of(of_twin)
    )


def _goodput_of(control: wire.ControlResponse | None) -> float | None:
    page = control.http_request if control is not None else None
    if page is None or page.failure or not page.x_body_s or not page.body_length:
        return None
    return round(page.body_length * 8 / page.x_body_s, 1)
