"""Words: intervals, counts, shares and dates are as exact as their values, and no more."""

from datetime import UTC, date, datetime

import pytest

from banwatch.model.mechanism import NODES
from banwatch.pages.wording import words


def at(month: int, day: int, hour: int = 0, year: int = 2016) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("earliest", "latest", "said"),
    [
        (at(4, 1), at(4, 1, 6), "1 April 2016"),
        (at(3, 31, 18), at(4, 1), "31 March or 1 April 2016"),
        (at(4, 1), at(4, 2), "1 or 2 April 2016"),
        (at(12, 31, year=2015), at(1, 1), "31 December 2015 or 1 January 2016"),
        (at(4, 1), at(4, 5), "a day between 1 April 2016 and 5 April 2016"),
    ],
)
def test_intervals(earliest: datetime, latest: datetime, said: str) -> None:
    assert words.between_days(earliest.date(), latest.date()) == said


def test_every_mechanism_has_words() -> None:
    for node in NODES:
        assert "." not in words.mechanism(node), node
        assert "." not in words.mechanism_briefly(node), node


def test_an_unknown_mechanism_is_its_ancestor() -> None:
    assert words.mechanism("tcp.reset.new") == words.mechanism("tcp.reset")
    assert words.mechanism("new.thing") == "new.thing"


@pytest.mark.parametrize(
    ("count", "said"), [(0, "no sites"), (1, "one site"), (2, "two sites"), (1234, "1,234 sites")]
)
def test_counts(count: int, said: str) -> None:
    assert words.counted(count, "site") == said


@pytest.mark.parametrize(
    ("share", "said"), [(1.0, "100 %"), (0.9999, "99.9 %"), (0.5, "50 %"), (0.001, "under 1 %"), (0.0, "0 %")]
)
def test_shares_never_round_to_certainty(share: float, said: str) -> None:
    assert words.percent(share) == said


def test_dates_are_as_exact_as_they_are_known() -> None:
    day = date(2016, 4, 1)
    assert [words.dated(day, p) for p in ("day", "month", "year")] == ["1 April 2016", "April 2016", "2016"]
    assert words.dated(None, "day") == "undated"


def test_what_cannot_be_seen_is_spelled_out() -> None:
    assert words.visible("a\u202eb\x00c\u200bd") == "a\\u202eb\\u0000c\\u200bd"
    assert words.visible("\ud800x") == "?x"
    assert len(words.visible("y" * 1000)) == 400
    assert words.visible_lines("a\n\tb\u202e") == "a\n\tb\\u202e"
