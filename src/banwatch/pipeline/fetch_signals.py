"""Outside signals from an address on the Web: fetched once, with a bound on everything.

Who runs the command chose the address, so any that they name is asked, this machine too. A server that
redirects chose for itself: it is followed only to public addresses, never from https to http, and to inner
ones only where an inner one was asked. The address that was checked is the one that is connected to.
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
from pathlib import Path

from banwatch.formats.outside_signals import MAX_BYTES, parse_signals_untrusted, read_signals
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.signal import Signal

DEADLINE_S = 30.0
"""For everything together: a server that drips may not hold us longer."""
MAX_REDIRECTS = 3
_CHUNK_BYTES = 1 << 16
_FORMS = "docs/detect.md names the three forms."


@dataclass(frozen=True, slots=True)
class _Place:
    """An address taken apart, and one of its host's IP addresses."""

    secure: bool
    host: str
    port: int
    path: str
    ip: str

    @property
    def is_inner(self) -> bool:
        """Whether it stands where the public Internet does not reach."""
        return not ipaddress.ip_address(self.ip.partition("%")[0]).is_global


def signals_from(
    source: str, *, deadline_s: float = DEADLINE_S, max_bytes: int = MAX_BYTES
) -> tuple[Signal, ...]:
    """Read signals from a file or an address.

    Args:
        source: a path, or an http or https address.
        deadline_s: how long fetching may take, all in all.
        max_bytes: how much may be fetched.

    Raises:
        BanwatchError: it cannot be fetched or read, or has none of the three forms.
    """
    if not source.lower().startswith(("http://", "https://")):
        return read_signals(Path(source))
    try:
        return parse_signals_untrusted(_fetch(source, time.monotonic() + deadline_s, max_bytes))
    except WireError as error:
        raise BanwatchError(f"{source}: {error.reason}", _FORMS) from error
    except (OSError, http.client.HTTPException) as error:
        what = f"{source} cannot be fetched: {error or type(error).__name__}"
        raise BanwatchError(what, "Check the address, or save what it gives to a file.") from error


def _fetch(url: str, deadline: float, max_bytes: int) -> bytes:
    place = _place_of(url)
    inner_asked = place.is_inner
    for _ in range(MAX_REDIRECTS + 1):
        content, onward = _get(place, deadline, max_bytes)
        if onward is None:
            return content
        try:
            url = urllib.parse.urljoin(url, onward)
        except ValueError as error:
            raise WireError("it redirects to what is not an address") from error
        before, place = place, _place_of(url)
        if before.secure and not place.secure:
            raise WireError("it redirects from https to http")
        if place.is_inner and not inner_asked:
            raise WireError("it redirects to an address that is not on the public Internet")
    raise WireError(f"it redirects more than {MAX_REDIRECTS} times")


def _place_of(url: str) -> _Place:
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
    return _Place(parts.scheme == "https", host, port, path, str(found[0][4][0]))


def _get(place: _Place, deadline: float, max_bytes: int) -> tuple[bytes, str | None]:
    """Ask once: gives the content, or where to ask instead."""
    connection = http.client.HTTPConnection(place.host, place.port)
    stream = socket.create_connection((place.ip, place.port), timeout=_left(deadline))

    # a time-out holds for each piece: who drips one byte a second of a header never runs into it
    def hang_up() -> None:
        with contextlib.suppress(OSError):  # it was closed already
            stream.shutdown(socket.SHUT_RDWR)

    end = threading.Timer(_left(deadline), hang_up)
    end.start()
    try:
        if place.secure:
            stream = ssl.create_default_context().wrap_socket(stream, server_hostname=place.host)
        connection.sock = stream
        headers = {"Accept": "application/json, text/csv", "Accept-Encoding": "identity"}
        connection.request("GET", place.path, headers=headers)
        answer = connection.getresponse()
        if answer.status in {301, 302, 303, 307, 308}:
            return b"", answer.getheader("Location") or ""
        if answer.status != 200:
            raise WireError(f"it answers {answer.status}")
        if answer.getheader("Content-Encoding", "identity").lower() != "identity":
            raise WireError("it answers packed, which was not asked for")
        held: list[bytes] = []
        size = 0
        while True:
            stream.settimeout(_left(deadline))
            chunk = answer.read1(_CHUNK_BYTES)
            if not chunk:
                _left(deadline)
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


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise WireError("it took too long")
    return left
