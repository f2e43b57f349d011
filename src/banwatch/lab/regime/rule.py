"""Rule of a censor: what it matches, what it does, to whom, and when it is in force."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from banwatch.lab.regime.effect import Effect, Residual, Way
from banwatch.lab.regime.match import Match


class Placement(StrEnum):
    """In-path can withhold a packet; on-path sees copies and can only add to them."""

    IN_PATH = "in-path"
    ON_PATH = "on-path"


class Per(StrEnum):
    """What a rule's probability is drawn for: every flow anew, or once for all flows of an hour or a day."""

    FLOW = "flow"
    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a rule is in force, by the lab clock."""

    begins: datetime | None = None
    ends: datetime | None = None
    """The first moment after it."""
    hours: tuple[tuple[int, int], ...] = ()
    """Ranges of hours of the day in UTC, [first, last); empty is all day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that the censor does."""

    rule_id: str
    tiers: frozenset[str]
    match: Match
    effects: tuple[Effect, ...]
    mechanism: str
    """Node of the taxonomy that a perfect observer would name."""
    placement: Placement = Placement.IN_PATH
    way: Way = Way.OUTBOUND
    """Packets of which direction are inspected."""
    schedule: Schedule = Schedule()
    probability: float = 1.0
    per: Per = Per.FLOW
    residual: Residual | None = None
    reassembly: int | None = None
    """How many TCP segments it can put together: 1 is none, None is any number."""
