"""Small readers of the format's strings: addresses, endpoints, tags, times, bytes, headers, titles."""

import binascii
import functools
import hashlib
import html
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from banwatch.formats.ooni.wire import Binary, HeaderPair, Raw, Text
from banwatch.model.address import spell_address
from banwatch.model.follow_up import FOLLOW_UP_TAG

_TITLE_WITHIN_BYTES = 65_536
"""Bytes of a page that are searched for its title, as many as the helper searches."""
_TITLE_LENGTH = 256
_HOST_LENGTH = 255
_LONGEST_TIMEOUT_S = 3600.0


@functools.lru_cache(maxsize=65_536)
def read_ip(text: str | None) -> str | None:
    """Spell an address in its canonical form; None where it is none (a name, `[scrubbed]`, nonsense)."""
    return spell_address(text.strip("[]").partition("%")[0]) if text else None


@functools.lru_cache(maxsize=65_536)
def read_endpoint(text: str | None) -> tuple[str | None, int | None]:
    """Split `1.2.3.4:443` or `[2001:db8::1]:443` into a canonical address and a port."""
    if not text:
        return None, None
    host, _, port = text.rpartition(":")
    if not port.isascii() or not port.isdecimal() or len(port) > 5:
        return read_ip(text), None
    return read_ip(host), int(port)


@functools.lru_cache(maxsize=65_536)
def read_host(name: str | None) -> str | None:
    """Spell a host name: lower case, IDNA, without the final dot; None where nothing is left."""
    if not name:
        return None
    name = name.strip().rstrip(".").lower()[:_HOST_LENGTH]
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return name or None
    return name or None


@functools.lru_cache(maxsize=256)
def read_timeouts(text: str) -> tuple[tuple[str, float], ...]:
    """Read `dns=1,tcp=1,tls=1,http=2`, the time-outs that a probe says were in force, in seconds."""
    found = []
    for part in text.split(","):
        name, _, value = part.partition("=")
        try:
            seconds = float(value)
        except ValueError:
            continue
        if 0 < seconds < _LONGEST_TIMEOUT_S:
            found.append((name.strip(), seconds))
    return tuple(found)


@functools.lru_cache(maxsize=65_536)
def host_of(url: str | None) -> str | None:
    """Host of a URL, spelled by `read_host`."""
    if not url:
        return None
    try:
        return read_host(urlsplit(url if "://" in url else f"//{url}").hostname)
    except ValueError:
        return None


class Tags(NamedTuple):
    """Facts in the tags of a step."""

    hop: int | None = None
    """Redirect hop that it belongs to: `depth=N`."""
    follow_up: str | None = None
    """The follow-up test that made it: `follow_up=<name>`."""
    late: bool = False
    """An answer that came after another one: `late`."""


_NO_TAGS = Tags()


def read_tags(tags: Sequence[str] | None) -> Tags:
    """Read a step's tags; those that we do not know say nothing."""
    return _read_tags(tuple(tags)) if tags else _NO_TAGS


@functools.lru_cache(maxsize=4096)
def _read_tags(tags: tuple[str, ...]) -> Tags:
    hop, follow_up = None, None
    for tag in tags:
        name, _, value = tag.partition("=")
        if name == "depth" and value.isdecimal() and value.isascii() and len(value) < 4:
            hop = int(value)
        elif name == FOLLOW_UP_TAG:
            follow_up = value[:64] or None
    return Tags(hop, follow_up, "late" in tags)


def read_bytes(text: Text) -> bytes | None:
    """Bytes of a text or binary value; None where there is none."""
    if text is None:
        return None
    if isinstance(text, str):
        return text.encode("utf-8", "replace")
    try:
        return binascii.a2b_base64(text.data)
    except (binascii.Error, ValueError):
        return None


def read_text(text: Text) -> str:
    """Text of a text or binary value; what is no UTF-8 is replaced."""
    if isinstance(text, str):
        return text
    return (read_bytes(text) or b"").decode("utf-8", "replace")


class _Whoami(msgspec.Struct, frozen=True):
    """Wire: OONI's `x_dns_whoami`, what a name that shows who asks was resolved to."""

    system_v4: list[dict[str, Text]] | None = None


def read_whoami(raw: Raw) -> bool:
    """Read whether the system's resolver answered for the name that OONI's probe asks beside the site's.

    The name is `whoami.v4.powerdns.org`, asked for at the same time or some seconds before; an address that
    was scrubbed is an answer too.
    """
    if not bytes(raw).strip():
        return False
    try:
        whoami = msgspec.json.decode(bytes(raw), type=_Whoami | None)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return whoami is not None and any(read_text(one.get("address")) for one in whoami.system_v4 or ())


@functools.lru_cache(maxsize=4096)
def read_certificate(data: str) -> tuple[bytes, str] | None:
    """DER and hex digest of a certificate in base64; None where it is no base64."""
    der = read_bytes(Binary(data=data))
    return (der, hashlib.sha256(der).hexdigest()) if der else None


def read_headers(
    pairs: Sequence[HeaderPair] | None, mapping: dict[str, Text] | None
) -> tuple[tuple[str, str], ...]:
    """Headers in order, names in lower case, from the list if there is one, else from the map."""
    if pairs:
        return tuple((read_text(name).lower(), read_text(value)) for name, value in pairs)
    if mapping:
        return tuple((name.lower(), read_text(value)) for name, value in mapping.items())
    return ()


def read_title(page: bytes) -> str | None:
    """Title of a page; None where it has none in its first 64 KiB."""
    for spelling in (b"<title", b"<TITLE", b"<Title"):
        at = page.find(spelling, 0, _TITLE_WITHIN_BYTES)
        if at >= 0:
            break
    else:
        return None
    opened = page.find(b">", at, at + 1024) + 1
    if not opened:
        return None
    text = page[opened : opened + 4 * _TITLE_LENGTH].decode("utf-8", "replace")
    return " ".join(html.unescape(text.partition("<")[0]).split())[:_TITLE_LENGTH]
