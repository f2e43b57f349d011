"""Marks of a lab: what a probe inside a lab must write on its measurements, in a variable of its environment.

Wire: `BANWATCH_LAB`, a JSON object with the keys of `LabMarks`.
"""

from collections.abc import Mapping

import msgspec

from banwatch.model.errors import BanwatchError

VARIABLE = "BANWATCH_LAB"


class LabMarks(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Facts of a lab that its probes cannot find out, and must not leave out."""

    lab: str
    """Name of the regime; every measurement carries it."""
    cc: str
    asn: int
    network: str = ""
    tier: str = ""
    helper_url: str = ""
    control_path: str = "in-band"
    resolvers: tuple[str, ...] = ()
    """Public resolvers that the lab's world has, `ip:port`."""
    own_addresses: tuple[str, ...] = ()


def write_marks(marks: LabMarks) -> dict[str, str]:
    """Return the environment variable that holds the marks."""
    return {VARIABLE: msgspec.json.encode(marks).decode()}


def read_marks(environment: Mapping[str, str]) -> LabMarks | None:
    """Read the marks of the lab that this program runs in; None outside of any.

    Raises:
        BanwatchError: the variable holds something else.
    """
    text = environment.get(VARIABLE, "")
    if not text:
        return None
    try:
        return msgspec.json.decode(text, type=LabMarks)
    except msgspec.DecodeError as error:
        raise BanwatchError(
            f"{VARIABLE} holds no marks of a lab: {error}", f"Unset {VARIABLE} outside of a lab"
        ) from error
