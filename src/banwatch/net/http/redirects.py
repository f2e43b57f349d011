"""Redirects: which responses are one, and where they lead."""

from banwatch.model.failure import UNKNOWN_FAILURE_PREFIX
from banwatch.net.http.request import HttpResponse
from banwatch.net.http.target_url import TargetUrl, follow_location

REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
"""Statuses that browsers follow (RFC 9110 section 15.4); 300 and 304 to 306 are none of these."""
TOO_MANY_REDIRECTS = f"{UNKNOWN_FAILURE_PREFIX}stopped after too many redirects"
BAD_REDIRECT = "http_invalid_redirect_location_host"
"""df-007's failure of a redirect that leads to what is no URL."""


def find_redirect(url: TargetUrl, response: HttpResponse) -> TargetUrl | None:
    """Find where a response to a URL redirects; None where it does not.

    Raises:
        ValueError: it leads nowhere that can be fetched.
    """
    if response.status not in REDIRECT_STATUSES:
        return None
    location = response.header("location")
    return follow_location(url, location) if location else None
