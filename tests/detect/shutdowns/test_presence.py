"""Presence of voices: who was there shortly before and after a silence is missed in it."""

import numpy as np
import pytest
from msgspec.structs import replace

from banwatch.detect import fold
from banwatch.detect.shutdowns.chance import shifted_presence
from banwatch.detect.shutdowns.presence import Presence, Voices, constant_voices
from banwatch.detect.shutdowns.rhythm import rhythm_of
from banwatch.detect.shutdowns.settle import find_shutdowns
from banwatch.detect.votes.series import hour_number
from banwatch.model.receipt import SourceClass
from banwatch.model.state import State
from tests.detect.making import START, hours, verdict

HOURS = 8 * 168
DARK = slice(700, 724)


def _heard(there: np.ndarray, seed: int = 1) -> np.ndarray:
    """Voices that are heard in one hour of six while they are there."""
    return np.asarray(there & (np.random.default_rng(seed).random(there.shape) < 1 / 6))


def _spells(seed: int, voices: int = 12) -> np.ndarray:
    """Spells of four days, of which a voice is there in half."""
    rng = np.random.default_rng(seed)
    return np.repeat(rng.random((voices, HOURS // 96)) < 0.5, 96, axis=1)


def test_a_day_is_missed_by_the_voices_that_were_there_and_not_by_those_that_were_away() -> None:
    there = _spells(2)
    there[:, 672:768] = False
    few, many = there.copy(), there.copy()
    few[:2, 672:768], many[:10, 672:768] = True, True
    weights = []
    for spells in (few, many):
        heard = _heard(spells)
        heard[:, DARK] = False
        law = Presence.of(heard, np.ones(HOURS))
        weights.append(float(law.weights(heard, [(DARK.start, DARK.stop - 1)])[0]))
    assert 0 < weights[0] < 12
    assert weights[1] > weights[0] + 10


def test_a_night_in_which_nobody_measures_is_no_time() -> None:
    day = np.arange(HOURS) % 24 >= 8
    heard = _heard(np.broadcast_to(day, (8, HOURS)).copy())
    law = Presence.of(heard, np.where(day, 1.0, 0.0))
    night, noon = 24 * 20, 24 * 20 + 10
    heard[:, noon : noon + 8] = False
    assert law.weights(heard, [(night, night + 7)])[0] == pytest.approx(0, abs=0.01)
    assert law.weights(heard, [(noon, noon + 7)])[0] > 5


def test_who_is_heard_within_a_silence_takes_away_and_an_empty_list_has_no_weight() -> None:
    heard = _heard(np.ones((8, HOURS), np.bool_))
    law = Presence.of(heard, np.ones(HOURS))
    heard[:, DARK] = False
    alone = law.weights(heard, [(DARK.start, DARK.stop - 1)])[0]
    heard[3, 710] = True
    assert law.weights(heard, [(DARK.start, DARK.stop - 1)])[0] < alone - 3
    assert len(law.weights(heard, [])) == 0


def test_by_chance_a_silence_is_as_common_as_in_copies_shifted_by_weeks() -> None:
    heard = _heard(_spells(3))
    law = Presence.of(heard, np.ones(HOURS))
    nobody = np.zeros(HOURS, np.bool_)
    voices = Voices(heard, tuple(range(len(heard))), nobody, heard.sum(axis=0) > 0)
    tail = shifted_presence(voices, law, np.ones(HOURS), [], apart=True)
    assert tail is not None
    assert tail.expected(25.0) < 0.01 < tail.expected(3.0)
    assert shifted_presence(voices, law, np.ones(300), [], apart=True) is None
    assert (
        shifted_presence(
            Voices(heard, (1,) * 12, nobody, heard.sum(axis=0) > 0), law, np.ones(HOURS), [], apart=False
        )
        is None
    )


def test_voices_that_never_come_back_have_no_gaps() -> None:
    rows = [verdict(START + hours(n), State.OK, report=f"r{n}") for n in range(200)]
    rhythm = rhythm_of(fold(rows), hour_number(START + hours(199)))
    assert rhythm is not None
    assert constant_voices(rhythm) is None


def _countries(silent: range, source: SourceClass, others: tuple[str, ...] = ("BB", "CC")) -> int:
    """Number of shutdowns found where one country is silent for some hours and others go on."""
    rows = [
        replace(verdict(START + hours(hour), State.OK, cc=cc, probe=f"{cc}{name}"), source_class=source)
        for cc in ("AA", *others)
        for hour in range(0, 28 * 24, 2)
        for name in ("a", "b", "c")
        if cc != "AA" or hour not in silent
    ]
    return len(find_shutdowns(fold(rows), START + hours(28 * 24 - 1)))


def test_whole_days_without_a_country_are_a_shutdown_where_we_received_the_others() -> None:
    days = range(20 * 24, 22 * 24)
    assert _countries(days, SourceClass.OWN) == 1
    assert _countries(days, SourceClass.OONI) == 0  # a mirror has a file for each country and day
    assert _countries(days, SourceClass.OWN, others=()) == 0  # the collector may have been down
    assert _countries(range(20 * 24 + 6, 22 * 24 + 6), SourceClass.OONI) == 1
