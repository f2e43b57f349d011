"""Properties of an address that follow from its number: whether the world can reach it, and what it wraps.

A network without IPv4 wraps IPv4 addresses in IPv6 ones (DNS64, NAT64). These are unwrapped before anything
is said: a genuine answer stays genuine there, and a forged one is found.
"""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from banwatch.model.address import number_of
from banwatch.model.observation import Observation, Step
from banwatch.model.reference import Reference

NO_CLIENT_SUBNET = frozenset({"1.1.1.1", "1.0.0.1", "9.9.9.9", "149.112.112.112"})
"""Public resolvers that do not tell a site's name servers who asks (no EDNS client subnet), by what their
operators write. A site cannot answer them with a cache inside the asker's own network."""

DISCOVERY_NAME = "ipv4only.arpa"
"""Name without IPv6 addresses: those that a resolver gives for it show the network's prefix (RFC 7050)."""
_DISCOVERY_ADDRESSES = frozenset({0xC00000AA, 0xC00000AB})
"""192.0.0.170 and 192.0.0.171, the addresses of that name."""

Prefix = tuple[int, int]
"""Upper bits of an IPv6 address, and their number."""

_WELL_KNOWN: Prefix = (0x0064FF9B << 64, 96)
"""64:ff9b::/96 (RFC 6052)."""
_LOCAL_USE: Prefix = (0x0064FF9B0001, 48)
"""64:ff9b:1::/48 (RFC 8215): a network cuts prefixes of any length out of it."""
_MAPPED: Prefix = (0xFFFF, 96)
"""::ffff:0:0/96: another spelling of an IPv4 address (RFC 4291)."""
_SIX_TO_FOUR: Prefix = (0x2002, 16)
_LENGTHS = (96, 64, 56, 48, 40, 32)
"""Lengths of translation prefixes (RFC 6052 section 2.2)."""
_LOCAL_LENGTHS = (48, 56, 64, 96)
"""Lengths inside the local-use prefix, the one with the most bits after the address first."""
_LOW_32, _LOW_8 = 0xFFFFFFFF, 0xFF


class Addresses:
    """Properties of addresses as one network writes them."""

    __slots__ = ("_is_public", "_prefixes")

    def __init__(self, reference: Reference, prefixes: frozenset[Prefix] = frozenset()) -> None:
        """Take the network's own translation prefixes.

        Args:
            reference: knows which addresses the world can reach.
            prefixes: translation prefixes beside the well-known ones, from `find_prefixes`.
        """
        self._is_public = reference.is_public
        self._prefixes = prefixes

    def unwrap(self, ip: str) -> str:
        """Return the IPv4 address inside a translated or mapped one; any other address as it is."""
        if ":" not in ip:
            return ip
        return _unwrap(ip, self._prefixes)

    def is_bogon(self, ip: str) -> bool:
        """Whether an address is one that no public name should have: private, loopback, reserved."""
        if ":" not in ip:
            return not self._is_public(ip)
        inner = _unwrap(ip, self._prefixes)
        if not self._is_public(inner):
            return True
        tunnelled = _inside_6to4(inner) if ":" in inner else None
        return tunnelled is not None and not self._is_public(tunnelled)

    def is_translated(self, ip: str) -> bool:
        """Whether an IPv6 address wraps an IPv4 one that the network translates to."""
        return ":" in ip and ":" not in _unwrap(ip, self._prefixes)


def is_private_name(hostname: str) -> bool:
    """Whether a name is one that only a private network resolves: a single label, or a special-use domain."""
    labels = hostname.rstrip(".").lower().split(".")
    if not labels[-1] or " " in hostname:
        return False  # words, such as the name of a company in a certificate, are no host
    return len(labels) == 1 or labels[-1] in _PRIVATE_DOMAINS or labels[-2:] == ["home", "arpa"]


def is_address(name: str) -> bool:
    """Whether a host name is an address, as canonical addresses are spelled."""
    return ":" in name or name.replace(".", "").isdecimal()


def is_v6(ip: str) -> bool:
    """Whether an address is of IPv6."""
    return ":" in ip


def find_prefixes(lookups: Iterable[Observation], expected: Iterable[str]) -> frozenset[Prefix]:
    """Find the translation prefixes of a network in its answers.

    A prefix shows where an answer wraps one of the IPv4 addresses that the name is known to have, or the
    address of the name that exists to show it (RFC 7050). Addresses that the control got as they are need no
    unwrapping.

    Args:
        lookups: steps of the measurement.
        expected: addresses that the control got.
    """
    answers: dict[str, list[str]] = {}
    for seen in lookups:
        if seen.step is Step.DNS and seen.hostname:
            answers.setdefault(seen.hostname, []).extend(seen.answers)
    wrapped = [ip for found in answers.values() for ip in found if ":" in ip]
    if not wrapped:
        return frozenset()
    as_they_are = set(expected)
    found: set[Prefix] = set()
    for name, addresses in answers.items():
        inner = {number_of(ip) for ip in (*as_they_are, *addresses) if ":" not in ip}
        if name == DISCOVERY_NAME:
            inner |= _DISCOVERY_ADDRESSES
        for ip in addresses:
            if ":" in ip and ip not in as_they_are:
                found.update(_prefixes_of(number_of(ip), inner))
    return frozenset(found)


def _prefixes_of(number: int, inner: set[int]) -> Iterable[Prefix]:
    for length in _LENGTHS:
        if _extract(number, length) in inner:
            yield number >> (128 - length), length


_PRIVATE_DOMAINS = frozenset(
    {"corp", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain", "localhost", "test"}
)
"""Top-level domains of private networks: RFC 6761, RFC 6762, RFC 8375, ICANN's reserved ones, and usage."""


@lru_cache(maxsize=65_536)
def _unwrap(ip: str, prefixes: frozenset[Prefix]) -> str:
    number = number_of(ip)
    if _starts(number, _MAPPED) or _starts(number, _WELL_KNOWN):
        return str(ipaddress.IPv4Address(number & _LOW_32))
    for prefix in sorted(prefixes, key=lambda one: (-one[1], one[0])):
        wrapped = _extract(number, prefix[1]) if _starts(number, prefix) else None
        if wrapped is not None:
            return str(ipaddress.IPv4Address(wrapped))
    if _starts(number, _LOCAL_USE):
        for length in _LOCAL_LENGTHS:
            wrapped = _extract(number, length)
            if wrapped is not None:
                return str(ipaddress.IPv4Address(wrapped))
    return ip


def _extract(number: int, length: int) -> int | None:
    """Return the IPv4 address after a prefix of some length; None where the bits around it are not zero.

    Wire: RFC 6052 section 2.2: bits 64 to 71 stay zero, and so do the bits after the address.
    """
    if length == 96:
        return number & _LOW_32
    before = (64 - length) if length < 64 else 0
    after = 32 - before
    if (number >> 56) & _LOW_8 or number & ((1 << (56 - after)) - 1):
        return None
    upper = (number >> 64) & ((1 << before) - 1)
    lower = (number >> (56 - after)) & ((1 << after) - 1)
    return (upper << after) | lower


def _starts(number: int, prefix: Prefix) -> bool:
    return number >> (128 - prefix[1]) == prefix[0]


@lru_cache(maxsize=65_536)
def _inside_6to4(ip: str) -> str | None:
    """Return the IPv4 address inside a 6to4 one (RFC 3056): only hosts of that address are there."""
    number = number_of(ip)
    return str(ipaddress.IPv4Address((number >> 80) & _LOW_32)) if _starts(number, _SIX_TO_FOUR) else None
