"""Which of the answered addresses are tried, and in which order."""

import ipaddress
from collections.abc import Sequence
from itertools import zip_longest


def interleave(sources: Sequence[Sequence[str]]) -> list[str]:
    """Take the first of every resolver, then the second of every one, ...; each address once."""
    taken = (address for rank in zip_longest(*sources) for address in rank if address)
    return list(dict.fromkeys(taken))


def may_be_measured(address: str, private_too: bool = False) -> bool:
    """Whether an address lies in the world outside.

    An answer that points into somebody's own network is evidence as it stands; connecting there would read a
    router's or a neighbour's pages and publish them.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if private_too:
        return not (ip.is_unspecified or ip.is_multicast)
    return ip.is_global and not ip.is_multicast
