"""What each nettest measures: its target's name, its endpoints, and what it says for itself."""

from collections.abc import Callable
from dataclasses import dataclass, field

from banwatch.formats.ooni.observed import Outcome
from banwatch.formats.ooni.reading import host_of
from banwatch.formats.ooni.steps import Steps
from banwatch.formats.ooni.wire import TestKeys

APPLICATIONS = {
    "telegram": "telegram",
    "whatsapp": "whatsapp",
    "signal": "signal",
    "facebook_messenger": "facebook_messenger",
    "tor": "tor",
    "vanilla_tor": "tor",
    "torsf": "snowflake",
    "psiphon": "psiphon",
    "riseupvpn": "riseupvpn",
}
"""Nettests of one application each, and the stable name of it."""


@dataclass(frozen=True, slots=True)
class Nettest:
    """What a nettest adds to the common steps."""

    outcome: Outcome = field(default_factory=Outcome)
    endpoints: tuple[tuple[str, bool], ...] = ()


def name_target(test_name: str, measured_input: str, target_of: Callable[[str], str]) -> str:
    """Stable name of what was measured: an application, a registrable domain, or else the nettest itself."""
    if test_name in APPLICATIONS:
        return APPLICATIONS[test_name]
    host = host_of(measured_input)
    return target_of(host) if host else test_name


def read(test_name: str, keys: TestKeys, steps: Steps) -> Nettest:
    """Read what a nettest has beside the common steps, adding the steps that it keeps elsewhere."""
    del test_name, keys, steps
    return Nettest()
