"""Routes to a site, of which only one is everybody's."""

from enum import StrEnum


class Route(StrEnum):
    """Route that a fact is about."""

    ORDINARY = "ordinary"
    """The network's own resolver, and the addresses that it gives: what everybody on the network meets."""
    OUTSIDE = "outside"
    """A resolver outside the network or inside TLS, or an address that only it, or the control, gave."""
    ANY = "any"
    """Either: the same packets pass on both."""
