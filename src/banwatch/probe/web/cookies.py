"""Cookies for as long as one measurement lasts: some sites redirect for ever without."""

from collections.abc import Sequence

from banwatch.net.http.target_url import TargetUrl, registrable_domain

_MOST_COOKIES = 50
_LONGEST_CHARACTERS = 4096


class CookieJar:
    """Cookies by registrable domain, as a browser would keep them in the simplest case; nothing is stored."""

    def __init__(self) -> None:
        self._jars: dict[str, dict[str, str]] = {}

    def keep(self, url: TargetUrl, headers: Sequence[tuple[str, str]]) -> None:
        """Keep what a response sets."""
        jar = self._jars.setdefault(registrable_domain(url.host), {})
        for name, value in headers:
            if name.lower() != "set-cookie" or len(jar) >= _MOST_COOKIES:
                continue
            cookie, _, content = value.partition(";")[0].partition("=")
            fits = content.isascii() and content.isprintable() and len(content) < _LONGEST_CHARACTERS
            if cookie.strip() and fits:
                jar[cookie.strip()] = content.strip()

    def header(self, url: TargetUrl) -> str:
        """Return the `Cookie` header for a URL; empty where there is nothing."""
        jar = self._jars.get(registrable_domain(url.host), {})
        return "; ".join(f"{name}={value}" for name, value in jar.items())
