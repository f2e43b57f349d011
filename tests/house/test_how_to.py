"""The how-tos can be followed, step by step, in a copy of the tree."""

from pathlib import Path

import pytest

from banwatch.lab.machine.doctor import doctor
from tests.house.source_tree import ROOT
from tests.house.walkthrough import copy_tree, follow, make_programs

_LEFT_OUT = frozenset() if all(check.ok for check in doctor() if check.needed) else frozenset({"lab"})
HOW_TOS = sorted((ROOT / "docs/how-to").glob("*.md"))
_SHORT = frozenset({"add-a-ban"})
"""How-tos that take less than ten seconds: the others run tests of a lab, of pages, of two engines."""


@pytest.mark.timeout(300)  # it copies a tree and starts several programs
@pytest.mark.parametrize(
    "document",
    [pytest.param(path, marks=[] if path.stem in _SHORT else [pytest.mark.slow]) for path in HOW_TOS],
    ids=[path.stem for path in HOW_TOS],
)
def test_a_how_to_can_be_followed(document: Path, tmp_path: Path) -> None:
    copy_tree(tmp_path)
    environment = make_programs(tmp_path, tmp_path / "src")
    assert follow(document, tmp_path, environment, leave_out=_LEFT_OUT) > 0
