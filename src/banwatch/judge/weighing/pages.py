"""Comparison of a page with the control's, and marks of refusals, portals and broken redirects."""

import re
from dataclasses import dataclass
from functools import lru_cache

from banwatch.judge.thresholds import LENGTH_RATIO_DIFFERENT, TITLE_WORD_LENGTH
from banwatch.model.control import Control, ControlHttp
from banwatch.model.observation import Observation

FIRST_ERROR_STATUS = 400
REDIRECTS = 3
"""First digit of the statuses that redirect."""
_BROKEN_REDIRECTS = ("http_invalid_redirect_location_host", "stopped after", "http_unexpected_redirect_url")
_COMMON_HEADERS = frozenset(
    {
        "accept-ranges",
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-allow-origin",
        "age",
        "allow",
        "alt-svc",
        "cache-control",
        "connection",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-location",
        "content-security-policy",
        "content-type",
        "date",
        "etag",
        "expires",
        "keep-alive",
        "last-modified",
        "link",
        "location",
        "p3p",
        "pragma",
        "proxy-connection",
        "referrer-policy",
        "retry-after",
        "server",
        "set-cookie",
        "strict-transport-security",
        "transfer-encoding",
        "upgrade",
        "upgrade-insecure-requests",
        "vary",
        "via",
        "warning",
        "www-authenticate",
        "x-cache",
        "x-content-type-options",
        "x-frame-options",
        "x-powered-by",
        "x-ua-compatible",
        "x-xss-protection",
    }
)
"""Headers so common that carrying one says nothing of which server it was."""

_REFUSALS = frozenset({401, 403, 406, 407, 410, 421, 429, 451, 503, 509, 511})
"""Statuses by which a server says no, or not now, to who asks."""

_CHALLENGES = (
    b"cf-chl-",
    b"cf-error-details",
    b"challenge-platform",
    b"g-recaptcha",
    b"h-captcha",
    b"hcaptcha.com",
    b"_Incapsula_Resource",
    b"px-captcha",
    b"/cdn-cgi/l/chk_captcha",
    b"Attention Required!",
    b"DDoS protection by",
    b"awswaf",
    b"datadome",
)
"""Marks of pages that ask the visitor to prove to be human, by the products that make them."""
_CHALLENGE_WITHIN_BYTES = 32_768

_PORTAL_STATUS = 511
"""Network Authentication Required (RFC 6585)."""
_PORTAL_IN_URL = (
    "captive",
    "hotspot",
    "wispr",
    "nodogsplash",
    "opennds",
    "coova",
    "/guest/s/",
    "gateway.login",
)
_PORTAL_IN_BODY = (b"WISPAccessGatewayParam", b"captive portal", b"Captive Portal", b"nodogsplash", b"coova")

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class PageComparison:
    """Result of comparing two pages; each field is null where there is nothing to compare."""

    status_match: bool | None = None
    title_match: bool | None = None
    length_ratio: float | None = None
    headers_match: bool | None = None


def compare_pages(page: Observation, control: ControlHttp | None) -> PageComparison:
    """Compare a response with the control's."""
    if control is None or control.failure is not None or page.status_code is None:
        return PageComparison()
    return PageComparison(
        status_match=_match_status(page.status_code, control.status_code),
        title_match=_match_titles(page.title, control.title) if page.body_length else None,
        length_ratio=_length_ratio(page, control.body_length),
        headers_match=_match_headers(page, control),
    )


def is_refusal(page: Observation) -> bool:
    """Whether the server itself says no, or asks for proof of being human."""
    if page.status_code in _REFUSALS:
        return True
    beginning = (page.body or b"")[:_CHALLENGE_WITHIN_BYTES]
    return any(mark in beginning for mark in _CHALLENGES)


def is_portal(page: Observation) -> bool:
    """Whether a response is a captive portal's, asking to log in to the network."""
    if page.status_code == _PORTAL_STATUS:
        return True
    if (page.url or "").startswith("https:"):
        return False
    location = (page.location or "").lower()
    if any(mark in location for mark in _PORTAL_IN_URL):
        return True
    beginning = (page.body or b"")[:_CHALLENGE_WITHIN_BYTES]
    return any(mark in beginning for mark in _PORTAL_IN_BODY)


def differs(compared: PageComparison) -> bool:
    """Whether a page is another one than the control's, in every respect that can be compared.

    A page that is made anew on each load keeps its title, its length or its server's headers; one that was
    put in its place keeps none. Its length and its title must be known to differ: two files without a title
    may well be of different length.
    """
    if compared.title_match is not False or compared.headers_match or compared.status_match is None:
        return False
    ratio = compared.length_ratio
    return ratio is not None and ratio < LENGTH_RATIO_DIFFERENT


def _match_status(ours: int, theirs: int | None) -> bool | None:
    if theirs is None:
        return None
    return ours == theirs or ours // 100 == theirs // 100 == 2


@lru_cache(maxsize=16_384)
def _match_titles(ours: str | None, theirs: str | None) -> bool | None:
    if not ours or not theirs:
        return False if ours or theirs else None
    if ours.casefold() == theirs.casefold():
        return True
    our_words, their_words = _words(ours), _words(theirs)
    if not our_words or not their_words:
        return None
    return bool(our_words & their_words)


def _words(title: str) -> set[str]:
    """Return the words that distinguish titles; scripts without spaces are taken in pairs of characters."""
    words = {word for word in _WORD.findall(title.casefold()) if len(word) >= TITLE_WORD_LENGTH}
    wide = "".join(letter for letter in title if letter > "⺀")
    return words | {wide[at : at + 2] for at in range(len(wide) - 1)}


def _length_ratio(page: Observation, theirs: int | None) -> float | None:
    ours = page.body_length
    if not ours or theirs is None or page.body_truncated or theirs <= 0:
        return None  # an empty body is mostly one that was not kept
    return min(ours, theirs) / max(ours, theirs)


def _match_headers(page: Observation, control: ControlHttp) -> bool | None:
    ours = {name for name, _ in page.response_headers} - _COMMON_HEADERS
    theirs = {name for name, _ in control.headers} - _COMMON_HEADERS
    if ours & theirs:
        return True
    our_server = _value(page.response_headers, "server")
    if our_server and our_server == _value(control.headers, "server"):
        return True
    return False if theirs else None


def _value(headers: tuple[tuple[str, str], ...], wanted: str) -> str:
    return next((value for name, value in headers if name == wanted), "")


def good_page(control: Control | None) -> ControlHttp | None:
    """Return the control's page; None where there is none or it is an error."""
    page = control.http if control else None
    if page is None or page.failure is not None or page.status_code is None:
        return None
    return page if page.status_code < FIRST_ERROR_STATUS else None


def is_broken_redirect(page: Observation | None, hops: int) -> bool:
    """Return whether a page failed for a redirect that leads nowhere: a loop, too many hops, no address."""
    if page is None or page.failure is None:
        return False
    return any(mark in page.failure for mark in _BROKEN_REDIRECTS) or (
        hops > 0 and page.status_code is not None and page.status_code // 100 == REDIRECTS
    )
