"""Rule of a censor: what it matches, what it does, to whom, and when it is in force."""

from dataclasses import dataclass, field
from enum import StrEnum

from banwatch.lab.regime.effect import Effect, Residual, Way
from banwatch.lab.regime.match import Match
from banwatch.lab.regime.schedule import Schedule


class Placement(StrEnum):
    """Placement of a censor: in-path can withhold a packet, on-path sees copies and can only add packets."""

    IN_PATH = "in-path"
    ON_PATH = "on-path"


class Per(StrEnum):
    """Scope of one draw of a rule's probability: each flow, or all flows of an hour or a day."""

    FLOW = "flow"
    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Rule of a censor: what it matches, whom it affects, and its effects."""

    rule_id: str
    tiers: frozenset[str]
    match: Match
    effects: tuple[Effect, ...]
    mechanism: str
    """Node of the taxonomy that a perfect observer would name."""
    placement: Placement = Placement.IN_PATH
    way: Way = Way.OUTBOUND
    """Direction of the packets that are inspected."""
    schedule: Schedule = field(default_factory=Schedule)
    probability: float = 1.0
    per: Per = Per.FLOW
    residual: Residual | None = None
    reassembly: int | None = None
    """TCP segments that it can reassemble: 1 is no reassembly, None is any number."""
