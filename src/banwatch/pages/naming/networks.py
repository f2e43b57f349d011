"""Names of networks: the name first, and the number after it."""

from collections.abc import Mapping
from functools import cache

from banwatch.model.ids import Asn, render_asn
from banwatch.pages.wording import words
from banwatch.reference.network_table import unpack_untrusted
from banwatch.reference.snapshots import SHIPPED_NETWORKS, shipped_file

_FIRST_PRIVATE, _LAST_PRIVATE = 64_512, 65_534
"""AS numbers that belong to nobody (RFC 6996), and stand for networks whose own number is not public."""


@cache
def shipped_names() -> Mapping[int, str]:
    """Return the name of every AS of the shipped table, read once; it takes half a second."""
    return dict(unpack_untrusted(shipped_file(f"{SHIPPED_NETWORKS}.bin")).ases())


def name_of(asn: int, claimed: str = "") -> str:
    """Name a network, with its number where it has no name.

    Args:
        asn: its number.
        claimed: name that a probe or an announcement gives, for a number that the table does not have.
    """
    listed = "" if _FIRST_PRIVATE <= asn <= _LAST_PRIVATE else shipped_names().get(asn, "")
    name = listed or claimed.partition(" (")[0]
    return words.visible(name, 60) if name else render_asn(Asn(asn))


def name_and_number(asn: int, claimed: str = "") -> str:
    """Name a network as a list does: `Rostelecom (AS12389)`."""
    name, number = name_of(asn, claimed), render_asn(Asn(asn))
    return number if name == number else f"{name} ({number})"
