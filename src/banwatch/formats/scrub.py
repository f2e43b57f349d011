"""Scrubbing: the probe's own addresses are taken out of everything that it writes, in every spelling.

An IPv4 address is looked for in every spelling that is in use: dotted, dashed, underlined, padded with zeros,
in reverse, as a number, in hexadecimal, with its dots escaped as in URLs. In an IPv6 address the network part
alone identifies the person, so that every address of the same /64 is taken out.
"""

import ipaddress
import re
from collections.abc import Callable, Sequence

SCRUBBED = b"[scrubbed]"
_SUBSCRIBER_BITS = 64
"""Prefix that a provider gives one subscriber at least (RFC 6177)."""
_V6 = re.compile(
    rb"(?<![0-9a-f:.])(?:[0-9a-f]{0,4}(?::|%3a)){2,7}"
    rb"(?:(?:\d{1,3}(?:\.|%2e)){3}\d{1,3}|[0-9a-f]{0,4})(?![0-9a-f]|:[0-9a-f])",
    re.IGNORECASE,
)
_V6_DASHED = re.compile(rb"(?<![0-9a-f-])(?:[0-9a-f]{0,4}-){2,7}[0-9a-f]{1,4}(?![0-9a-f])", re.IGNORECASE)

_V4Set = frozenset[ipaddress.IPv4Address]
_V6Networks = tuple[ipaddress.IPv6Network, ...]


def scrubber(addresses: Sequence[str]) -> Callable[[bytes], bytes]:
    """Make a function that replaces these addresses, however written, by `[scrubbed]`."""
    own4: set[ipaddress.IPv4Address] = set()
    own6: set[ipaddress.IPv6Network] = set()
    for text in addresses:
        try:
            ip = ipaddress.ip_address(text)
        except ValueError:
            continue
        if ip.is_loopback or ip.is_unspecified:
            continue
        if ip.version == 4:
            own4.add(ip)
        elif ip.ipv4_mapped is not None:
            own4.add(ip.ipv4_mapped)
        else:
            own6.add(ipaddress.IPv6Network((ip, _SUBSCRIBER_BITS), strict=False))
    if not own4 and not own6:
        return lambda data: data
    return _Scrubber(frozenset(own4), tuple(own6))


class _Scrubber:
    """Search for some addresses."""

    def __init__(self, own4: _V4Set, own6: _V6Networks) -> None:
        self._own4, self._own6 = own4, own6
        spellings = sorted({one for ip in own4 for one in _spellings4(ip)}, key=len, reverse=True)
        patterns = [_bounded(one) for one in spellings]
        self._marks = [one.lower().encode("ascii") for one in spellings]
        for network in own6:
            digits = network.network_address.exploded.replace(":", "")[:16]
            backwards = ".".join(reversed(digits))
            patterns += [
                rb"(?<![0-9a-f])(?:[0-9a-f]\.){16}" + re.escape(backwards.encode()) + rb"(?![0-9a-f])",
                rb"(?<![0-9a-f])" + digits.encode() + rb"[0-9a-f]{16}(?![0-9a-f])",
            ]
            self._marks += [backwards.encode(), digits.encode()]
        self._pattern = re.compile(b"|".join(patterns), re.ASCII | re.IGNORECASE)
        # by the first group of digits an IPv6 address of these networks is noticed, however it goes on
        firsts = {f"{int(network.network_address) >> 112:x}" for network in own6}
        self._marks6 = [f"{first}{mark}".encode() for first in firsts for mark in (":", "-", "%3a")]
        self._marks6 += [b"::ffff:", b"%3affff%3a"] if own4 else []

    def __call__(self, data: bytes) -> bytes:
        """Take the addresses out."""
        lowered = data.lower()
        if any(one in lowered for one in self._marks6):
            data = _V6.sub(self._replace, data)
            data = _V6_DASHED.sub(self._replace, data)
            lowered = data.lower()
        if any(one in lowered for one in self._marks):
            data = self._pattern.sub(SCRUBBED, data)
        return data  # nearly always there is none, and this is much faster than the patterns

    def _replace(self, found: "re.Match[bytes]") -> bytes:
        text = found[0].decode("ascii").lower().replace("%3a", ":").replace("%2e", ".").replace("-", ":")
        try:
            ip = ipaddress.IPv6Address(text)
        except ValueError:
            return found[0]
        if ip.ipv4_mapped in self._own4 or any(ip in network for network in self._own6):
            return SCRUBBED
        return found[0]


def _spellings4(ip: ipaddress.IPv4Address) -> list[str]:
    """Return the ways in which servers and resolvers write an address."""
    parts = str(ip).split(".")
    padded = [part.zfill(3) for part in parts]
    found = [
        mark.join(some)
        for some in (parts, parts[::-1], padded, padded[::-1])
        for mark in (".", "-", "_", "%2E")
    ]
    return [*found, str(int(ip)), f"{int(ip):08x}"]


def _bounded(spelling: str) -> bytes:
    """Return a pattern for a spelling; with another digit on either side it is another address."""
    text = re.escape(spelling).encode("ascii")
    if re.fullmatch("[0-9a-f]{8}", spelling) and not spelling.isdigit():
        return rb"(?<![0-9a-f])" + text + rb"(?![0-9a-f])"
    return rb"(?<![0-9])" + text + rb"(?![0-9])"
