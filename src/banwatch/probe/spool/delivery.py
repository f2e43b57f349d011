"""Delivery of sealed measurements to the collector, tried as often as needed, each accepted once."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from banwatch.model import failure as df007
from banwatch.model.failure import UNKNOWN_FAILURE_PREFIX, Failure
from banwatch.model.progress import Progress
from banwatch.net.endpoint import Endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.net.http.https import request_once
from banwatch.net.http.request import HttpRequest, HttpResponse
from banwatch.net.http.target_url import TargetUrl
from banwatch.net.http.work import WORK_HEADER, find_proof
from banwatch.net.seam import Net, Stream
from banwatch.net.socks import ask_proxy
from banwatch.net.tls.certificates import Roots
from banwatch.probe.spool.spool import Spool, Waiting

_ACCEPTED = frozenset({200, 201, 204, 409})
"""Statuses of an accepted delivery; 409 says that the collector has it already."""
_REFUSED = frozenset({400, 413, 415, 422})
"""Statuses that will not change: the measurement is not accepted at any time."""
_LIMIT_BYTES = 1 << 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """Collector to deliver to, and the way there."""

    url: TargetUrl
    """Each measurement is put at `<url>/api/v1/sealed/<id>`."""
    roots: Roots
    proxy: Endpoint | None = None
    """A SOCKS5 proxy, such as Tor's at 127.0.0.1:9050; it also resolves the collector's name."""
    timeout_s: float = 30.0
    token: str = ""
    """Token that names the probe as one of the operator's or a partner's; empty where it stays anonymous."""


@dataclass(slots=True)
class Delivered:
    """Result of a delivery."""

    accepted: int = 0
    refused: int = 0
    """Refused for good; still in the spool."""
    left: int = 0
    """Not delivered this time."""
    last_failure: Failure | None = None


async def push(
    net: Net,
    spool: Spool,
    collector: Collector,
    *,
    now: Callable[[], datetime],
    rng: random.Random,
    attempts: int = 4,
    pause_s: float = 1.0,
    progress: Progress | None = None,
) -> Delivered:
    """Deliver the spool's measurements in random order; those not accepted stay for the next time.

    A measurement is removed only after the collector has confirmed it. If the confirmation gets lost, it is
    sent again under the same id, which the collector recognises.
    """
    waiting = list(spool.waiting())
    rng.shuffle(waiting)  # the order in which sites were measured stays private
    result = Delivered(left=len(waiting))
    for number, one in enumerate(waiting, 1):
        status = await _put_patiently(net, one, collector, now, result, attempts, pause_s)
        if status is None:
            return result  # the collector is out of reach: the rest would fail as well
        if status in _ACCEPTED:
            spool.remove(one)
            result.accepted += 1
            result.left -= 1
        else:
            result.refused += 1
        if progress is not None:
            progress(number, len(waiting))
    return result


async def _put_patiently(
    net: Net,
    one: Waiting,
    collector: Collector,
    now: Callable[[], datetime],
    result: Delivered,
    attempts: int,
    pause_s: float,
) -> int | None:
    proof = ""
    for attempt in range(attempts):
        if attempt and not proof:
            await asyncio.sleep(pause_s * 2 ** (attempt - 1))
        try:
            async with asyncio.timeout(collector.timeout_s):
                status, asked = await _put(net, one, collector, now(), proof)
        except NetworkFailure as error:
            result.last_failure = error.failure
        except TimeoutError:
            result.last_failure = df007.GENERIC_TIMEOUT
        else:
            if status in _ACCEPTED | _REFUSED:
                return status
            result.last_failure = f"{UNKNOWN_FAILURE_PREFIX}the collector answered with status {status}"
            path = _path_of(collector, one)
            found = await asyncio.to_thread(find_proof, asked, path) if asked else None
            proof = found or ""
    return None


def _path_of(collector: Collector, one: Waiting) -> str:
    return f"{collector.url.path.rstrip('/')}/api/v1/sealed/{one.measurement_id}"


async def _put(net: Net, one: Waiting, collector: Collector, at: datetime, proof: str) -> tuple[int, str]:
    """Send a measurement; return the status, and the proof of work that the collector asks for."""
    headers = [("Content-Type", "application/octet-stream")]
    if collector.token:
        headers.append(("Authorization", f"Bearer {collector.token}"))
    if proof:
        headers.append((WORK_HEADER, proof))
    path, body = _path_of(collector, one), one.path.read_bytes()
    response = await ask(net, collector, "PUT", path, at, headers=headers, body=body)
    asked = [value for name, value in response.headers if name.lower() == WORK_HEADER]
    return response.status, asked[0] if asked and response.status == 429 else ""


async def ask(
    net: Net,
    collector: Collector,
    method: str,
    path: str,
    at: datetime,
    *,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    limit_bytes: int = _LIMIT_BYTES,
) -> HttpResponse:
    """Send one request to a collector, by the way that is configured.

    Raises:
        NetworkFailure: there is no answer.
    """
    url, proxy = collector.url, collector.proxy
    request = HttpRequest(
        method=method,
        scheme=url.scheme,
        authority=url.authority,
        path=path,
        headers=tuple(headers),
        body=body,
    )
    result = await request_once(
        net,
        url,
        request,
        roots=collector.roots,
        at=at,
        limit_bytes=limit_bytes,
        open_stream=partial(_open_proxied, net, url, proxy) if proxy is not None else None,
    )
    if result.response is None:
        raise NetworkFailure(result.failure or df007.EOF)
    return result.response


async def _open_proxied(net: Net, url: TargetUrl, proxy: Endpoint) -> Stream:
    stream = await net.open_tcp(proxy.ip, proxy.port)
    try:
        await ask_proxy(stream, url.host, url.port)
    except BaseException:
        stream.close()
        raise
    return stream
