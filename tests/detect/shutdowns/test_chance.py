"""Chance of a silence: tails of silences, and weeks shifted against each other."""

from math import exp

import numpy as np
import pytest

from banwatch.detect.shutdowns.chance import Hours, Tail, shifted_tail, tail_of, weights_of
from banwatch.detect.shutdowns.edges import confidence_of

HOURS = 12 * 168


def test_a_tail_counts_what_it_has_and_goes_on_beyond() -> None:
    tail = tail_of([float(n) for n in range(1, 41)], HOURS)
    assert tail.expected(36.0) == 5
    assert tail.expected(20.0) == 21
    beyond = [tail.expected(nats) for nats in (40.0, 60.0, 80.0)]
    assert 5 > beyond[0] > beyond[1] > beyond[2] > 0


def test_without_ordinary_silences_each_hour_stands_for_itself() -> None:
    assert Tail((9.0,), 1, HOURS).expected(20.0) == pytest.approx(HOURS * exp(-20))


def test_a_few_shutdowns_do_not_make_the_tail_longer() -> None:
    usual = [0.1 * n for n in range(1, 60)]
    assert tail_of([*usual, 300.0, 310.0, 320.0], HOURS).expected(40.0) < 0.01


def test_silences_of_networks_that_come_and_go_are_common_by_chance() -> None:
    rng = np.random.default_rng(1)
    nats = np.full(HOURS, 0.7)
    there = np.repeat(rng.random((3, HOURS // 24)) < 0.5, 24, axis=1)
    idle = [there[n] & (rng.random(HOURS) < 0.5) for n in range(3)]
    busy = [rng.random(HOURS) < 0.25 for _ in range(3)]
    come_and_go, steady = (shifted_tail(parts, nats, []) for parts in (idle, busy))
    assert come_and_go is not None
    assert steady is not None
    assert come_and_go.expected(30 * 0.7) > 100 * steady.expected(30 * 0.7)


def test_one_part_or_a_few_weeks_are_not_shifted() -> None:
    assert shifted_tail([np.ones(HOURS, np.bool_)], np.ones(HOURS), []) is None
    assert shifted_tail([np.ones(300, np.bool_)] * 2, np.ones(300), []) is None


def test_a_silence_while_few_are_there_weighs_less() -> None:
    live = np.ones(HOURS, np.bool_)
    live[1000:1024] = False
    idle = live.copy()
    idle[900:1124] &= np.arange(224) % 4 == 0
    nats = np.full(HOURS, 1.0)
    assert Hours.of(nats, idle).liveliness(1000, 1023) < Hours.of(nats, live).liveliness(1000, 1023)
    (weight,) = (one for one in weights_of(live.astype(np.int64), nats) if one > 10)
    assert 24 <= weight <= 48


def test_confidence_is_not_high_where_nothing_was_measured() -> None:
    assert confidence_of(1e-12, 0.0, measured=False) == 0.75
    assert confidence_of(1e-12, 9.0, measured=True) > 0.99
    assert confidence_of(0.01, 0.0, measured=False) == 0.5
