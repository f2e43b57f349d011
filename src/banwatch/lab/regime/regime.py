"""Regime: what a censor does, to whom and when, as a frozen value. `regime_file` reads one from YAML."""

from dataclasses import dataclass, field
from datetime import datetime

from banwatch.lab.regime.rule import Rule
from banwatch.lab.regime.tier import Tier
from banwatch.model.ids import CountryCode


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeSource:
    """Where it is known from that the regime is so."""

    title: str
    publisher: str
    url: str
    published: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The simulated days: a round of measurements at `start`, then `every` so many hours, before `end`."""

    start: datetime
    end: datetime
    every_h: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsing:
    """What the censor makes of odd packets."""

    fragments: bool = True
    """Whether it puts IP fragments together; else it cannot read what they carry."""
    checksums: bool = True
    """Whether it ignores packets whose transport checksum is wrong, as their receiver will."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """What a censor does to whom and when, and how that is known."""

    name: str
    title: str
    country: CountryCode
    about: str
    sources: tuple[RegimeSource, ...]
    tiers: dict[str, Tier]
    rules: tuple[Rule, ...]
    timeline: Timeline | None = None
    parsing: Parsing = field(default_factory=Parsing)
