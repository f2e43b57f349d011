"""One voice, whatever it says and however often, neither makes nor unmakes an incident."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banwatch.detect import find_changes, fold, group
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.detect.making import START, hours, verdict

BEGINS, ENDS = 200.0, 340.0
WHO = ("probes", "reports", "nobody")
"""What honest rows say of who measured: a probe, a report each run, or nothing at all."""


def _honest(who: str, *, blocked: bool = False, dark: bool = False, every_h: float = 1.0) -> list[Verdict]:
    rng = Random(5)
    rows: list[Verdict] = []
    at = 0.0
    while at < 500:
        at += rng.uniform(0.5, 1.5) * every_h
        if dark and BEGINS <= at < ENDS:
            continue
        target = rng.choice(("youtube.com", "wikipedia.org"))
        hit = blocked and target == "youtube.com" and BEGINS <= at < ENDS
        rows.append(
            verdict(
                START + hours(at),
                State.LIKELY_BLOCKED if hit or rng.random() < 0.01 else State.OK,
                target=target,
                probe=f"p{rng.randrange(4)}" if who == "probes" else "",
                report="" if who == "nobody" else None,
                serial=len(rows),
            )
        )
    return rows


def _forged(
    states: list[State], *, by: str, count: int, from_h: float, to_h: float, target: str
) -> list[Verdict]:
    return [
        verdict(
            START + hours(from_h + (to_h - from_h) * number / count),
            states[number % len(states)],
            target=target,
            probe="forger" if by == "probe" else (f"p{number}" if by == "report and many probes" else ""),
            report="" if by == "probe" else "forged",
            silent=states[number % len(states)] is State.INSUFFICIENT,
            serial=10_000 + number,
        )
        for number in range(count)
    ]


def _incidents(rows: list[Verdict]) -> tuple[Incident, ...]:
    cells = fold(rows)
    return group(find_changes(cells), cells)


HONEST = {
    (who, what): _honest(who, blocked=what == "blocked", dark=what == "dark")
    for who in WHO
    for what in ("quiet", "blocked", "dark")
}
_FLOODS = {
    "by": st.sampled_from(["probe", "report", "report and many probes"]),
    "count": st.sampled_from([1, 3, 40, 1_500]),
    "from_h": st.floats(0, 480),
    "length_h": st.floats(0.5, 500),
    "target": st.sampled_from(["youtube.com", "wikipedia.org", "new.example"]),
}


@pytest.mark.parametrize("who", WHO)
@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    states=st.lists(
        st.sampled_from([State.BLOCKED, State.TAMPERED, State.OK, State.INSUFFICIENT, State.DOWN]),
        min_size=1,
        max_size=3,
    ),
    **_FLOODS,
)
def test_nothing_comes_of_one_voice(
    who: str, states: list[State], by: str, count: int, from_h: float, length_h: float, target: str
) -> None:
    forged = _forged(states, by=by, count=count, from_h=from_h, to_h=from_h + length_h, target=target)
    assert _incidents([*HONEST[who, "quiet"], *forged]) == ()


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("what", ["blocked", "dark"])
@settings(max_examples=8, deadline=None, derandomize=True)
@given(state=st.sampled_from([State.OK, State.BLOCKED, State.DOWN, State.IMPAIRED]), **_FLOODS)
def test_nothing_goes_by_one_voice(
    who: str, what: str, state: State, by: str, count: int, from_h: float, length_h: float, target: str
) -> None:
    if what == "dark" and not (state.accuses or state is State.OK):
        state = State.OK  # cells do not say who it was that merely failed: docs/limits.md
    forged = _forged([state], by=by, count=count, from_h=from_h, to_h=from_h + length_h, target=target)
    (found,) = _incidents([*HONEST[who, what], *forged])
    assert found.kind is (IncidentKind.BLOCKING if what == "blocked" else IncidentKind.SHUTDOWN)
    # who was there all along may be the last one heard: then it ended when they fell silent too
    late = hours(24) if what == "blocked" else hours(ENDS - BEGINS)
    assert found.onset_earliest <= START + hours(BEGINS) + late
    assert found.onset_latest >= START + hours(BEGINS - 24)


def test_rows_that_name_nobody_are_voices_of_their_own() -> None:
    """What no column tells apart cannot be told apart: it is documented, and two rows then suffice."""
    rows = [verdict(START + hours(n), State.OK, report="", serial=n) for n in range(100)]
    rows += [verdict(START + hours(100 + n), State.BLOCKED, report="", serial=200 + n) for n in range(3)]
    assert len(_incidents(rows)) == 1
