"""The URL of a target, taken apart once."""

import functools
import ipaddress
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from publicsuffixlist import PublicSuffixList

_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_URL_CHARACTERS = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetUrl:
    """A URL that can be fetched."""

    scheme: str
    host: str
    """ASCII, lower case, without brackets."""
    port: int
    path: str
    """Path and query, percent-encoded."""

    @property
    def authority(self) -> str:
        """Host for the header, with the port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def is_tls(self) -> bool:
        """Whether it is fetched inside TLS."""
        return self.scheme == "https"

    @property
    def address(self) -> str | None:
        """The address, where the host is one."""
        try:
            return str(ipaddress.ip_address(self.host))
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


_NEVER_IN_A_NAME = frozenset('/\\@%<>"{}|^`')
"""Characters that no name has in practice, where few of RFC 1123's rules are kept."""


def parse_target_url(text: str) -> TargetUrl:
    """Read a URL; a bare name is taken for `https://name/`.

    Raises:
        ValueError: nothing can be fetched from it.
    """
    text = text.strip()
    if not text or len(text) > _MAX_URL_CHARACTERS:
        raise ValueError("empty or too long")
    parts = urlsplit(text if "://" in text else f"https://{text}")
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError(f"neither http nor https: {parts.scheme}")
    host = (parts.hostname or "").rstrip(".")
    if not host:
        raise ValueError("no host")
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise ValueError("no valid host name") from error
    if any(character.isspace() or character in _NEVER_IN_A_NAME for character in host) or len(host) > 253:
        raise ValueError("no valid host name")
    port = parts.port  # raises ValueError itself
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~-._") or "/"
    if parts.query:
        path += "?" + quote(parts.query, safe="/?%:@!$&'()*+,;=~-._[]")
    return TargetUrl(
        scheme=parts.scheme,
        host=host.lower(),
        port=_DEFAULT_PORTS[parts.scheme] if port is None else port,
        path=path,
    )


def follow_location(base: TargetUrl, location: str) -> TargetUrl:
    """Resolve a `Location` header against the URL that it came from.

    Raises:
        ValueError: it leads nowhere that can be fetched.
    """
    return parse_target_url(urljoin(str(base), location.strip()))


@functools.cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@functools.lru_cache(maxsize=8192)
def registrable_domain(host: str) -> str:
    """Return the registered part of a name; the host itself where there is none."""
    return str(_suffixes().privatesuffix(host) or host)
