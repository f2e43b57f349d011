"""Rhythm: hours that answered, hours in the dark, and the evidence of silence against both."""

import numpy as np

from banwatch.detect import fold
from banwatch.detect.shutdowns.rhythm import (
    Silence,
    absence,
    missed_by,
    rhythm_of,
    silences,
)
from banwatch.detect.votes.series import hour_number
from banwatch.model.cell import Cell
from banwatch.model.state import State
from tests.detect.making import START, hours, verdict

DAYS = 21
DARK = range(14 * 24, 15 * 24)


def _cells(testified: bool = False) -> tuple[Cell, ...]:
    rows = []
    for hour in range(DAYS * 24):
        for name in ("a", "b"):
            if hour not in DARK:
                rows.append(verdict(START + hours(hour), State.OK, probe=name, report=f"{name}{hour}"))
            elif testified and hour % 4 == 0:
                rows += [
                    verdict(
                        START + hours(hour),
                        State.OK,
                        target=t,
                        probe=name,
                        report=f"{name}{hour}",
                        silent=True,
                    )
                    for t in ("youtube.com", "twitter.com")
                ]
    return fold(rows)


def _heaviest(cells: tuple[Cell, ...]) -> Silence:
    end = hour_number(START) + DAYS * 24 - 1
    rhythm = rhythm_of(cells, end)
    assert rhythm is not None
    nats = absence(rhythm, end)
    assert nats is not None
    return max(silences(rhythm, nats), key=lambda silence: silence.nats)


def test_the_day_without_answers_is_the_heaviest_silence() -> None:
    found = _heaviest(_cells())
    assert (found.first, found.last) == (DARK[0], DARK[-1])
    assert found.testimony == 0


def test_testimony_adds_at_most_as_much_as_absence() -> None:
    plain, testified = _heaviest(_cells()), _heaviest(_cells(testified=True))
    assert testified.testimony > 0
    assert plain.nats < testified.nats <= 2 * plain.nats + 1e-6


def test_a_network_measured_in_few_hours_has_no_rhythm() -> None:
    cells = fold(verdict(START + hours(24 * day), State.OK, probe="a") for day in range(DAYS))
    end = hour_number(START) + DAYS * 24 - 1
    rhythm = rhythm_of(cells, end)
    assert rhythm is not None
    assert absence(rhythm, end) is None


def test_the_edge_is_where_absence_adds_up() -> None:
    nats = np.array([1.0, 1.0, 1.0, 1.0])
    assert missed_by(nats, range(4), 0) == 2
    assert missed_by(nats[:2], range(2), 7) == 7
