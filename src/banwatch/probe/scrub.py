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


def scrubber(addresses: Sequence[str]) -> Callable[[bytes], bytes]:
    """Make a function that replaces these addresses, however written, by `[scrubbed]`."""
    spellings = sorted({s for address in addresses for s in _spellings(address)}, key=len, reverse=True)
    if not spellings:
        return lambda data: data
    alternatives = "|".join(re.escape(s) for s in spellings).encode("ascii")
    # a longer number on either side is another address
    pattern = re.compile(rb"(?i)(?<![0-9a-f])(?:" + alternatives + rb")(?![0-9]|[:][0-9a-f])", re.ASCII)
    plain = [s.lower().encode("ascii") for s in spellings]

    def scrub(data: bytes) -> bytes:
        lowered = data.lower()
        if not any(one in lowered for one in plain):
            return data  # nearly always, and much faster than the pattern
        return pattern.sub(SCRUBBED, data)

    return scrub
