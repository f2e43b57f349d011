"""The columns of a comparison, with their names for readers."""

from collections.abc import Mapping, Sequence

from banwatch.model.ban import Ban, Comparison
from banwatch.model.ids import Asn, render_asn
from banwatch.pages.vantages import ComparisonColumn, Vantage, vantage_of
from banwatch.pages.wording import words


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
