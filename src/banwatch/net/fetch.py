"""Web fetches without the seam: one bounded document.

Probe and helper measure with `seam.Net`. Programs that only need a document use this module. Whoever runs
the command chose the first address, so any host is fetched from, this machine too. A server that redirects
chose the next address: it is followed only to public hosts, never from https to http, and to inner hosts only
where the first host was an inner one. The IP address that was checked is the one that is connected to.
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
import urllib.parse
from dataclasses import dataclass

from banwatch.model.errors import WireError
from banwatch.net.http.redirects import REDIRECT_STATUSES

MAX_REDIRECTS = 3
_CHUNK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class _Origin:
    """The parts of a URL, with one of its host's IP addresses."""

    is_tls: bool
    host: str
    port: int
    path: str
    ip: str

    @property
    def is_inner(self) -> bool:
        """Whether the address is out of reach of the public Internet."""
        return not ipaddress.ip_address(self.ip.partition("%")[0]).is_global


def fetch(url: str, *, max_bytes: int, timeout_s: float, accept: str = "*/*") -> bytes:
    """Fetch one document, with a bound on everything.

    Args:
        url: an http or https address.
        max_bytes: a longer document is refused.
        timeout_s: deadline of the whole, redirects included.
        accept: the `Accept` header.

    Raises:
        WireError: the address, a redirect or the answer is not as it should be.
        OSError: the host is out of reach, or the connection broke.
    """
    deadline = time.monotonic() + timeout_s
    try:
        return _follow(url, deadline, max_bytes, accept)
    except http.client.HTTPException as error:
        raise ConnectionError(str(error) or type(error).__name__) from error


def _follow(url: str, deadline: float, max_bytes: int, accept: str) -> bytes:
    origin = _resolve_origin(url)
    is_inner_wanted = origin.is_inner
    for _ in range(MAX_REDIRECTS + 1):
        content, location = _get(origin, deadline, max_bytes, accept)
        if location is None:
            return content
        try:
            url = urllib.parse.urljoin(url, location)
        except ValueError as error:
            raise WireError("it redirects to what is not an address") from error
        before, origin = origin, _resolve_origin(url)
        if before.is_tls and not origin.is_tls:
            raise WireError("it redirects from https to http")
        if origin.is_inner and not is_inner_wanted:
            raise WireError("it redirects to an address that is not on the public Internet")
    raise WireError(f"it redirects more than {MAX_REDIRECTS} times")


def _resolve_origin(url: str) -> _Origin:
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise WireError("not an address") from error
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        raise WireError("not an http or https address of a host")
    port = port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise WireError("its host is no name") from error
    path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
    return _Origin(parts.scheme == "https", host, port, path, str(found[0][4][0]))


def _get(origin: _Origin, deadline: float, max_bytes: int, accept: str) -> tuple[bytes, str | None]:
    """Send one request and return the content, or the `Location` of a redirect."""
    connection = http.client.HTTPConnection(origin.host, origin.port)
    stream = socket.create_connection((origin.ip, origin.port), timeout=_left_s(deadline))

    # a time-out holds for each piece: a server that drips one byte a second never runs into it
    def hang_up() -> None:
        with contextlib.suppress(OSError):  # it was closed already
            stream.shutdown(socket.SHUT_RDWR)

    end = threading.Timer(_left_s(deadline), hang_up)
    end.start()
    try:
        if origin.is_tls:
            stream = ssl.create_default_context().wrap_socket(stream, server_hostname=origin.host)
        connection.sock = stream
        connection.request("GET", origin.path, headers={"Accept": accept, "Accept-Encoding": "identity"})
        answer = connection.getresponse()
        if answer.status in REDIRECT_STATUSES:
            return b"", answer.getheader("Location") or ""
        if answer.status != 200:
            raise WireError(f"it answers {answer.status}")
        if answer.getheader("Content-Encoding", "identity").lower() != "identity":
            raise WireError("it answers packed, which was not asked for")
        held: list[bytes] = []
        size = 0
        while True:
            stream.settimeout(_left_s(deadline))
            chunk = answer.read1(_CHUNK_BYTES)
            if not chunk:
                _left_s(deadline)
                if answer.length:
                    raise WireError("it broke off")
                return b"".join(held), None
            held.append(chunk)
            size += len(chunk)
            if size > max_bytes:
                raise WireError(f"more than {max_bytes} bytes")
    finally:
        end.cancel()
        connection.close()
        stream.close()


def _left_s(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise WireError("it took too long")
    return left
