"""The small nettests: what each tries is data (`data/nettests.yaml`)."""

import functools
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Literal

import msgspec


class TorPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place of the Tor network that everybody may know."""

    name: str
    address: str
    """`ip:port`."""
    protocol: Literal["dir_port", "or_port", "or_port_dirauth", "obfs4"]
    is_private: bool = False
    """Whether only the person who measures knows it: then its address is written down nowhere."""


class Nettest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One nettest."""

    version: str
    inputs: tuple[str, ...] = ()
    """Each is a measurement of its own; without any there is one, without an input."""
    other_name: str = ""
    """A name of the same operator as the input, where the nettest shows one in its place."""
    helper: str = ""
    """`ip:port` of who answers, where the nettest needs somebody at the other end."""
    addresses: Mapping[str, tuple[str, ...]] = {}
    """Of inputs: addresses that are tried whatever the system's resolver says of their names."""
    places: tuple[TorPlace, ...] = ()
    """Of the Tor network, to be reached."""


@functools.cache
def load_nettests() -> Mapping[str, Nettest]:
    """The small nettests, by name."""
    text = files("banwatch.probe").joinpath("data/nettests.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=dict[str, Nettest])


def count_measurements(chosen: Mapping[str, Sequence[str]]) -> int:
    """How many measurements these nettests make with these inputs (none: their own), small or not."""
    small = load_nettests()
    return sum(
        max(1, len(given or small[name].inputs)) if name in small else 1 for name, given in chosen.items()
    )
