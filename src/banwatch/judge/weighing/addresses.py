"""Properties of an address that follow from its number alone."""

import ipaddress
from functools import lru_cache

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""RFC 6052: the prefix in which a network without IPv4 wraps IPv4 addresses."""

NO_CLIENT_SUBNET = frozenset({"1.1.1.1", "1.0.0.1", "9.9.9.9", "149.112.112.112"})
"""Public resolvers that do not tell a site's name servers who asks (no EDNS client subnet), by what their
operators write. A site cannot answer them with a cache inside the asker's own network."""


@lru_cache(maxsize=65_536)
def is_bogon(ip: str) -> bool:
    """Whether an address is one that no public name should have: private, loopback, reserved."""
    address = ipaddress.ip_address(ip)
    return not address.is_global or address.is_multicast


@lru_cache(maxsize=65_536)
def unwrap(ip: str) -> str:
    """Return the IPv4 address inside a NAT64 or IPv4-mapped one; any other address as it is."""
    if ":" not in ip:
        return ip
    address = ipaddress.IPv6Address(ip)
    if address in _NAT64:
        return str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return str(address.ipv4_mapped) if address.ipv4_mapped else ip


def is_v6(ip: str) -> bool:
    """Whether an address is of IPv6."""
    return ":" in ip
