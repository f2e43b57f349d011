"""Keeps the probe's own addresses out of what it writes."""

import ipaddress
import re
from collections.abc import Callable, Sequence

SCRUBBED = b"[scrubbed]"


def _spellings(address: str) -> list[str]:
    """The ways in which servers and resolvers write an address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return []
    if ip.is_loopback or ip.is_unspecified:
        return []
    reverse = ip.reverse_pointer.rpartition(".in-addr" if ip.version == 4 else ".ip6")[0]
    dashed = str(ip).replace("." if ip.version == 4 else ":", "-")
    return [str(ip), ip.exploded, reverse, dashed]


def _bounded(spelling: str) -> bytes:
    """A pattern for an address; with another digit on either side it is another address."""
    text = re.escape(spelling).encode("ascii")
    if ":" in spelling:
        return rb"(?<![0-9a-f:])" + text + rb"(?![0-9a-f]|:[0-9a-f])"
    return rb"(?<![0-9])" + text + rb"(?![0-9])"


def scrubber(addresses: Sequence[str]) -> Callable[[bytes], bytes]:
    """Make a function that replaces these addresses, however written, by `[scrubbed]`."""
    spellings = sorted({s for address in addresses for s in _spellings(address)}, key=len, reverse=True)
    if not spellings:
        return lambda data: data
    pattern = re.compile(b"|".join(map(_bounded, spellings)), re.ASCII | re.IGNORECASE)
    plain = [s.lower().encode("ascii") for s in spellings]

    def scrub(data: bytes) -> bytes:
        lowered = data.lower()
        if not any(one in lowered for one in plain):
            return data  # nearly always, and much faster than the pattern
        return pattern.sub(SCRUBBED, data)

    return scrub
