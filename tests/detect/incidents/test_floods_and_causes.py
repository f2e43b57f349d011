"""What must make no incident, and what must not unmake one."""

from random import Random

import pytest

from banwatch.detect import find_changes, fold, group
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.detect.making import START, hours, verdict

WEEKS = 4
BEGINS, ENDS = 300.0, 400.0


def _rows(
    *,
    countries: tuple[str, ...] = ("KP",),
    blocked_in: frozenset[str] = frozenset(),
    dark: bool = False,
    probes: int = 3,
    every_h: float = 0.5,
) -> list[Verdict]:
    """Probes on one network a country take turns on two targets; youtube.com may be blocked for a while."""
    rng = Random(1)
    rows = []
    for place, cc in enumerate(countries):
        at = 0.0
        while at < WEEKS * 168:
            at += rng.uniform(0.5, 1.5) * every_h
            if dark and BEGINS <= at < ENDS:
                continue
            target = rng.choice(("youtube.com", "wikipedia.org"))
            hit = cc in blocked_in and target == "youtube.com" and BEGINS <= at < ENDS
            rows.append(
                verdict(
                    START + hours(at),
                    State.LIKELY_BLOCKED if hit or rng.random() < 0.01 else State.OK,
                    target=target,
                    cc=cc,
                    asn=64512 + place,
                    probe=f"{cc}{rng.randrange(probes)}",
                )
            )
    return rows


def _flood(
    state: State, *, probe: str = "", report: str | None = None, silent: bool = False
) -> list[Verdict]:
    return [
        verdict(
            START + hours(BEGINS - 20 + number / 20),
            state,
            target=("youtube.com", "wikipedia.org")[number % 2] if silent else "youtube.com",
            probe=probe or f"p{number}",
            report=report,
            serial=number,
            silent=silent,
        )
        for number in range(3000)
    ]


def _incidents(rows: list[Verdict]) -> tuple[Incident, ...]:
    cells = fold(rows)
    return group(find_changes(cells), cells)


def test_the_quiet_country_is_quiet() -> None:
    assert _incidents(_rows()) == ()


@pytest.mark.parametrize(
    "flood",
    [
        _flood(State.BLOCKED, probe="forger")[:1],
        _flood(State.BLOCKED, probe="forger"),
        _flood(State.BLOCKED, report="forged"),
        _flood(State.INSUFFICIENT, probe="forger", silent=True),
    ],
    ids=["one", "one probe", "one report", "silent"],
)
def test_one_voice_makes_no_incident_however_loud(flood: list[Verdict]) -> None:
    assert _incidents([*_rows(), *flood]) == ()


def test_one_voice_makes_no_incident_where_nobody_else_measures() -> None:
    rows = [verdict(START + hours(i), State.BLOCKED, probe="lonely") for i in range(500)]
    cells = fold(rows)
    changes = find_changes(cells)
    assert [change.probes for change in changes] == [1]
    assert group(changes, cells) == ()


def test_one_voice_unmakes_no_block() -> None:
    rows = _rows(blocked_in=frozenset({"KP"}))
    (alone,) = _incidents(rows)
    (flooded,) = _incidents([*rows, *_flood(State.OK, probe="forger")])
    assert flooded.targets == alone.targets == ("youtube.com",)
    assert flooded.onset_earliest <= START + hours(BEGINS) <= flooded.onset_latest


def test_one_voice_unmakes_no_shutdown() -> None:
    (flooded,) = _incidents([*_rows(dark=True), *_flood(State.OK, probe="forger")])
    assert flooded.kind is IncidentKind.SHUTDOWN


def test_a_second_voice_makes_the_difference() -> None:
    rows = [verdict(START + hours(i / 2), State.BLOCKED, probe="ab"[i % 2]) for i in range(100)]
    assert len(_incidents(rows)) == 1


def test_a_target_that_fails_in_unrelated_countries_moved_itself() -> None:
    countries = ("KP", "UG", "MM")
    assert _incidents(_rows(countries=countries, blocked_in=frozenset(countries))) == ()
    (only,) = _incidents(_rows(countries=countries, blocked_in=frozenset({"UG"})))
    assert only.probe_cc == "UG"


def test_a_collector_that_is_down_is_no_shutdown() -> None:
    assert _incidents(_rows(countries=("KP", "UG", "MM"), dark=True)) == ()


def test_a_shutdown_and_the_block_after_it_are_two() -> None:
    rng = Random(2)
    rows = []
    for row in _rows(dark=True):
        late = row.measurement_start_time >= START + hours(ENDS)
        state = State.LIKELY_BLOCKED if late and row.target == "youtube.com" else row.state
        rows.append(
            verdict(
                row.measurement_start_time,
                state,
                target=row.target,
                probe=row.probe_id,
                serial=rng.getrandbits(30),
            )
        )
    shutdown, block = sorted(_incidents(rows), key=lambda one: one.kind, reverse=True)
    assert (shutdown.kind, block.kind) == (IncidentKind.SHUTDOWN, IncidentKind.BLOCKING)
    assert block.onset_earliest <= START + hours(ENDS) <= block.onset_latest
    assert block.end_latest is None


@pytest.mark.parametrize("shift_h", [-24 * 365 * 40, -24 * 30, 24 * 3, 24 * 365 * 20])
def test_one_wrong_clock_makes_and_unmakes_nothing(shift_h: float) -> None:
    strays = [
        verdict(START + hours(shift_h + WEEKS * 168 * (shift_h > 0) + i), State.OK, probe="lost")
        for i in range(50)
    ]
    assert _incidents([*_rows(), *strays]) == ()
    (shutdown,) = _incidents([*_rows(dark=True), *strays])
    assert shutdown.kind is IncidentKind.SHUTDOWN
    assert shutdown.onset_earliest <= START + hours(BEGINS) <= shutdown.onset_latest
