"""A silence that lasts to the end of a store is told where other countries were heard to its end."""

from collections.abc import Iterator, Mapping

from banwatch.detect import find_changes, fold
from banwatch.model.cell import Cell
from banwatch.model.incident import Change, IncidentKind
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.detect.making import START, hours, verdict

DAYS = 22
DARK = DAYS * 24 - 50


def measured(last: Mapping[str, float]) -> Iterator[Verdict]:
    """Countries with two networks of three probes, heard every third hour up to an hour each."""
    for country, until in last.items():
        for hour in range(0, int(until), 3):
            for number in range(2):
                yield verdict(
                    START + hours(hour + 0.3),
                    State.OK,
                    cc=country,
                    asn=64512 + 10 * (ord(country[0]) - ord("A")) + number,
                    probe=f"{country}{number}-{hour // 3 % 3}",
                )


def shutdowns(cells: tuple[Cell, ...], *, continues: bool) -> list[Change]:
    found = find_changes(cells, continues=continues)
    return [one for one in found if one.kind is IncidentKind.SHUTDOWN]


def test_a_country_that_fell_silent_while_others_go_on_is_told_before_it_is_back() -> None:
    end = DAYS * 24
    cells = fold(measured({"AA": DARK, "BB": end, "CC": end}))
    found = shutdowns(cells, continues=True)
    assert {(one.probe_cc, one.end_latest) for one in found} == {("AA", None)}
    assert all(one.confidence <= 0.75 for one in found)
    assert shutdowns(cells, continues=False) == []  # a table of others may end for a country


def test_where_few_others_are_heard_or_all_stop_nothing_is_told() -> None:
    end = DAYS * 24
    assert shutdowns(fold(measured({"AA": DARK, "BB": end})), continues=True) == []
    assert shutdowns(fold(measured({"AA": DARK, "BB": DARK, "CC": DARK})), continues=True) == []
    three = dict.fromkeys(("AA", "BB", "CC"), DARK) | dict.fromkeys(("DD", "EE"), end)
    assert shutdowns(fold(measured(three)), continues=True) == []  # a source of several countries is gone


def test_a_few_hours_without_anybody_are_not_told() -> None:
    end = DAYS * 24
    assert shutdowns(fold(measured({"AA": end - 3, "BB": end, "CC": end})), continues=True) == []
