"""Resolvers that anybody can choose, and what they do with names that somebody objects to."""

import csv
import ipaddress
from functools import lru_cache

from banwatch.model.errors import WireError
from banwatch.model.ids import UNKNOWN_ASN, Asn
from banwatch.model.resolver import KnownResolver, ResolverNature

_COLUMNS = ["resolver", "operator", "nature", "source"]
_NATURES = frozenset(ResolverNature)
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ResolverTable:
    """Table that finds a resolver by its address, the longest prefix first, or else by its AS."""

    def __init__(
        self, networks: list[tuple[_Network, KnownResolver]], by_asn: dict[Asn, KnownResolver]
    ) -> None:
        """Take the rows.

        Args:
            networks: prefixes and whose resolvers are there.
            by_asn: AS numbers that answer for resolvers and little else.
        """
        self._networks = sorted(networks, key=lambda row: -row[0].prefixlen)
        self._by_asn = by_asn
        self.find = lru_cache(maxsize=16_384)(self._find)

    def _find(self, ip: str, asn: Asn) -> KnownResolver | None:
        """Find a resolver; None where nobody is known to offer one there."""
        try:
            address = ipaddress.ip_address(ip)
        except ValueError:
            address = None
        for network, resolver in self._networks if address is not None else ():
            if address in network:
                return resolver
        return self._by_asn.get(asn) if asn != UNKNOWN_ASN else None


def parse_untrusted(text: str) -> ResolverTable:
    """Read the table from CSV: resolver (a prefix or `AS123`), operator, nature, source.

    Raises:
        WireError: other columns, or a row that names no resolver.
    """
    rows = csv.reader(text.splitlines())
    if next(rows, None) != _COLUMNS:
        raise WireError(f"the first line is not {','.join(_COLUMNS)}")
    networks: list[tuple[_Network, KnownResolver]] = []
    by_asn: dict[Asn, KnownResolver] = {}
    for row in rows:
        if len(row) != len(_COLUMNS) or row[2] not in _NATURES:
            raise WireError(f"no row of resolvers: {row}")
        resolver = KnownResolver(row[1], ResolverNature(row[2]))
        try:
            if row[0].startswith("AS"):
                by_asn[Asn(int(row[0][2:]))] = resolver
            else:
                networks.append((ipaddress.ip_network(row[0]), resolver))
        except ValueError as error:
            raise WireError(str(error)) from None
    return ResolverTable(networks, by_asn)
