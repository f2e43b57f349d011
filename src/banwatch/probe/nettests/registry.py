"""Registry of nettests: one module a nettest, found by its `NETTEST`.

A nettest is a module `nettests/NAME.py` that ends in `NETTEST = Nettest(...)`, its data in
`data/nettests/NAME.yaml`, its test and its paragraph in `docs/probe.md`. Session, command line and tests read
this registry; nothing else lists nettests.

A nettest whose test keys are the ordinary steps (`queries`, `tcp_connect`, `tls_handshakes`, `requests`) and
`failure` is observed step by step with no other file touched. Its target is the host of its input, or its own
name. Its verdict says what holds for every measurement (a captive portal, a network that is silent) and is
`insufficient` otherwise: without a kind the judge accuses nobody. A verdict that says more needs facts in two
other rooms, which lie above and below this one:

- `formats/ooni/nettests.py`: an application's stable name, groups of endpoints of which one is enough, or
  keys of its own that say what happened.
- `model/nettest.py`: the kind, which chooses the rules for endpoints, resolvers, bootstraps or
  middleboxes.
"""

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import TypeVar

import msgspec

from banwatch.model.errors import BanwatchError
from banwatch.probe import nettests as package
from banwatch.probe.nettest_context import Measure

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nettest:
    """A kind of test."""

    name: str
    """Name in measurements, such as `dnscheck`."""
    version: str
    """Version of the test keys that it writes."""
    spec: str
    """OONI's specification, such as `ts-028`; empty where the nettest is our own."""
    purpose: str
    """The question that it answers, in one sentence."""
    risk: str
    """What an observer of the network sees a person do, in one sentence."""
    measure: Measure
    inputs: tuple[str, ...] = ()
    """Each is a measurement of its own; without any there is one, without an input."""
    check_input: Callable[[str], object] | None = None
    """Raises `ValueError`, with what was expected, for a person's own input; None takes no such input."""
    is_input_secret: bool = False
    """Whether the input is written down nowhere, as it gives somebody away."""


@functools.cache
def load_nettests() -> Mapping[str, Nettest]:
    """Find the nettests, by name.

    Raises:
        ValueError: two modules have nettests of one name.
    """
    found: dict[str, Nettest] = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        nettest = getattr(importlib.import_module(f"{package.__name__}.{module.name}"), "NETTEST", None)
        if nettest is None:
            continue  # machinery: this registry, the choice
        if nettest.name in found:
            raise ValueError(f"two nettests are named {nettest.name!r}")
        found[nettest.name] = nettest
    return MappingProxyType(found)


def find_nettest(name: str) -> Nettest:
    """Find a nettest by name.

    Raises:
        BanwatchError: there is no such nettest.
    """
    nettests = load_nettests()
    if name not in nettests:
        raise BanwatchError(f"No nettest {name!r}", f"Known are {', '.join(sorted(nettests))}.")
    return nettests[name]


def count_measurements(chosen: Mapping[str, Sequence[str]]) -> int:
    """Count the measurements that nettests make with these inputs; a nettest without any has its own."""
    return sum(max(1, len(given or find_nettest(name).inputs)) for name, given in chosen.items())


def read_data(name: str, layout: type[T]) -> T:
    """Read the data of a nettest: `data/nettests/NAME.yaml`."""
    text = files("banwatch.probe").joinpath("data", "nettests", f"{name}.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=layout)
