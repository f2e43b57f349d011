"""Comparison of a page with the control's, and marks of refusals, portals and broken redirects."""

import re
from functools import lru_cache
from typing import NamedTuple

from banwatch.judge.thresholds import (
    LENGTH_RATIO_DIFFERENT,
    OWN_LENGTH_RATIO,
    SHORT_BODY_BYTES,
    SHORT_LENGTH_RATIO,
    TITLE_WORD_LENGTH,
)
from banwatch.judge.weighing.facts.marks import Marks
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

_COMMON_SERVER = re.compile(
    r"(apache|nginx|openresty|tengine|litespeed|microsoft-iis|microsoft-httpapi|cloudflare|akamai|gws|gse|esf"
    r"|sffe|amazons3|cloudfront|varnish|caddy|lighttpd|squid|envoy|gunicorn|werkzeug|tomcat|jetty|iis|ats"
    r"|awselb|ddos-guard|qrator|sucuri|python|php|node|express|kestrel|cowboy|unicorn|httpd|server|web)\b",
    re.IGNORECASE,
)
"""Servers so common that two sites of the same make have nothing to do with each other."""
_COMMON_TITLES = frozenset(
    {
        "",
        "301 moved permanently",
        "302 found",
        "307 temporary redirect",
        "400 bad request",
        "401 unauthorized",
        "403",
        "403 forbidden",
        "404",
        "404 not found",
        "500 internal server error",
        "502 bad gateway",
        "503 service unavailable",
        "503 service temporarily unavailable",
        "504 gateway time-out",
        "access denied",
        "blocked",
        "document moved",
        "error",
        "forbidden",
        "home",
        "index",
        "index of /",
        "just a moment...",
        "loading",
        "loading...",
        "login",
        "not found",
        "object moved",
        "redirect",
        "redirecting",
        "redirecting...",
        "untitled",
        "untitled document",
        "warning",
        "welcome to nginx",
    }
)
"""Titles that every server writes: to have the same one proves nothing."""

_REFUSALS = frozenset({401, 403, 406, 407, 410, 421, 429, 451, 503, 509, 511})
"""Statuses by which a server says no, or not now, to who asks."""

_CHALLENGES = Marks(
    (
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
)
"""Marks of pages that ask the visitor to prove to be human, by the products that make them."""
_MARKS_WITHIN_BYTES = 32_768

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
_PORTAL_IN_BODY = Marks(
    (
        b"wispaccessgatewayparam",
        b"captive portal",
        b"captiveportal",
        b"nodogsplash",
        b"coova",
        b"hexmd5(",
        b"mikrotik hotspot",
        b"hotspot login",
        b"uamip=",
        b"fgtauth",
        b"network-auth.com",
        b"web authentication redirect",
        b"/guest/s/default",
        b"ap_mac=",
        b"client_mac=",
    ),
    any_case=True,
)
"""Marks of gateways' pages by the products that make them."""

_WORD = re.compile(r"\w+")


class PageComparison(NamedTuple):
    """Result of comparing two pages; each field is null where there is nothing to compare."""

    status_match: bool | None = None
    title_match: bool | None = None
    length_ratio: float | None = None
    length_like: bool | None = None
    """Whether the lengths are alike, as far as the control's length can tell anything."""
    headers_match: bool | None = None


NOTHING_COMPARED = PageComparison()


def compare_pages(page: Observation, control: ControlHttp | None) -> PageComparison:
    """Compare a response with the control's."""
    if control is None or control.failure is not None or page.status_code is None:
        return NOTHING_COMPARED
    return PageComparison(
        status_match=_match_status(page.status_code, control.status_code),
        title_match=_match_titles(page.title, control.title, page.hostname or "")
        if page.body_length
        else None,
        length_ratio=_length_ratio(page, control.body_length),
        length_like=_is_length_like(page, control),
        headers_match=_match_headers(page, control),
    )


def is_refusal(page: Observation) -> bool:
    """Whether the server itself says no, or asks for proof of being human."""
    if page.status_code in _REFUSALS:
        return True
    return _CHALLENGES.are_in((page.body or b"")[:_MARKS_WITHIN_BYTES])


def has_portal_marks(page: Observation) -> bool:
    """Whether an unencrypted response has the marks of a gateway's product, or status 511."""
    if page.status_code == _PORTAL_STATUS:
        return True
    if (page.url or "").startswith("https:"):
        return False
    location = page.location.lower() if page.location else ""
    if location and any(mark in location for mark in _PORTAL_IN_URL):
        return True
    return _PORTAL_IN_BODY.are_in((page.body or b"")[:_MARKS_WITHIN_BYTES])


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


def is_own(compared: PageComparison) -> bool:
    """Whether a page is the control's own: it shares two of title, length and uncommon headers.

    One sign is enough only where nothing else can be compared and the lengths are nearly equal.
    """
    if compared.status_match is False:
        return False
    signs = [compared.title_match, compared.headers_match, compared.length_like]
    if sum(sign is True for sign in signs) >= 2:
        return True
    nearly = (compared.length_ratio or 0.0) >= SHORT_LENGTH_RATIO
    return nearly and compared.title_match is None and compared.headers_match is not False


def is_another(compared: PageComparison) -> bool:
    """Whether a page is known to be another one than the control's: like it in nothing, unlike in some."""
    if compared.title_match or compared.headers_match:
        return False
    ratio = compared.length_ratio
    return compared.title_match is False or (ratio is not None and ratio < LENGTH_RATIO_DIFFERENT)


def _match_status(ours: int, theirs: int | None) -> bool | None:
    if theirs is None:
        return None
    return ours == theirs or ours // 100 == theirs // 100 == 2


@lru_cache(maxsize=16_384)
def _match_titles(ours: str | None, theirs: str | None, hostname: str) -> bool | None:
    """Compare titles; null where they tell nothing: those of errors, or only the site's name."""
    if not ours or not theirs:
        return False if ours or theirs else None
    if ours.casefold() == theirs.casefold():
        return None if is_common_title(ours) else True
    our_words, their_words = _words(ours), _words(theirs)
    if not our_words or not their_words:
        return None
    common = our_words & their_words
    if common and common <= _words(hostname.replace("-", ".")):
        return None  # a notice names the site that it stands for
    return bool(common)


def is_common_title(title: str) -> bool:
    """Whether a title is one that every server writes."""
    return title.casefold().strip(" .!") in _COMMON_TITLES


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


def _is_length_like(page: Observation, control: ControlHttp) -> bool | None:
    """Compare lengths. Short pages are all of a length: of them only nearly equal ones are alike."""
    theirs = control.body_length
    if theirs == 0 and page.body_length == 0:
        return page.status_code == control.status_code
    ratio = _length_ratio(page, theirs)
    if ratio is None or theirs is None:
        return None
    short = max(theirs, page.body_length or 0) < SHORT_BODY_BYTES
    return ratio >= (SHORT_LENGTH_RATIO if short else OWN_LENGTH_RATIO)


def _match_headers(page: Observation, control: ControlHttp) -> bool | None:
    theirs = uncommon_headers(control.headers)
    if theirs & uncommon_headers(page.response_headers):
        return True
    return False if theirs else None


def uncommon_headers(headers: tuple[tuple[str, str], ...]) -> frozenset[str]:
    """Return the names of headers that few servers send, and the value of `server` where it is a rare one."""
    names = {name for name, _ in headers} - _COMMON_HEADERS
    rare = {f"server: {value}" for name, value in headers if name == "server" and _is_rare_server(value)}
    return frozenset(names | rare)


def _is_rare_server(value: str) -> bool:
    return bool(value) and not _COMMON_SERVER.match(value)


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
