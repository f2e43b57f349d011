"""The columns of a comparison: one access tier on one network each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from banwatch.model.ban import Ban, Comparison
from banwatch.model.ids import Asn, CountryCode, render_asn
from banwatch.pages.wording import words


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where and as whom somebody stands: what a column of the comparison is about."""

    probe_cc: CountryCode
    probe_asn: Asn
    access_tier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A place with its names for readers."""

    place: Place
    people: str
    """`foreign visitors`: a plural that a sentence can use."""
    heading: str
    network: str
    """The network's name, else its number."""
    asn: str
    bound: bool
    """Whether the announcement binds them."""

    @property
    def label(self) -> str:
        """People and network, for a sentence."""
        return f"{self.people} ({self.network})"


def place_of(row: Comparison) -> Place:
    """Say where a row of the comparison was measured."""
    return Place(row.probe_cc, row.probe_asn, row.access_tier)


def column_at(place: Place, network: str = "", *, bound: bool = True) -> Column:
    """Name a place for readers."""
    people = words.tier(place.access_tier)
    return Column(
        place=place,
        people=people,
        heading=people[0].upper() + people[1:],
        network=network or render_asn(place.probe_asn),
        asn=render_asn(place.probe_asn),
        bound=bound,
    )


def columns_of(ban: Ban, rows: Sequence[Comparison], network_names: Mapping[Asn, str]) -> tuple[Column, ...]:
    """List the places of a comparison: those that the ban binds first, then by network and tier.

    Args:
        ban: what was announced; names networks, and says whom it binds (nobody in particular is everybody).
        rows: the comparison.
        network_names: what the probes called their networks; used where the ban does not name them.
    """
    named = {bound.asn: bound.name for bound in ban.binds}
    columns = []
    for place in sorted({place_of(row) for row in rows}):
        network = named.get(place.probe_asn) or words.visible(network_names.get(place.probe_asn, ""), 60)
        network = network.partition(" (")[0]  # a remark in brackets stays with the announcement
        columns.append(column_at(place, network, bound=_binds(ban, place)))
    return tuple(sorted(columns, key=lambda column: (not column.bound, column.place)))


def _binds(ban: Ban, place: Place) -> bool:
    if not ban.binds:
        return True
    return any(
        bound.asn == place.probe_asn and bound.access_tier in ("", place.access_tier) for bound in ban.binds
    )
