"""Which message is due: each piece of news once, and none that stopped being so."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from banwatch.alerts.occasion import (
    STREAM,
    find_occasions,
    is_dropped,
    matches,
    retry_pause,
    silent_channels,
)
from banwatch.alerts.settings import AlertSettings, Channel, Rule
from banwatch.alerts.thresholds import MOST_IN_AN_HOUR
from banwatch.model.delivery import Delivery, DeliveryState, Event
from banwatch.model.ids import Asn, TargetName
from banwatch.model.incident import Incident, IncidentKind
from tests.alerts.incidents import ENDED, GROWN, NOW, incident

HOUR = timedelta(hours=1)
DESK = Channel(name="desk", address="json://127.0.0.1")
ALL = AlertSettings(channels=(DESK,), rules=(Rule(channels=("desk",)),))


def _due(
    incidents: list[Incident], log: list[Delivery], now: datetime = NOW, settings: AlertSettings = ALL
) -> Any:
    return list(find_occasions(settings, incidents, log, now, stream=False))


def _earlier(event: Event, state: DeliveryState = DeliveryState.SENT, **changes: Any) -> Delivery:
    values: dict[str, Any] = {
        "channel": "desk",
        "subject": "KP-2026-0001",
        "ordinal": 0,
        "attempt": 0,
        "state": state,
        "event": event,
        "at": NOW - 5 * HOUR,
        "title": "",
        "text": "",
        "asns": (Asn(131279),),
        "targets": (TargetName("youtube.com"),),
        "ended": False,
        "detail": "",
    }
    return Delivery(**(values | changes))


def test_a_believed_incident_is_told_and_an_unconfirmed_one_is_not() -> None:
    (found,) = _due([incident()], [])
    assert (found.event, found.channel, found.ordinal, found.attempt) == (Event.BEGAN, "desk", 0, 0)
    assert _due([incident(unconfirmed=True)], []) == []


def test_what_was_told_is_not_told_again() -> None:
    assert _due([incident()], [_earlier(Event.BEGAN)]) == []


@pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.UNCERTAIN, DeliveryState.GIVEN_UP])
def test_no_second_copy_of_what_may_have_arrived(state: DeliveryState) -> None:
    assert _due([incident()], [_earlier(Event.BEGAN, state)], NOW + 48 * HOUR) == []


@pytest.mark.parametrize(
    ("changes", "earlier", "event"),
    [
        (GROWN, {}, Event.GREW),
        ({"asns": (Asn(131279), Asn(64500))}, {}, Event.GREW),
        (ENDED, {}, Event.ENDED),
        (ENDED | GROWN, {}, Event.ENDED),
        ({}, {"ended": True}, Event.RESUMED),
        ({"unconfirmed": True}, {}, Event.WITHDRAWN),
    ],
)
def test_updates(changes: dict[str, Any], earlier: dict[str, Any], event: Event) -> None:
    (found,) = _due([incident(**changes)], [_earlier(Event.BEGAN, **earlier)])
    assert (found.event, found.ordinal) == (event, 1)


def test_a_shrunken_incident_is_no_news_and_growing_back_is_none_either() -> None:
    both = _earlier(Event.GREW, targets=GROWN["targets"])
    assert _due([incident()], [both]) == []
    assert _due([incident(**GROWN)], [both]) == []


def test_growth_waits_for_the_last_message_to_be_old_and_for_a_tenth() -> None:
    assert _due([incident(**GROWN)], [_earlier(Event.BEGAN, at=NOW - HOUR / 2)]) == []
    many = tuple(TargetName(f"{number:03}.example") for number in range(100))
    earlier = [_earlier(Event.BEGAN, targets=many)]
    assert _due([incident(targets=(*many, TargetName("z.example")))], earlier) == []
    more = tuple(TargetName(f"z{number}.example") for number in range(10))
    assert [one.event for one in _due([incident(targets=(*many, *more))], earlier)] == [Event.GREW]


def test_a_withdrawn_incident_is_told_once_and_again_when_it_returns() -> None:
    (vanished,) = _due([], [_earlier(Event.BEGAN)])
    assert (vanished.event, vanished.incident) == (Event.WITHDRAWN, None)
    withdrawn = [_earlier(Event.BEGAN), _earlier(Event.WITHDRAWN, ordinal=1, ended=True)]
    assert _due([], withdrawn) == []
    (back,) = _due([incident()], withdrawn)
    assert (back.event, back.ordinal) == (Event.RESUMED, 2)


def test_without_updates_only_a_withdrawal_follows() -> None:
    quiet = AlertSettings(channels=(DESK,), rules=(Rule(channels=("desk",), updates=False),))
    assert _due([incident(**ENDED)], [_earlier(Event.BEGAN)], settings=quiet) == []
    assert [one.event for one in _due([], [_earlier(Event.BEGAN)], settings=quiet)] == [Event.WITHDRAWN]


def test_history_is_not_announced_but_followed() -> None:
    old = incident(onset_latest=NOW - timedelta(days=30), onset_earliest=NOW - timedelta(days=31))
    assert _due([old], []) == []
    ended = _with(old, **ENDED)
    assert [one.event for one in _due([ended], [_earlier(Event.BEGAN)])] == [Event.ENDED]


def _with(value: Incident, **changes: Any) -> Incident:
    """Return an incident with some other values."""
    return incident(**{name: getattr(value, name) for name in value.__dataclass_fields__} | changes)


def test_a_failure_is_tried_again_after_its_pause_with_what_is_so_then() -> None:
    failed = [
        _earlier(Event.BEGAN, DeliveryState.INTENDED, at=NOW),
        _earlier(Event.BEGAN, DeliveryState.FAILED, at=NOW),
    ]
    assert _due([incident()], failed, NOW + timedelta(seconds=59)) == []
    (again,) = _due([incident(**ENDED)], failed, NOW + timedelta(seconds=61))
    assert (again.event, again.ordinal, again.attempt, again.ended) == (Event.BEGAN, 0, 1, True)
    assert [retry_pause(n) for n in (0, 1, 9)] == [timedelta(minutes=1), timedelta(minutes=2), HOUR]


def test_news_that_stopped_being_so_before_it_was_sent_is_dropped() -> None:
    (closed,) = _due([], [_earlier(Event.BEGAN, DeliveryState.FAILED)])
    assert is_dropped(closed)
    assert _due([], [_earlier(Event.BEGAN, DeliveryState.DROPPED)]) == []
    assert [one.event for one in _due([incident()], [_earlier(Event.BEGAN, DeliveryState.DROPPED)])] == [
        Event.BEGAN
    ]


def test_an_intent_without_outcome_is_left_alone() -> None:
    assert _due([incident()], [_earlier(Event.BEGAN, DeliveryState.INTENDED)], NOW + 99 * HOUR) == []


@pytest.mark.parametrize(
    ("rule", "is_let_through"),
    [
        ({}, True),
        ({"countries": ("KP", "IR")}, True),
        ({"countries": ("IR",)}, False),
        ({"networks": ("AS131279",)}, True),
        ({"networks": ("AS1",)}, False),
        ({"targets": ("youtube.com", "x.org")}, True),
        ({"targets": ("x.org",)}, False),
        ({"bans": ("ban-1",)}, True),
        ({"bans": ("ban-2",)}, False),
        ({"kinds": (IncidentKind.BLOCKING,)}, True),
        ({"kinds": (IncidentKind.SHUTDOWN,)}, False),
        ({"min_confidence": 0.95}, True),
        ({"min_confidence": 0.96}, False),
        ({"min_targets": 2}, False),
        ({"min_networks": 2}, False),
    ],
)
def test_each_part_of_a_rule(rule: dict[str, Any], is_let_through: bool) -> None:
    assert matches(Rule(channels=("desk",), **rule), incident(), ["ban-1"]) is is_let_through


def test_a_shutdown_counts_as_one_target() -> None:
    assert matches(Rule(channels=("desk",)), incident(targets=(), kind=IncidentKind.SHUTDOWN), ())


def test_an_incident_that_grows_into_a_rule_is_new_there() -> None:
    big = AlertSettings(channels=(DESK,), rules=(Rule(channels=("desk",), min_targets=2),))
    assert _due([incident()], [], settings=big) == []
    assert [one.event for one in _due([incident(**GROWN)], [], settings=big)] == [Event.BEGAN]


def test_a_channel_gets_so_many_in_an_hour_and_the_rest_later() -> None:
    many = [incident(incident_id=f"KP-2026-{number:04}") for number in range(100)]
    first = _due(many, [])
    assert len(first) == MOST_IN_AN_HOUR
    log = [
        _earlier(Event.BEGAN, state, subject=one.subject, at=NOW)
        for one in first
        for state in (DeliveryState.INTENDED, DeliveryState.SENT)
    ]
    assert _due(many, log, NOW + HOUR / 2) == []
    assert len(_due(many, log, NOW + HOUR)) == 100 - MOST_IN_AN_HOUR


def test_the_stream_hears_of_everything() -> None:
    (found,) = find_occasions(AlertSettings(), [incident()], [], NOW)
    assert found.channel == STREAM


def test_a_channel_that_fails_for_hours_is_silent_until_a_success() -> None:
    failed = _earlier(Event.BEGAN, DeliveryState.FAILED, at=NOW)
    assert silent_channels(ALL, [failed], NOW + 5 * HOUR) == {}
    assert silent_channels(ALL, [failed], NOW + 6 * HOUR) == {"desk": NOW}
    sent = _earlier(Event.BEGAN, attempt=1, at=NOW + HOUR)
    assert silent_channels(ALL, [failed, sent], NOW + 9 * HOUR) == {}
    other = msgspec.structs.replace(failed, channel="removed")
    assert silent_channels(ALL, [other], NOW + 9 * HOUR) == {}
