"""Guard of the helper's connections: which addresses it connects to, and which it refuses."""

import ipaddress
from collections.abc import Callable, Collection

from banwatch.net.addresses import may_be_measured
from banwatch.net.endpoint import Endpoint

_WEB_PORTS = frozenset({80, 443})
_UNPRIVILEGED = 1024
_IPV4_INSIDE = (
    ipaddress.IPv6Network("::ffff:0:0/96"),  # IPv4-mapped
    ipaddress.IPv6Network("64:ff9b::/96"),  # NAT64
    ipaddress.IPv6Network("::/96"),  # IPv4-compatible
    ipaddress.IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated (RFC 2765)
)
_ISATAP = frozenset({b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe"})
"""Bytes before the IPv4 address in an ISATAP one, in any prefix (RFC 5214)."""
_CLOUD_SERVICES = (
    ipaddress.IPv4Network("168.63.129.16/32"),  # Azure: platform, metadata and DNS of every virtual machine
    ipaddress.IPv4Network("161.26.0.0/16"),  # IBM Cloud: services of its own machines
    ipaddress.IPv4Network("166.8.0.0/14"),  # IBM Cloud: private endpoints
)
"""Addresses that look public and lead into the cloud that a helper runs in.

The other clouds' (169.254.0.0/16, 100.100.100.200, 192.0.0.192, fd00:ec2::254, fd20:ce::254) are not public.
"""
_METADATA = frozenset(
    ipaddress.IPv4Address(text).packed
    for text in ("169.254.169.254", "169.254.170.2", "169.254.0.23", "100.100.100.200", "192.0.0.192")
)
"""Metadata services of clouds, refused in whatever prefix they are embedded."""
_EMBEDDED_AT = ((4, 5, 6, 7), (5, 6, 7, 9), (6, 7, 9, 10), (7, 9, 10, 11), (9, 10, 11, 12), (12, 13, 14, 15))
"""Bytes of an IPv4 address after a NAT64 prefix of 32, 40, 48, 56, 64 or 96 bits (RFC 6052, section 2.2).

A network may use any prefix of its own for NAT64, which nobody outside knows.
"""
_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")
_TEREDO = ipaddress.IPv6Network("2001::/32")


class Guard:
    """Decision by address, after every resolution and every redirect; the address decided on is connected to.

    Args:
        own_addresses: gives the helper's own addresses, as known by now.
        allow_private: lets everything through that is an address; only for tests on loopback.
    """

    def __init__(self, own_addresses: Callable[[], Collection[str]], allow_private: bool = False) -> None:
        self._own_addresses = own_addresses
        self._allow_private = allow_private

    def is_bogon(self, address: str) -> bool:
        """Return whether an address is not on the public Internet."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return True
        every = (ip, *_inner(ip))
        if ip.version == 6 and any(bytes(ip.packed[n] for n in at) in _METADATA for at in _EMBEDDED_AT):
            return True
        if any(one.version == 4 and any(one in network for network in _CLOUD_SERVICES) for one in every):
            return True
        return not all(may_be_measured(str(one), self._allow_private) for one in every)

    def allows(self, endpoint: Endpoint, asked_port: int | None = None) -> bool:
        """Return whether the helper may connect there.

        Args:
            endpoint: address and port.
            asked_port: port of the URL that was asked for; None where any port may be.
        """
        if self.is_bogon(endpoint.ip):
            return False
        if asked_port is not None and endpoint.port not in {*_WEB_PORTS, asked_port}:
            return False  # a request names one site: its other ports are nobody's business
        if endpoint.port not in _WEB_PORTS and endpoint.port < _UNPRIVILEGED:
            return False  # no mail, no shells: a helper must not be made to talk to such services
        if self._allow_private:
            return True
        own = {str(_canonical(one)) for one in self._own_addresses()}  # no scopes: those are refused above
        ip = ipaddress.ip_address(endpoint.ip)
        return not any(str(one) in own for one in (ip, *_inner(ip)))


def target_of(address: str) -> str:
    """Name what an address leads to, for counting: the inner IPv4 address, or the /64 of an IPv6 one."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    for inner in _inner(ip):
        return str(inner)
    return address if ip.version == 4 else str(ipaddress.IPv6Network((ip.packed[:8] + bytes(8), 64)))


def _canonical(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | str:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return address


def _inner(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """Return the IPv4 addresses that an IPv6 address leads to."""
    if ip.version == 4:
        return []
    packed = ip.packed
    if any(ip in network for network in _IPV4_INSIDE):
        return [ipaddress.IPv4Address(packed[12:])]
    if packed[8:12] in _ISATAP:
        return [ipaddress.IPv4Address(packed[12:])]
    if ip in _SIX_TO_FOUR:
        return [ipaddress.IPv4Address(packed[2:6])]
    if ip in _TEREDO:
        return [ipaddress.IPv4Address(bytes(byte ^ 0xFF for byte in packed[12:]))]
    return []
