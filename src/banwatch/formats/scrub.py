"""Scrubbing: the probe's own addresses are taken out of everything that it writes, in every spelling.

An IPv4 address is looked for in every spelling that is in use: dotted, dashed, underlined, padded with zeros,
in reverse, as a number, in hexadecimal and octal, in Base64, within an IPv6 address, and with characters
escaped as HTML, URLs and JavaScript do. In an IPv6 address the network part alone identifies the person, so
that every address of the same /64 is taken out.
"""

import base64
import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence

from banwatch.formats.unwrapping.escaped_text import unescape_addresses, without_escapes

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
        packed = [one for ip in own4 for one in _in_base64(str(ip))]
        patterns += [rb"(?-i:" + re.escape(one.encode()) + rb")" for one in packed]
        self._marks = [one.lower().encode("ascii") for one in (*spellings, *packed)]
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
        self._marks6 += [pair for ip in own4 for pair in _pairs(ip)]

    def __call__(self, data: bytes) -> bytes:
        """Take the addresses out."""
        data = _without(data, self._find(data))
        plain = without_escapes(data)
        if plain is data or not self._find(plain):
            return data
        unescaped = unescape_addresses(data)
        return _without(data, [unescaped.span_of(*span) for span in self._find(unescaped.data)])

    def _find(self, data: bytes) -> list[tuple[int, int]]:
        """Find where addresses stand, in order; nearly always there is none, which the marks settle."""
        lowered = data.lower()
        found: list[tuple[int, int]] = []
        if any(one in lowered for one in self._marks6):
            for pattern in (_V6, _V6_DASHED):
                found += [match.span() for match in pattern.finditer(data) if self._is_own6(match[0])]
        if any(one in lowered for one in self._marks):
            found += [match.span() for match in self._pattern.finditer(data)]
        return sorted(found)

    def _is_own6(self, spelled: bytes) -> bool:
        text = spelled.decode("ascii").lower().replace("%3a", ":").replace("%2e", ".").replace("-", ":")
        try:
            ip = ipaddress.IPv6Address(text)
        except ValueError:
            return False
        return any(ip in network for network in self._own6) or any(one in self._own4 for one in _within(ip))


def _without(data: bytes, spans: Sequence[tuple[int, int]]) -> bytes:
    """Replace parts of some bytes, given in order; those that overlap as one."""
    if not spans:
        return data
    kept, at = [], 0
    for start, end in spans:
        if start >= at:
            kept += [data[at:start], SCRUBBED]
        at = max(at, end)
    return b"".join([*kept, data[at:]])


def _within(ip: ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    """Give the IPv4 addresses that an IPv6 address may hold: at its end, in a 6to4 or a Teredo address."""
    yield ipaddress.IPv4Address(ip.packed[-4:])  # RFC 4291 2.5.5, RFC 6052, ISATAP
    if ip.sixtofour is not None:
        yield ip.sixtofour
    if ip.teredo is not None:
        yield ip.teredo[1]


def _pairs(ip: ipaddress.IPv4Address) -> list[bytes]:
    """Return how two groups of an IPv6 address spell an IPv4 address, and its complement as in Teredo."""
    found = []
    for number in (int(ip), int(ip) ^ 0xFFFFFFFF):
        high, low = number >> 16, number & 0xFFFF
        for pair in ((f"{high:x}", f"{low:x}"), (f"{high:04x}", f"{low:04x}")):
            found += [mark.join(pair).encode() for mark in (":", "-", "%3a")]
    return found


def _spellings4(ip: ipaddress.IPv4Address) -> list[str]:
    """Return the ways in which servers and resolvers write an address."""
    parts = str(ip).split(".")
    padded = [part.zfill(3) for part in parts]
    found = [
        mark.join(some)
        for some in (parts, parts[::-1], padded, padded[::-1])
        for mark in (".", "-", "_", "%2E")
    ]
    found += [
        ".".join(f"0x{int(part):x}" for part in parts),
        ".".join(f"0x{int(part):02x}" for part in parts),
    ]
    found.append(".".join(f"0{int(part):o}" for part in parts))
    return [*found, str(int(ip)), f"{int(ip):08x}", str(ip).encode().hex()]


def _in_base64(text: str) -> list[str]:
    """Return what Base64 makes of a text, wherever in a longer one it stands."""
    found = []
    for shift in range(3):
        packed = base64.b64encode(b"\0" * shift + text.encode()).decode().rstrip("=")
        first = (shift * 8 + 5) // 6
        last = (shift + len(text)) * 8 // 6
        found.append(packed[first:last])
    return found


def _bounded(spelling: str) -> bytes:
    """Return a pattern for a spelling; with another digit on either side it is another address."""
    text = re.escape(spelling).encode("ascii")
    if re.fullmatch("[0-9a-f]{8}", spelling) and not spelling.isdigit():
        return rb"(?<![0-9a-f])" + text + rb"(?![0-9a-f])"
    return rb"(?<![0-9])" + text + rb"(?![0-9])"
