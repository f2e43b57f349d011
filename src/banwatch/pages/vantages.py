"""Vantages, and the columns of a comparison: one access tier on one network each."""

from dataclasses import dataclass

from banwatch.model.ban import Comparison
from banwatch.model.ids import Asn, CountryCode


@dataclass(frozen=True, slots=True, order=True)
class Vantage:
    """The network and the access tier that a probe measured from."""

    probe_cc: CountryCode
    probe_asn: Asn
    access_tier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonColumn:
    """A column of the comparison: a vantage with its names for readers."""

    vantage: Vantage
    people: str
    """`foreign visitors`: a plural that a sentence can use."""
    heading: str
    network: str
    """The network's name, else its number."""
    asn: str
    bound: bool
    """Whether the announcement binds these people."""

    @property
    def label(self) -> str:
        """Return people and network, for a sentence."""
        return f"{self.people} ({self.network})"


def vantage_of(row: Comparison) -> Vantage:
    """Return the vantage of a row of the comparison."""
    return Vantage(row.probe_cc, row.probe_asn, row.access_tier)
