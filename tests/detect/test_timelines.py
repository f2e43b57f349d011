"""Two elections' timelines, as their regimes tell them, measured by four probes in turn every six hours."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from banwatch.detect import find_changes, fold, group
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.detect.making import verdict

OPEN = ("wikipedia.org", "example.org", "bbc.com", "google.com", "github.com")


def _play(
    cc: str,
    start: datetime,
    days: int,
    dark: Callable[[datetime], bool],
    blocked_from: dict[str, datetime],
) -> list[Verdict]:
    rows = []
    for number in range(days * 4):
        round_at = start + timedelta(hours=6 * number)
        for place, target in enumerate((*OPEN, *blocked_from)):
            at = round_at + timedelta(seconds=20 * place)
            hit = target in blocked_from and at >= blocked_from[target]
            rows.append(
                verdict(
                    at,
                    State.LIKELY_BLOCKED if hit else State.OK,
                    target=target,
                    cc=cc,
                    probe=f"p{number % 4}",
                    report=f"r{number}",
                    silent=dark(at),
                )
            )
    return rows


def _incidents(rows: list[Verdict]) -> tuple[Incident, ...]:
    cells = fold(rows)
    return group(find_changes(cells), cells)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _holds(incident: Incident, begins: str, ends: str | None) -> None:
    assert incident.onset_earliest <= _at(begins) <= incident.onset_latest
    if ends is None:
        assert incident.end_latest is None
    else:
        assert incident.end_earliest is not None
        assert incident.end_latest is not None
        assert incident.end_earliest <= _at(ends) <= incident.end_latest


def uganda() -> list[Verdict]:
    """Blocked since the twelfth, dark from the thirteenth to the eighteenth, and blocked after it."""
    cut = (_at("2021-01-13T16:00"), _at("2021-01-18T09:00"))
    since = _at("2021-01-12T09:00")
    return _play(
        "UG",
        _at("2021-01-10"),
        10,
        lambda at: cut[0] <= at < cut[1],
        {"facebook.com": since, "twitter.com": since, "telegram.org": since},
    )


def myanmar() -> list[Verdict]:
    """Facebook first, then others, a day without anything, then nights without anything."""
    day = (_at("2021-02-06T03:30"), _at("2021-02-07T07:30"))
    nights = _at("2021-02-14T18:00")

    def dark(at: datetime) -> bool:
        return day[0] <= at < day[1] or (at >= nights and (at.hour < 3 or at.hour >= 18))

    later = _at("2021-02-05T16:00")
    return _play(
        "MM",
        _at("2021-02-01"),
        17,
        dark,
        {"facebook.com": _at("2021-02-03T18:00"), "instagram.com": later, "twitter.com": later},
    )


def test_a_shutdown_of_half_the_time_between_two_stretches_of_one_block() -> None:
    block, shutdown = _incidents(uganda())
    assert (block.kind, shutdown.kind) == (IncidentKind.BLOCKING, IncidentKind.SHUTDOWN)
    assert block.targets == ("facebook.com", "telegram.org", "twitter.com")
    _holds(block, "2021-01-12T09:00", None)
    _holds(shutdown, "2021-01-13T16:00", "2021-01-18T09:00")


def test_a_day_without_then_nights_without() -> None:
    incidents = _incidents(myanmar())
    assert [one.kind for one in incidents] == [
        IncidentKind.BLOCKING,
        IncidentKind.BLOCKING,
        IncidentKind.SHUTDOWN,
        IncidentKind.SHUTDOWN,
    ]
    assert [one.targets for one in incidents[:2]] == [("facebook.com",), ("instagram.com", "twitter.com")]
    _holds(incidents[0], "2021-02-03T18:00", None)
    _holds(incidents[1], "2021-02-05T16:00", None)
    _holds(incidents[2], "2021-02-06T03:30", "2021-02-07T07:30")
    _holds(incidents[3], "2021-02-14T18:00", None)
