"""Measurements whose condition is known, from ../shared/data: each judged right. Prints the table with `-s`.

The rules are not made from these: they stand for the real ones that nobody has seen.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from banwatch.model.mechanism import hierarchical_overlap
from banwatch.model.verdict import Verdict
from tests.judge.judging import judge_line

DATA = Path(__file__).parents[3] / "shared" / "data" / "webconnectivity"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the measurements lie outside the repository")

Case = tuple[dict[str, Any], Verdict]


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    found: list[Case] = []
    for name in ("emulated", "real"):
        lines = (DATA / f"{name}.jsonl").read_bytes().splitlines()
        truths = (DATA / f"{name}.truth.jsonl").read_text(encoding="utf-8").splitlines()
        found.extend((json.loads(truth), judge_line(line)) for line, truth in zip(lines, truths, strict=True))
    return found


def test_every_state_is_right(cases: list[Case]) -> None:
    for truth, verdict in cases:
        right = "right" if verdict.state in truth["states"] else "WRONG"
        named = ", ".join(verdict.mechanisms)
        print(f"{right} {truth['case']:58} {verdict.state:14} {named:28} {verdict.rules[0]}")
    wrong = [truth["case"] for truth, verdict in cases if verdict.state not in truth["states"]]
    assert len(cases) == 30
    assert wrong == []


def test_every_mechanism_named_is_true(cases: list[Case]) -> None:
    """Hierarchical precision 1.0: nothing is named beside the path of a true one."""
    for truth, verdict in cases:
        if truth["mechanisms"]:
            true = {*truth["mechanisms"], *truth["also"]}
            below = [m for m in verdict.mechanisms if any(m.startswith(f"{t}.") for t in true)]
            both, named, _ = hierarchical_overlap(verdict.mechanisms, [*true, *below])
            assert both == named, (truth["case"], verdict.mechanisms)


def test_every_true_mechanism_is_found(cases: list[Case]) -> None:
    """Down to the layer and action, of each mechanism that the truth names."""
    for truth, verdict in cases:
        for mechanism in truth["mechanisms"]:
            action = ".".join(mechanism.split(".")[:2])
            named = [m for m in verdict.mechanisms if m == action or m.startswith(f"{action}.")]
            assert named, (truth["case"], verdict.mechanisms)


def test_identifiers_and_inputs_are_kept(cases: list[Case]) -> None:
    for truth, verdict in cases:
        assert verdict.measurement_uid == truth["measurement_uid"]
        assert verdict.input == truth["input"]
