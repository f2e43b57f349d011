"""The small nettests: what each tries is data (`data/nettests.yaml`)."""

import functools
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Literal

import msgspec


class TorPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place of the Tor network that everybody may know."""

    name: str
    address: str
    """`ip:port`."""
    protocol: Literal["dir_port", "or_port", "or_port_dirauth"]


class Nettest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One nettest."""

    version: str
    inputs: tuple[str, ...] = ()
    """Each is a measurement of its own; without any there is one, without an input."""
    helper: str = ""
    """`ip:port` of who answers, where the nettest needs somebody at the other end."""
    places: tuple[TorPlace, ...] = ()
    """Of the Tor network, to be reached."""


@functools.cache
def load_nettests() -> Mapping[str, Nettest]:
    """The small nettests, by name."""
    text = files("banwatch.probe").joinpath("data/nettests.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=dict[str, Nettest])


def count_measurements(names: Iterable[str]) -> int:
    """How many measurements these nettests make, small or not."""
    small = load_nettests()
    return sum(max(1, len(small[name].inputs)) if name in small else 1 for name in names)
