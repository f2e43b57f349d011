"""What a rule is."""

from collections.abc import Callable
from dataclasses import dataclass

from banwatch.model.evidence import Evidence
from banwatch.model.ids import RuleId
from banwatch.model.nettest import NettestKind
from banwatch.model.state import Layer, State

Mechanisms = Callable[[Evidence], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One entry of the table. Its id is a public contract: append-only, never given a new meaning."""

    id: RuleId
    layer: Layer
    kinds: frozenset[NettestKind]
    """Kinds of nettest that it is for (column `kind`)."""
    condition: str
    """The condition in words."""
    holds: Callable[[Evidence], bool]
    state: State
    mechanism: str
    """What it names, in words of the taxonomy; a brace lists what the evidence chooses from."""
    mechanisms: Mechanisms
    """The mechanisms that it names for this evidence: the deepest nodes supported."""
    why: str
    source: str
    sentence: Callable[[Evidence], str]
    """The reason for a reader."""
    fallback: bool = False
    """Speaks only where no other rule does."""
    vetoes: bool = False
    """Takes back every accusation: what it sees explains the rest."""
