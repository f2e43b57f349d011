"""Question to a helper: what does it see of a target."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import msgspec

from banwatch.formats.ooni import wire
from banwatch.model import failure as df007
from banwatch.model.failure import Failure
from banwatch.net.endpoint import Endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.net.http.https import body_of, request_once
from banwatch.net.http.request import HttpRequest
from banwatch.net.http.target_url import TargetUrl
from banwatch.net.seam import Net
from banwatch.net.tls.certificates import Roots
from banwatch.probe.steps.http import BROWSER_HEADERS

_LIMIT_BYTES = 1 << 20
_DECODER = msgspec.json.Decoder(wire.ControlResponse)
_BAD_JSON = "json_parse_error"


def make_control_request(url: TargetUrl, endpoints: Sequence[Endpoint]) -> wire.ControlRequest:
    """Ask about a URL, and about the endpoints that this network's resolvers named."""
    return wire.ControlRequest(
        http_request=str(url),
        http_request_headers={name: [value] for name, value in BROWSER_HEADERS},
        tcp_connect=[str(endpoint) for endpoint in endpoints],
        x_quic_enabled=True,
    )


async def ask_helper(
    net: Net,
    helper: TargetUrl,
    request: wire.ControlRequest,
    *,
    roots: Roots,
    at: datetime,
    timeout_s: float,
) -> tuple[wire.ControlResponse | None, Failure | None]:
    """Ask a helper; its answer, or why there is none."""
    try:
        async with asyncio.timeout(timeout_s):
            return await _ask(net, helper, request, roots, at), None
    except NetworkFailure as error:
        return None, error.failure
    except TimeoutError:
        return None, df007.GENERIC_TIMEOUT


async def _ask(
    net: Net, helper: TargetUrl, request: wire.ControlRequest, roots: Roots, at: datetime
) -> wire.ControlResponse:
    result = await request_once(
        net,
        helper,
        HttpRequest(
            method="POST",
            scheme=helper.scheme,
            authority=helper.authority,
            path=helper.path,
            headers=(("Content-Type", "application/json"), ("User-Agent", "banwatch")),
            body=msgspec.json.encode(request),
        ),
        roots=roots,
        at=at,
        limit_bytes=_LIMIT_BYTES,
    )
    try:
        return _DECODER.decode(body_of(result))
    except msgspec.DecodeError as error:
        raise NetworkFailure(_BAD_JSON) from error
