"""Votes: one voice has one vote an hour, and no more weight in a day than the median voice."""

from banwatch.detect import fold
from banwatch.detect.votes.voice_days import voice_days
from banwatch.detect.votes.voices import ballots, main_accuser, vouched_span, without
from banwatch.model.state import State
from tests.detect.making import START, hours, verdict

OK, BLOCKED = State.OK, State.LIKELY_BLOCKED


def test_a_voice_that_measures_often_has_one_vote_an_hour() -> None:
    rows = [verdict(START, BLOCKED, probe="a", report="ra", serial=n) for n in range(50)]
    rows.append(verdict(START, OK, probe="b", report="rb"))
    (ballot,) = ballots(fold(rows))
    assert (ballot.accusing, ballot.informative) == (1.0, 2.0)


def test_a_voice_in_many_hours_of_a_day_weighs_as_the_median_voice() -> None:
    rows = [verdict(START + hours(n), BLOCKED, probe="a", report="ra") for n in range(10)]
    rows += [verdict(START + hours(n), OK, probe=name, report=name) for n, name in enumerate("bc")]
    counted = ballots(fold(rows))
    assert round(sum(one.accusing for one in counted), 6) == 1.0
    assert round(sum(one.informative for one in counted), 6) == 3.0


def test_span_is_what_two_voices_vouch_for() -> None:
    rows = [
        verdict(START + hours(h), OK, probe=name, report=name) for h, name in ((0, "a"), (5, "b"), (9, "a"))
    ]
    rows.append(verdict(START + hours(7), OK, probe="b", report="b"))
    assert vouched_span(fold(rows)) == (START + hours(5), START + hours(7))


def test_a_voice_left_out_takes_its_cells_and_its_side_along() -> None:
    rows = [
        verdict(START, BLOCKED, probe="a", report="ra"),
        verdict(START, OK, probe="b", report="rb"),
        verdict(START + hours(1), BLOCKED, probe="a", report="ra"),
    ]
    cells = fold(rows)
    assert main_accuser(cells) == ("a", 1)
    (left,) = without(cells, "a")
    assert (left.likely_blocked, left.ok, left.accusers, left.absolvers) == (0, 1, (), ("b",))


def test_a_voices_day_is_the_mean_of_its_votes() -> None:
    rows = [verdict(START + hours(n), state, probe="a", report="ra") for n, state in enumerate((BLOCKED, OK))]
    assert voice_days(fold(rows), 1.0, 0.0) == {("a", START.date()): 0.5}
