"""Rule: one entry of the table that evidence is judged by."""

from collections.abc import Callable
from dataclasses import dataclass

from banwatch.model.evidence import Evidence
from banwatch.model.ids import RuleId
from banwatch.model.nettest import NettestKind
from banwatch.model.route import Route
from banwatch.model.state import Layer, State

Mechanisms = Callable[[Evidence], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An entry of the table. Its id is a public contract: append-only, never given a new meaning."""

    id: RuleId
    layer: Layer
    kinds: frozenset[NettestKind]
    """Kinds of nettest that it is for (column `kind`)."""
    condition: str
    """The condition in words."""
    holds: Callable[[Evidence], bool]
    state: State
    mechanism: str
    """Mechanism that it names, in words of the taxonomy; a brace lists what the evidence chooses from."""
    mechanisms: Mechanisms
    """The mechanisms that it names for this evidence: the deepest nodes supported."""
    why: str
    source: str
    pitfall: str
    """What the rule would say wrongly, and what guards against that."""
    sentence: Callable[[Evidence], str]
    """The reason for a reader."""
    route: Route = Route.ANY
    """The route that its facts are about."""
    fallback: bool = False
    """The rule counts only where no other rule holds."""
    vetoes: bool = False
    """The rule withdraws every accusation, because its condition explains the rest."""
