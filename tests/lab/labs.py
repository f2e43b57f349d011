"""Labs of tests: the marks of tests that need one, regimes from YAML text, and a lab on the tiny world."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pytest

from banwatch.lab.machine.clock import LabClock
from banwatch.lab.machine.doctor import doctor
from banwatch.lab.machine.lab import Lab
from banwatch.lab.regime.regime import Regime
from banwatch.lab.regime.regime_file import load_regime
from tests.lab.censor_kit import regime_of
from tests.lab.tiny_world import TinyWorld, serve

P = ParamSpec("P")
R = TypeVar("R")

_MISSING = [(check.name, check.why) for check in doctor() if check.needed and not check.ok]
NEEDS_LAB = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(_MISSING), reason=f"no lab here: {_MISSING}"),
    pytest.mark.xdist_group("lab"),
]
"""Marks of tests that build a lab: skipped where the machine allows none, and run one after the other."""
NEEDS_LAB_ALONE = NEEDS_LAB
"""Marks of tests that measure in a lab with real time-outs."""


def needs_lab(test: Callable[P, R]) -> Callable[P, R]:
    """Mark one test as needing a lab."""
    for mark in NEEDS_LAB:
        test = mark(test)
    return test


APRIL = datetime(2016, 4, 4, tzinfo=UTC)
BLOCKING_RULES = """
- id: dns
  placement: on-path
  match: {dns: {names: [dns.blocked.example]}}
  action: {forge_dns: {a: [31.13.94.0/24]}}
  mechanism: dns.injection.other
- id: sni
  match: {tls: {sni: [sni.blocked.example]}}
  action: reset
  mechanism: tls.reset.sni
- id: page
  match: {http: {host: [page.blocked.example]}}
  action: {http_page: {status: 403, body: blocked here}}
  mechanism: http.blockpage
- id: shutdown
  schedule: {begins: "2016-04-08T00:00Z", ends: "2016-04-09T00:00Z"}
  match: {}
  action: drop
  mechanism: network.shutdown
"""
"""One rule for each of DNS, TLS and HTTP, and a shutdown of one day."""


def regime_from(text: str) -> Regime:
    """Read a regime from the text of a regime file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "regime.yaml"
        path.write_text(text, encoding="utf-8")
        return load_regime(path)


@contextmanager
def tiny_lab(rules: str = BLOCKING_RULES, *, extra: str = "", **options: Any) -> Iterator[Lab]:
    """Run a lab on the tiny world for as long as the context lasts.

    Args:
        rules: a YAML list of rules.
        extra: further keys of the regime, as YAML.
        options: further arguments of `Lab`; its clock begins on 4 April 2016 where none is given.
    """
    clock = options.pop("clock", None) or LabClock(APRIL)
    with Lab(regime_of(rules, extra=extra), "all", TinyWorld(), clock=clock, serve=serve, **options) as lab:
        yield lab
