"""Choice and order of the answered addresses that are tried."""

import ipaddress
from collections.abc import Sequence
from itertools import zip_longest

_UNICAST6 = ipaddress.IPv6Network("2000::/3")
"""All that IANA has given out of IPv6 for the world at large."""
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv4 addresses as seen through NAT64 (RFC 6052): the world's, where the address inside is."""
_NOT_THE_WORLD = tuple(
    ipaddress.ip_network(prefix)
    for prefix in (
        "192.0.0.0/24",  # RFC 6890: protocol assignments; some clouds have their secrets there
        "192.88.99.0/24",  # RFC 7526: 6to4 relays, taken back
        "3fff::/20",  # RFC 9637: documentation
        "2001::/23",  # RFC 2928: protocol assignments, Teredo among them
    )
)
"""Special networks that older versions of Python's own list leave out."""


def interleave(sources: Sequence[Sequence[str]]) -> list[str]:
    """Take the first of every resolver, then the second of every one, ...; each address once."""
    taken = (address for rank in zip_longest(*sources) for address in rank if address)
    return list(dict.fromkeys(taken))


def may_be_measured(address: str, private_too: bool = False) -> bool:
    """Return whether an address is on the public Internet.

    An answer that points into somebody's own network is evidence as it stands; connecting there would read a
    router's or a neighbour's pages and publish them.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.scope_id is not None:
        return False  # `%eth0` means something on this machine only
    if private_too:
        return not (ip.is_unspecified or ip.is_multicast)
    if not ip.is_global or ip.is_multicast:
        return False
    if ip.version == 6 and ip not in _UNICAST6 and ip not in _TRANSLATED:
        return False
    return not any(ip.version == net.version and ip in net for net in _NOT_THE_WORLD)
