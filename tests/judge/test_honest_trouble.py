"""Ten thousand measurements in which nobody interferes: nobody is accused."""

from collections import Counter
from random import Random

from banwatch.model.state import State
from tests.judge.honest_trouble import TROUBLES, generate
from tests.judge.judging import judge_line

COUNT = 10_000
LIKELY_SHARE = 0.001


def test_accuses_nobody_of_honest_trouble() -> None:
    rng = Random(2016)
    states: Counter[State] = Counter()
    seen: Counter[str] = Counter()
    accused = []
    for number in range(COUNT):
        names, scenario = generate(rng)
        verdict = judge_line(scenario.to_line(uid=f"honest-{number}"))
        states[verdict.state] += 1
        seen.update(names)
        if verdict.state.accuses:
            accused.append((number, names, verdict.state, verdict.rules))
    assert states[State.BLOCKED] == 0, accused[:5]
    assert states[State.LIKELY_BLOCKED] < COUNT * LIKELY_SHARE, accused[:5]
    assert states[State.TAMPERED] == 0, accused[:5]
    assert set(seen) == {trouble.name for trouble in TROUBLES}
    assert min(states[state] for state in (State.OK, State.DOWN, State.IMPAIRED, State.INSUFFICIENT)) > 500


def test_generator_gives_the_same_again() -> None:
    first = [generate(Random(7))[1].to_line() for _ in range(3)]
    assert first == [generate(Random(7))[1].to_line() for _ in range(3)]
