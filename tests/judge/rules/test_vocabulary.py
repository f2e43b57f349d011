"""Words that rules compare with are members of an enum: a typo cannot switch a rule off."""

import ast
from enum import StrEnum
from pathlib import Path

import pytest

import banwatch.judge
from banwatch.judge import RULES
from banwatch.model.fate import Ending, Fate, fate_of
from banwatch.model.follow_up import FollowUp
from banwatch.model.nettest import KINDS, NettestKind
from banwatch.model.observation import Step
from banwatch.model.path import LocatedStep, PathPosition, ThrottleKind

MODULES = sorted(Path(banwatch.judge.__file__).parent.rglob("*.py"))
OPEN_WORDS = {
    "tcp": "an engine of lookups: OONI's list of engines is open",
    "udp": "an engine of lookups",
    "other": "a leaf of the taxonomy of mechanisms",
    "server": "a header's name",
    "network.silent": "a rule's id",
    "__main__": "Python's own",
    "contains": "a comparison in a file of rules, as are the next two",
    "null": "",
    "not null": "",
}
"""Words that code compares with and that no enum of `model` holds, each with the reason."""


def compared_words(module: Path) -> set[str]:
    """Return the words written out where values are compared or looked up in a set."""
    words = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
            parts += [one for part in parts if isinstance(part, ast.Tuple | ast.Set) for one in part.elts]
            words |= {
                one.value for one in parts if isinstance(one, ast.Constant) and isinstance(one.value, str)
            }
    return {word for word in words if any(letter.isascii() and letter.isalpha() for letter in word)}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_no_condition_compares_with_a_word_written_out(module: Path) -> None:
    assert compared_words(module) <= set(OPEN_WORDS)


def test_what_is_compared_is_found(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('seen.follow_up == "retri"\nkind in ("wep", other)\n', encoding="utf-8")
    assert compared_words(module) == {"retri", "wep"}


def test_every_rule_is_for_kinds_that_a_nettest_can_have() -> None:
    assert {kind for rule in RULES for kind in rule.kinds} <= set(KINDS.values()) | {NettestKind.OTHER}
    assert all(isinstance(kind, NettestKind) for rule in RULES for kind in rule.kinds)


def test_every_way_a_connection_ends_has_its_fate() -> None:
    for step in set(Step) - {Step.DNS}:
        for ending in Ending:
            assert Fate(f"{step}.{ending}")
        assert fate_of(step, "connection_reset") == f"{step}.reset"


@pytest.mark.parametrize(
    "words", [Ending, Fate, FollowUp, LocatedStep, NettestKind, PathPosition, ThrottleKind]
)
def test_a_word_is_spelled_like_its_name(words: type[StrEnum]) -> None:
    for word in words:
        assert word.value.upper().replace(".", "_").replace("-", "_") == word.name
