"""Vantages, and the columns of a comparison: one access tier on one network each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from banwatch.model.ban import Ban, Comparison
from banwatch.model.ids import Asn, CountryCode, render_asn
from banwatch.pages.wording import words


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


def column_of(vantage: Vantage, network: str = "", *, bound: bool = True) -> ComparisonColumn:
    """Return the column of a vantage, with its names for readers."""
    people = words.tier(vantage.access_tier)
    return ComparisonColumn(
        vantage=vantage,
        people=people,
        heading=people[0].upper() + people[1:],
        network=network or render_asn(vantage.probe_asn),
        asn=render_asn(vantage.probe_asn),
        bound=bound,
    )


def columns_of(
    ban: Ban, rows: Sequence[Comparison], network_names: Mapping[Asn, str]
) -> tuple[ComparisonColumn, ...]:
    """List the columns of a comparison: those that the ban binds first, then by network and tier.

    Args:
        ban: the announcement, which names networks and those whom it binds (nobody named is everybody).
        rows: the comparison.
        network_names: names that the probes gave their networks; used where the ban does not name them.
    """
    named = {bound.asn: bound.name for bound in ban.binds}
    columns = []
    for vantage in sorted({vantage_of(row) for row in rows}):
        network = named.get(vantage.probe_asn) or words.visible(network_names.get(vantage.probe_asn, ""), 60)
        # A remark in brackets is shown with the announcement; a column has no space for it.
        network = network.partition(" (")[0]
        columns.append(column_of(vantage, network, bound=_binds(ban, vantage)))
    return tuple(sorted(columns, key=lambda column: (not column.bound, column.vantage)))


def _binds(ban: Ban, vantage: Vantage) -> bool:
    if not ban.binds:
        return True
    return any(
        bound.asn == vantage.probe_asn and bound.access_tier in ("", vantage.access_tier)
        for bound in ban.binds
    )
