"""Mutated measurements: no exception, and no verdict that says more than the unmutated one's.

The suite tries a sample; `.venv/bin/python -m tests.judge.test_mutations 100000` tries as many as one likes.
"""

import sys
from collections import Counter
from random import Random

import pytest

from banwatch.model.errors import WireError
from banwatch.model.state import State
from tests.judge.judging import judge_line
from tests.judge.mutating import mutate
from tests.judge.nettest_lines import line
from tests.judge.scenario import Scenario
from tests.judge.test_nettests import CASES
from tests.judge.test_scenarios import CENSORED, HONEST

SAMPLE = 4_000
_SAVED_BY_ONE_FACT = (
    "one packet lost",
    "through a VPN",
    "page made anew",
    "a file made anew",
    "telegram web lost once",
    "headers kept",
    "tor, network gone",
)
"""Scenarios in which one fact alone (a second try, a mark, the server's name) absolves: nobody could know
better without it."""
_STRENGTH = {State.BLOCKED: 3, State.LIKELY_BLOCKED: 2, State.TAMPERED: 1}


def seeds() -> list[bytes]:
    """Lines to mutate: of honest trouble and good days, of censors, and of every nettest."""
    good = [Scenario(), Scenario(scheme="http"), Scenario(version="0.4.3")]
    lines = [scenario.to_line() for scenario in good]
    kept = {name: case for name, case in HONEST.items() if name not in _SAVED_BY_ONE_FACT}
    lines += [scenario.to_line() for scenario, _ in (*CENSORED.values(), *kept.values())]
    cases = {name: case for name, case in CASES.items() if name not in _SAVED_BY_ONE_FACT}
    return lines + [line(name, keys, measured) for name, keys, measured, *_ in cases.values()]


def try_mutations(count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Mutate and judge; tallies, and what went wrong."""
    rng = Random(seed)
    lines = seeds()
    before = [judge_line(one) for one in lines]
    tally: Counter[str] = Counter()
    wrong: list[str] = []
    for number in range(count):
        chosen = rng.randrange(len(lines))
        kind, mutated = mutate(lines[chosen], rng)
        try:
            verdict = judge_line(mutated)
        except WireError:
            tally["quarantined"] += 1
            continue
        except Exception as error:
            wrong.append(f"{number} {kind}: {type(error).__name__}: {error}")
            continue
        tally[verdict.state] += 1
        old = before[chosen]
        if kind == "swap":
            continue  # two facts exchanged are other facts: a forgery that only many other voices outweigh
        if _STRENGTH.get(verdict.state, 0) > _STRENGTH.get(old.state, 0):
            wrong.append(f"{number} {kind}: {old.state} {old.rules} became {verdict.state} {verdict.rules}")
    return tally, wrong


@pytest.mark.parametrize("seed", [1, 2])
def test_mutations_neither_break_nor_strengthen(seed: int) -> None:
    tally, wrong = try_mutations(SAMPLE // 2, seed)
    assert not wrong, wrong[:10]
    assert tally["quarantined"] > SAMPLE // 50


if __name__ == "__main__":
    found, problems = try_mutations(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, seed=2016)
    print(dict(found))
    print(f"{len(problems)} problems", *problems[:40], sep="\n")
    sys.exit(1 if problems else 0)
