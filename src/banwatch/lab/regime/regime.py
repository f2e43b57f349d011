"""Regime: what a censor does, to whom and when, as a frozen value. `regime_file` reads one from YAML."""

from dataclasses import dataclass, field
from datetime import datetime

from banwatch.lab.regime.rule import Rule
from banwatch.lab.regime.tier import Tier
from banwatch.model.ids import CountryCode


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeSource:
    """Source of what a regime says."""

    title: str
    publisher: str
    url: str
    published: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Simulated days: rounds of measurements from `start`, every `every_h` hours, before `end`."""

    start: datetime
    end: datetime
    every_h: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsing:
    """Treatment of unusual packets by the censor."""

    fragments: bool = True
    """Whether it reassembles IP fragments; otherwise it cannot read their payload."""
    checksums: bool = True
    """Whether it ignores packets whose transport checksum is wrong, as their receiver will."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """Regime: what a censor does to whom and when, with its sources."""

    name: str
    title: str
    country: CountryCode
    about: str
    sources: tuple[RegimeSource, ...]
    tiers: dict[str, Tier]
    rules: tuple[Rule, ...]
    timeline: Timeline | None = None
    parsing: Parsing = field(default_factory=Parsing)
