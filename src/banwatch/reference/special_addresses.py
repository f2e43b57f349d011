"""Special addresses: which ones the world cannot reach, by IANA's registries of one day.

The library's own list (`ipaddress.is_global`) changes with the Python that runs, and a verdict must not.
"""

import csv
import ipaddress
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

from banwatch.model.address import number_of
from banwatch.model.errors import WireError

_COLUMNS = ["prefix", "name", "reference", "globally_reachable"]
_REACHABLE = {"true": True, "false": False, "": None}
"""Words of the column `globally_reachable`; where the registry says neither, the wider prefix decides."""
_BITS = {4: 32, 6: 128}

_Prefix = tuple[int, int, bool]
"""First and last address as numbers, and whether the world can reach them."""


class SpecialAddresses:
    """Table that finds whether an address is one of the public Internet's, by bisection."""

    def __init__(self, prefixes: Sequence[tuple[str, bool | None]]) -> None:
        """Build the table.

        Args:
            prefixes: networks, and whether the world can reach them; null is as the network around it.
        """
        self._v4 = _flatten(prefixes, 4)
        self._v6 = _flatten(prefixes, 6)
        self.is_public = lru_cache(maxsize=65_536)(self._is_public)

    def _is_public(self, ip: str) -> bool:
        """Whether the world can reach an address; False for text that is none."""
        try:
            number = number_of(ip)
        except ValueError:
            return False
        starts, public = self._v6 if ":" in ip else self._v4
        return public[bisect_right(starts, number) - 1]


def parse_untrusted(text: str) -> SpecialAddresses:
    """Read the table from CSV: prefix, name, reference, globally_reachable (`true`, `false` or empty).

    Raises:
        WireError: other columns, or a row that is no prefix.
    """
    rows = csv.reader(text.splitlines())
    if next(rows, None) != _COLUMNS:
        raise WireError(f"the first line is not {','.join(_COLUMNS)}")
    found: list[tuple[str, bool | None]] = []
    for row in rows:
        if len(row) != len(_COLUMNS) or row[3] not in _REACHABLE:
            raise WireError(f"no row of special addresses: {row}")
        try:
            found.append((str(ipaddress.ip_network(row[0])), _REACHABLE[row[3]]))
        except ValueError as error:
            raise WireError(str(error)) from None
    return SpecialAddresses(found)


def _flatten(prefixes: Sequence[tuple[str, bool | None]], version: int) -> tuple[list[int], list[bool]]:
    """Turn nested prefixes into ranges that follow each other; within a prefix the longer one decides."""
    nested: list[_Prefix] = []
    networks = [(ipaddress.ip_network(text), reachable) for text, reachable in prefixes]
    for network, reachable in sorted(
        (pair for pair in networks if pair[0].version == version), key=lambda pair: pair[0].prefixlen
    ):
        first, last = int(network.network_address), int(network.broadcast_address)
        if reachable is None:
            reachable = _decide(nested, first)
        nested.append((first, last, reachable))
    edges = {0} | {first for first, _, _ in nested}
    edges |= {last + 1 for _, last, _ in nested if last + 1 < 1 << _BITS[version]}
    starts: list[int] = []
    public: list[bool] = []
    for edge in sorted(edges):
        reachable = _decide(nested, edge)
        if not public or public[-1] is not reachable:
            starts.append(edge)
            public.append(reachable)
    return starts, public


def _decide(nested: Sequence[_Prefix], number: int) -> bool:
    """Return what the longest prefix around an address says; the shortest come first."""
    return next((reachable for first, last, reachable in reversed(nested) if first <= number <= last), False)
