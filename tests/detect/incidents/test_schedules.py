"""Blocking and throttling on a schedule: one incident with its hours, days, exceptions and next time."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from banwatch.detect import find_changes, fold, group
from banwatch.model.incident import Incident
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.detect.making import START, hours, verdict

ASNS = (64512, 64513)
Censor = Callable[[datetime], bool]
FIRST = START + timedelta(days=8)  # Monday, 4 April 2016


def measured(
    censor: Censor, days: int, *, every: int = 2, mechanism: str = "tls.throttle.sni"
) -> Iterator[Verdict]:
    for hour in range(0, days * 24, every):
        at = START + hours(hour + 0.2)
        for asn in ASNS:
            for target in ("video.example", "news.example"):
                cut = target == "video.example" and at >= FIRST and censor(at)
                yield verdict(
                    at,
                    State.LIKELY_BLOCKED if cut else State.OK,
                    target=target,
                    asn=asn,
                    probe=f"p{asn}-{hour // every % 3}",
                    mechanisms=("tls.throttle.sni",) if cut else (),
                )


def found(censor: Censor, days: int = 36, every: int = 2) -> tuple[Incident, ...]:
    cells = fold(measured(censor, days, every=every))
    return group(find_changes(cells), cells)


def test_throttled_evenings_are_one_incident_with_its_hours() -> None:
    (incident,) = found(lambda at: at.hour >= 18 and at < FIRST + timedelta(days=14))
    assert len(incident.windows) == 14
    assert "from 18:12 to 22:12 UTC on each of 14 days between 2016-04-04 and 2016-04-17" in incident.sentence
    assert "next on 2016-04-18" in incident.sentence
    assert incident.end_latest is not None


def test_nights_over_midnight_with_an_exception() -> None:
    skipped = FIRST.date() + timedelta(days=6)

    def censor(at: datetime) -> bool:
        night = (at - timedelta(hours=6)).date()
        return (at.hour >= 22 or at.hour < 4) and night != skipped and at < FIRST + timedelta(days=14)

    (incident,) = found(censor)
    assert "from 22:12 to 02:12 UTC" in incident.sentence
    assert f"not on {skipped}" in incident.sentence


def test_weekends_are_one_incident() -> None:
    (incident,) = found(lambda at: at.weekday() >= 5, days=50, every=4)
    assert len(incident.windows) == 6
    assert "from Saturday 00:12 to Sunday 20:12 UTC, 6 times between 2016-04-09" in incident.sentence


def test_match_days_are_one_incident() -> None:
    matches = {FIRST.date() + timedelta(days=number) for number in (1, 5, 8, 14, 17, 22)}
    (incident,) = found(lambda at: at.hour in range(17, 23) and at.date() in matches, every=1)
    assert [window[:10] for window in incident.windows] == [str(day) for day in sorted(matches)]
    assert "from 17:12 to 22:12 UTC on 6 of 22 days" in incident.sentence


def test_a_block_of_days_has_no_schedule() -> None:
    (incident,) = found(lambda at: at < FIRST + timedelta(days=10))
    assert incident.windows == ()


def test_blocks_of_whole_days_now_and_then_have_no_hours() -> None:
    days = {FIRST.date() + timedelta(days=number) for number in (0, 4, 5, 11, 19)}
    assert all(one.windows == () for one in found(lambda at: at.date() in days))


def test_interference_at_any_hour_has_no_schedule() -> None:
    assert all(one.windows == () for one in found(lambda at: at.hour // 2 % 3 == (at.day % 3)))
