"""Hops from the input through its redirects."""

from dataclasses import dataclass

from banwatch.model.failure import Failure
from banwatch.net.http.redirects import BAD_REDIRECT, TOO_MANY_REDIRECTS, find_redirect
from banwatch.net.http.request import HttpResponse
from banwatch.net.http.target_url import TargetUrl


@dataclass(frozen=True, slots=True)
class Hop:
    """A URL on the way."""

    url: TargetUrl
    depth: int
    referer: str = ""


def find_next_hop(hop: Hop, response: HttpResponse | None, max_redirects: int) -> Hop | Failure | None:
    """Find where a response leads: another hop, nowhere, or astray (a failure)."""
    if response is None:
        return None
    try:
        url = find_redirect(hop.url, response)
    except ValueError:
        return BAD_REDIRECT if hop.depth < max_redirects else TOO_MANY_REDIRECTS
    if url is None:
        return None
    return Hop(url, hop.depth + 1, referer=str(hop.url)) if hop.depth < max_redirects else TOO_MANY_REDIRECTS
