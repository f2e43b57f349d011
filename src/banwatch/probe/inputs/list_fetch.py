"""Fetch of a test list, over HTTPS only: whoever changes a list chooses what a person visits."""

import asyncio
from datetime import datetime

from banwatch.model import failure as df007
from banwatch.model.errors import WireError
from banwatch.net.failure import NetworkFailure
from banwatch.net.http.https import request_once
from banwatch.net.http.redirects import find_redirect
from banwatch.net.http.request import HttpRequest, HttpResponse
from banwatch.net.http.target_url import TargetUrl
from banwatch.net.seam import Net
from banwatch.net.tls.certificates import Roots
from banwatch.probe.steps.http import BROWSER_HEADERS

MAX_FETCHED_BYTES = 16 << 20
"""The longest of Citizen Lab's lists is 80 times smaller."""
_MAX_REDIRECTS = 5


async def fetch_list(
    net: Net,
    url: TargetUrl,
    *,
    roots: Roots,
    at: datetime,
    timeout_s: float,
    limit_bytes: int = MAX_FETCHED_BYTES,
) -> bytes:
    """Fetch a list and what it redirects to.

    Raises:
        NetworkFailure: it is out of reach, or its certificate is not good.
        WireError: it is not HTTPS, longer than the limit, or what answers is no list.
    """
    try:
        async with asyncio.timeout(timeout_s):
            for _ in range(_MAX_REDIRECTS + 1):
                response = await _fetch_one(net, url, roots, at, limit_bytes)
                try:
                    target = find_redirect(url, response)
                except ValueError as error:
                    raise WireError(f"redirected to what is no URL: {error}") from error
                if target is None:
                    return _read_body(response, limit_bytes)
                url = target
            raise WireError(f"more than {_MAX_REDIRECTS} redirects")
    except TimeoutError as error:
        raise NetworkFailure(df007.GENERIC_TIMEOUT) from error


def _read_body(response: HttpResponse, limit_bytes: int) -> bytes:
    if response.status != 200:
        raise WireError(f"answered with status {response.status}")
    if response.is_truncated:
        raise WireError(f"longer than {limit_bytes} bytes")
    return bytes(response.body)


async def _fetch_one(net: Net, url: TargetUrl, roots: Roots, at: datetime, limit_bytes: int) -> HttpResponse:
    if not url.is_tls:
        raise WireError("lists are fetched over https:// only")
    request = HttpRequest(scheme=url.scheme, authority=url.authority, path=url.path, headers=BROWSER_HEADERS)
    result = await request_once(net, url, request, roots=roots, at=at, limit_bytes=limit_bytes)
    if result.failure is not None or result.response is None:
        raise NetworkFailure(result.failure or df007.EOF)
    return result.response
