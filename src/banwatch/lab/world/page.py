"""Pages of a site: responses to requests, redirects, refusals."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from random import Random
from urllib.parse import urlsplit

from banwatch.lab.world.world import Page, Site
from banwatch.model.ids import CountryCode

HUGE_BYTES = 4 << 20
SLOW_PIECES, SLOW_PAUSE_S = 20, 0.1
"""Pieces of a slow page, which takes two seconds."""
MAX_REQUEST_BODY_BYTES = 1 << 20

_TEXT = (
    "river market morning letter school window season garden harbor engine market winter people minister "
    "teacher bridge island record answer summer village concert railway museum history number station forest "
    "travel weather council kitchen paper coffee football science village mountain street orchestra doctor"
)
_WORDS = tuple(_TEXT.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """HTTP request of a client."""

    method: str
    scheme: str
    host: str
    """Lower case, without a port."""
    path: str
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageResponse:
    """HTTP response to a client."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    pieces: int = 1
    """Number of pieces of the body, with `pause_s` before each but the first."""
    pause_s: float = 0.0


def respond(site: Site, request: PageRequest, *, country: CountryCode | None, rng: Random) -> PageResponse:
    """Answer a request to a site from a client in a country (None: the site cannot tell)."""
    if country is not None and country in site.refuses:
        return _page(
            site, 403, f"{site.title}: not available", "This service is not available in your country."
        )
    if (location := _redirect(site, request)) is not None:
        return _html(
            site, 301, "Moved", f'<p>The page is <a href="{escape(location)}">here</a>.</p>', location
        )
    if site.page is Page.CAPTCHA:
        return _page(
            site, 403, "Attention required", "Please show that you are human: tick every picture of a boat."
        )
    if site.page is Page.ERROR:
        return _page(site, 503, "Service unavailable", "The service is down for maintenance.")
    if request.path == "/favicon.ico":
        return _page(site, 404, "Not found", "There is no such page.")
    if site.page is Page.CHANGING:
        size_bytes = rng.randrange(site.size_bytes // 2, site.size_bytes * 3 // 2)
        return _html(site, 200, site.title, _prose(rng, size_bytes))
    if site.page is Page.HUGE:
        return _html(site, 200, site.title, _static_prose(site.hostname, HUGE_BYTES))
    body = _static_prose(f"{site.hostname}{urlsplit(request.path).path}", site.size_bytes)
    if site.page is Page.SLOW:
        return _html(site, 200, site.title, body, pieces=SLOW_PIECES, pause_s=SLOW_PAUSE_S)
    return _html(site, 200, site.title, body)


def misdirected(host: str) -> PageResponse:
    """Answer a request for a host that does not live at this address."""
    text = f"<html><head><title>Misdirected</title></head><body>{escape(host)} is not here.</body></html>"
    headers = (("Content-Type", "text/html; charset=utf-8"), ("Server", "nginx"))
    return PageResponse(status=421, headers=headers, body=text.encode())


def _redirect(site: Site, request: PageRequest) -> str | None:
    scheme = "https" if site.to_https else request.scheme
    host = site.hostname if site.canonical else request.host
    if scheme != request.scheme or host != request.host:
        return f"{scheme}://{host}{request.path}"
    if site.redirect and request.path == "/":
        return site.redirect
    return None


def _page(site: Site, status: int, title: str, text: str) -> PageResponse:
    return _html(site, status, title, f"<h1>{escape(title)}</h1><p>{escape(text)}</p>")


def _html(
    site: Site,
    status: int,
    title: str,
    body: str,
    location: str = "",
    *,
    pieces: int = 1,
    pause_s: float = 0.0,
) -> PageResponse:
    text = (
        f'<!doctype html>\n<html lang="{site.language}"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title></head>\n<body>{body}</body></html>\n"
    )
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Server", site.server)]
    if location:
        headers.append(("Location", location))
    if "h3" in site.alpn:
        headers.append(("Alt-Svc", 'h3=":443"; ma=86400'))
    if site.to_https:
        headers.append(("Strict-Transport-Security", "max-age=31536000"))
    headers.extend(_own_headers(site.hostname))
    return PageResponse(
        status=status, headers=tuple(headers), body=text.encode(), pieces=pieces, pause_s=pause_s
    )


@lru_cache(maxsize=1024)
def _own_headers(hostname: str) -> Sequence[tuple[str, str]]:
    """Return one to four headers that are typical of this site alone."""
    tag = hashlib.sha256(hostname.encode()).hexdigest()
    choice = (
        ("Cache-Control", "private, max-age=0"),
        ("Vary", "Accept-Encoding"),
        ("X-Frame-Options", "SAMEORIGIN"),
        (f"X-{tag[:4].translate(_LETTERS).capitalize()}-Id", tag[4:16]),
    )
    return tuple(header for i, header in enumerate(choice) if int(tag[i], 16) & 1 or i == 3)


_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def _prose(rng: Random, size_bytes: int) -> str:
    paragraphs: list[str] = []
    written = 0
    while written < size_bytes:
        words = rng.choices(_WORDS, k=rng.randrange(20, 60))
        paragraph = f"<p>{' '.join(words).capitalize()}.</p>\n"
        paragraphs.append(paragraph)
        written += len(paragraph)
    return "".join(paragraphs)


@lru_cache(maxsize=256)
def _static_prose(seed: str, size_bytes: int) -> str:
    if size_bytes > 1 << 16:  # repeat one text: the size matters, not the words
        part = _prose(Random(seed), 1 << 12)
        return part * (size_bytes // len(part) + 1)
    return _prose(Random(seed), size_bytes)
