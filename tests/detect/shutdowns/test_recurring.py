"""Recurring silences: one incident with its schedule, and none where nobody measures at these hours."""

from datetime import timedelta
from random import Random

from banwatch.detect import find_changes, fold, group
from banwatch.detect.wording.schedule import render_schedule
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.detect.making import START, hours, verdict

DAYS = 56
EXAMS = (30, 32, 34, 37, 39, 41, 44)
BEGINS_H, ENDS_H = 2.0, 6.5


def _rows(seed: int, days: tuple[int, ...], testify: float, *, asleep: bool = False) -> list[Verdict]:
    rng = Random(seed)
    rows: list[Verdict] = []
    for asn in (64512, 64513, 64514):
        for probe in range(5):
            at = 0.0
            while (at := at + rng.expovariate(8 / 24)) < DAYS * 24:
                day, hour = divmod(at, 24)
                if asleep and BEGINS_H <= hour < ENDS_H:
                    continue
                dark = day in days and BEGINS_H <= hour < ENDS_H
                if dark and rng.random() >= testify:
                    continue
                name = f"{asn}p{probe}"
                rows.extend(
                    verdict(
                        START + hours(at + 0.01 * number),
                        State.OK,
                        target=target,
                        cc="SY",
                        asn=asn,
                        probe=name,
                        report=f"{name}{at}",
                        silent=dark,
                    )
                    for number, target in enumerate(("one.org", "two.org"))
                )
    return rows


def _shutdowns(rows: list[Verdict]) -> list[Incident]:
    cells = fold(rows)
    return [one for one in group(find_changes(cells), cells) if one.kind is IncidentKind.SHUTDOWN]


def test_exam_mornings_are_one_incident_with_their_days_and_hours() -> None:
    for testify in (0.0, 0.3):
        (found,) = _shutdowns(_rows(1, EXAMS, testify))
        days = [(START + timedelta(days=day)).strftime("%Y-%m-%d") for day in EXAMS]
        assert [window[:10] for window in found.windows] == days
        begin, end = (text[11:16] for text in found.windows[0].split("/"))
        assert "01:30" <= begin <= "02:30"
        assert "06:15" <= end <= "07:00"
        assert f"on 7 of 15 days between {days[0]} and {days[-1]}" in found.sentence


def test_hours_in_which_nobody_ever_measures_are_no_schedule() -> None:
    assert _shutdowns(_rows(2, (), 0.0, asleep=True)) == []


def test_a_quiet_country_has_no_schedule() -> None:
    assert _shutdowns(_rows(3, (), 0.0)) == []


def test_a_schedule_tells_its_days_and_the_next() -> None:
    windows = [f"2019-06-{day:02}T01:00Z/2019-06-{day:02}T05:35Z" for day in (9, 11, 13)]
    assert render_schedule(windows) == (
        "from 01:00 to 05:35 UTC on 3 of 5 days between 2019-06-09 and 2019-06-13, and not between "
        "(were it to go on, next on 2019-06-15)"
    )
    assert render_schedule([]) == ""
