"""Clients of a server: the address that a request comes from, and the groups that share a limit.

Nothing here is kept: an address serves a limit or a check, and is forgotten with the request.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from banwatch.model.errors import BanwatchError

WITHOUT_ADDRESS = ""
"""Client that has no address of its own: of an onion service, or of a proxy that names none."""
_V6_SHARES = ((56, 1), (48, 4), (32, 16))
"""IPv6 prefixes with the share of all clients in each, in limits of one client.

A subscriber has a /56 or a /48 (RIPE-690), a provider a /32: who holds 65,536 /48s gets 16 shares of them.
"""
_MAX_HOPS = 16
"""Longest `X-Forwarded-For` that is read; proxies in a row are two or three."""

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Group:
    """Group of addresses that share a limit."""

    prefix: bytes
    """Length and bits of the prefix; two groups of other lengths are never equal."""
    share: int
    """Limit of the group, in limits of one client."""


def groups_of(address: str) -> tuple[Group, ...]:
    """Return the groups that an address belongs to, the smallest first.

    An IPv4-mapped address is the IPv4 address in it. All clients without an address make one group.
    """
    ip = parse_address(address)
    if ip is None:
        return (Group(b"none", 1),)
    if ip.version == 4:
        return (Group(b"4" + ip.packed, 1),)
    return tuple(Group(bytes([bits]) + ip.packed[: bits // 8], share) for bits, share in _V6_SHARES)


def parse_address(text: str) -> _Address | None:
    """Parse an address, also with a scope, a port or brackets; None where the text is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        ip = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = ip.ipv4_mapped if ip.version == 6 else None
    return mapped or ip


class Proxies:
    """Reverse proxies that an operator named: only they are believed about whom they speak for.

    Args:
        networks: addresses or networks of the proxies.

    Raises:
        BanwatchError: one of them is no address or network.
    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks = tuple(_parse_network(one) for one in networks)

    def is_proxy(self, address: str) -> bool:
        """Whether a connection comes from a proxy."""
        ip = parse_address(address)
        return ip is not None and any(ip.version == one.version and ip in one for one in self._networks)

    def client_of(self, peer: str, forwarded: Sequence[str]) -> str:
        """Return the address of a client.

        Args:
            peer: address that the connection comes from.
            forwarded: values of the request's `X-Forwarded-For` headers, in order.

        Returns:
            The peer, unless it is a proxy; then the last address in the headers that is no proxy. Of what is
            before that address nothing is believed: the client itself may have sent it.
        """
        if not self.is_proxy(peer):
            return peer
        hops = [hop for value in forwarded for hop in value.split(",")][-_MAX_HOPS:]
        for hop in reversed(hops):
            ip = parse_address(hop)
            if ip is None:
                return WITHOUT_ADDRESS
            if not self.is_proxy(str(ip)):
                return str(ip)
        return WITHOUT_ADDRESS


def _parse_network(text: str) -> _Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise BanwatchError(
            f"no proxy: {text!r}", "Expected an address or a network, such as 127.0.0.1 or 10.0.0.0/8"
        ) from error
