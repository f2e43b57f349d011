"""Other rule tables than the current one: the table of a file, made from ours.

A ruleset file (TOML) names its version, may take rules away, change what a rule says, and add rules whose
conditions compare evidence columns with values. Example:

    version = "2026.11.1+cautious"
    without = ["http.another_page"]

    [state]
    "tcp.timeout" = "impaired"

    [[rule]]
    id = "local.our_page"
    layer = "http"
    state = "blocked"
    mechanism = "http.blockpage"
    when = [{ column = "http_title", is = "contains", value = "blacklist" }]
    sentence = "The operator's own block page came."
    why = "the page says so"
    source = "our lawyers"
"""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec

from banwatch.judge.rules.parts.rule import Rule
from banwatch.judge.rules.table import RULES, RULESET
from banwatch.judge.verdicts import judge
from banwatch.model.errors import WireError
from banwatch.model.evidence import Evidence
from banwatch.model.ids import RuleId
from banwatch.model.mechanism import NODES
from banwatch.model.nettest import NettestKind
from banwatch.model.state import Layer, State
from banwatch.model.verdict import Verdict

MAX_RULESET_BYTES = 1024 * 1024
_COLUMNS = frozenset(Evidence.__struct_fields__)

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A table and its version."""

    version: str
    rules: tuple[Rule, ...]

    def judge(self, evidence: Evidence) -> Verdict:
        """Judge by this table."""
        return judge(evidence, self.rules, self.version)


CURRENT = Ruleset(RULESET, RULES)


class Comparison(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Comparison of a column with a value; a column that is null compares as false."""

    column: str
    comparison: Literal["==", "!=", ">", ">=", "<", "<=", "contains", "null", "not null"] = msgspec.field(
        name="is"
    )
    value: Value = False


class _WireRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    layer: Layer
    state: State
    when: list[Comparison]
    sentence: str
    why: str
    source: str
    pitfall: str = ""
    mechanism: str = ""
    kinds: list[NettestKind] = msgspec.field(default_factory=lambda: [NettestKind.WEB])
    vetoes: bool = False


class _WireRuleset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: str
    without: list[str] = []
    state: dict[str, State] = {}
    rule: list[_WireRule] = []


def parse_ruleset_untrusted(text: bytes) -> Ruleset:
    """Parse a ruleset file.

    Raises:
        WireError: no TOML, an unknown key, rule, column or mechanism, or the version of our own table.
    """
    if len(text) > MAX_RULESET_BYTES:
        raise WireError(f"a ruleset of {len(text)} bytes is larger than {MAX_RULESET_BYTES}")
    try:
        wire = msgspec.convert(tomllib.loads(text.decode("utf-8")), _WireRuleset)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise WireError(f"no ruleset: {error}") from None
    if wire.version in ("", RULESET):
        raise WireError(f"a ruleset needs a version of its own, other than {RULESET!r}")
    existing = {str(rule.id) for rule in RULES}
    for name in (*wire.without, *wire.state):
        if name not in existing:
            raise WireError(f"there is no rule {name!r}")
    kept = [rule for rule in RULES if rule.id not in wire.without]
    changed = [replace(rule, state=wire.state.get(str(rule.id), rule.state)) for rule in kept]
    added = [_to_rule(rule, existing) for rule in wire.rule]
    ids = [rule.id for rule in added]
    if len(set(ids)) < len(ids):
        raise WireError("two added rules have the same id")
    return Ruleset(wire.version, (*added, *changed))


def _to_rule(wire: _WireRule, existing: set[str]) -> Rule:
    if wire.id in existing:
        raise WireError(f"rule {wire.id!r} exists already: an id is never given a new meaning")
    if wire.mechanism and wire.mechanism not in NODES:
        raise WireError(f"rule {wire.id!r}: there is no mechanism {wire.mechanism!r}")
    if not wire.when:
        raise WireError(f"rule {wire.id!r} has no condition")
    for comparison in wire.when:
        if comparison.column not in _COLUMNS:
            raise WireError(f"rule {wire.id!r}: there is no evidence column {comparison.column!r}")
    named = (wire.mechanism,) if wire.mechanism else ()
    return Rule(
        id=RuleId(wire.id),
        layer=wire.layer,
        kinds=frozenset(wire.kinds),
        condition=" and ".join(f"{c.column} {c.comparison} {c.value!r}" for c in wire.when),
        holds=_to_condition(wire.when),
        state=wire.state,
        mechanism=wire.mechanism,
        mechanisms=lambda e: named,
        why=wire.why,
        source=wire.source,
        pitfall=wire.pitfall,
        sentence=lambda e: wire.sentence,
        vetoes=wire.vetoes,
    )


def _to_condition(comparisons: Sequence[Comparison]) -> Callable[[Evidence], bool]:
    return lambda e: all(_holds(getattr(e, c.column), c) for c in comparisons)


def _holds(found: Any, wanted: Comparison) -> bool:
    if wanted.comparison == "null":
        return found is None
    if wanted.comparison == "not null":
        return found is not None
    if found is None:
        return False
    if wanted.comparison == "contains":
        return str(wanted.value) in found if isinstance(found, str | tuple) else False
    if wanted.comparison == "==":
        return bool(found == wanted.value)
    if wanted.comparison == "!=":
        return bool(found != wanted.value)
    if not isinstance(found, int | float) or not isinstance(wanted.value, int | float):
        return False
    match wanted.comparison:
        case ">":
            return found > wanted.value
        case ">=":
            return found >= wanted.value
        case "<":
            return found < wanted.value
        case _:
            return found <= wanted.value
