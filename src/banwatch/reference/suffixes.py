"""Registrable domains, by the public suffix list."""

import ipaddress
from functools import cache, lru_cache
from importlib.metadata import version

from publicsuffixlist import PublicSuffixList


@cache
def _list() -> PublicSuffixList:
    return PublicSuffixList()


def snapshot_id() -> str:
    """Id of the list that is installed."""
    return f"suffixes-{version('publicsuffixlist')}"


@lru_cache(maxsize=262_144)
def target_of(hostname: str) -> str:
    """Registrable domain of a name; the name itself where it has none, as an address or `localhost`."""
    name = hostname.rstrip(".").lower()
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return str(_list().privatesuffix(name) or name)
    return name.strip("[]")
