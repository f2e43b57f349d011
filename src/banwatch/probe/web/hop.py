"""The way from the input through its redirects."""

from dataclasses import dataclass

from banwatch.model.failure import UNKNOWN_FAILURE_PREFIX, Failure
from banwatch.net.http.request import HttpResponse
from banwatch.net.http.target_url import TargetUrl, follow_location

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TOO_MANY_REDIRECTS = f"{UNKNOWN_FAILURE_PREFIX}stopped after too many redirects"
_BAD_REDIRECT = "http_invalid_redirect_location_host"


@dataclass(frozen=True, slots=True)
class Hop:
    """One URL on the way."""

    url: TargetUrl
    depth: int
    referer: str = ""


def find_next_hop(hop: Hop, response: HttpResponse | None, max_redirects: int) -> Hop | Failure | None:
    """Where a response leads: another hop, nowhere, or astray (a failure)."""
    location = response.header("location") if response and response.status in _REDIRECTS else None
    if not location:
        return None
    if hop.depth >= max_redirects:
        return _TOO_MANY_REDIRECTS
    try:
        return Hop(follow_location(hop.url, location), hop.depth + 1, referer=str(hop.url))
    except ValueError:
        return _BAD_REDIRECT
