"""Messages that leave for a receiver on this machine, and the log of them."""

import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banwatch.alerts.channels import Letter, open_channel
from banwatch.alerts.dispatch import Dispatcher
from banwatch.alerts.settings import AlertSettings, Channel, Rule
from banwatch.alerts.signing import make_secret, parse_secret, verify_untrusted
from banwatch.model.delivery import Delivery, DeliveryState, Event
from banwatch.model.errors import BanwatchError
from banwatch.model.incident import Incident
from banwatch.net.outgoing.outcome import Arrival
from banwatch.store import Store, queries
from banwatch.store.bookkeeping import PublishedIncident
from tests.alerts.incidents import ENDED, GROWN, NOW, Received, incident, receiver

HOUR = timedelta(hours=1)
SECRET = make_secret()


class Desk:
    """Dispatcher over a store, with a clock that is moved by hand."""

    def __init__(self, store: Store, *channels: Channel, **settings: Any) -> None:
        self.store, self.now = store, NOW
        rules = (Rule(channels=tuple(channel.name for channel in channels)),)
        self.settings = AlertSettings(channels=channels, rules=rules, **settings)
        self.senders = {channel.name: open_channel(channel, 5) for channel in channels}
        self.start()

    def start(self) -> None:
        """Begin as a new process does."""
        self.dispatcher = Dispatcher(
            self.settings,
            self.store,
            threading.Lock(),
            self.senders,
            site="https://o.example/",
            now=lambda: self.now,
        )

    def show(self, *incidents: Incident) -> None:
        """Put incidents in place of those of the store, and send what is due."""
        published = {row.incident_id: row for row in queries.published_incidents(self.store)}
        published |= {
            one.incident_id: PublishedIncident(incident_id=one.incident_id, first=one, last=one)
            for one in incidents
        }
        with self.store.transaction():
            self.store.clear("incident")
            self.store.append("incident", incidents)
            self.store.clear("published_incident")
            self.store.append("published_incident", list(published.values()))
        self.dispatcher.step()

    def log(self, channel: str) -> list[tuple[str, str]]:
        """Return event and state of each row of a channel, in order of time."""
        rows = sorted(self.store.rows(Delivery), key=lambda row: (row.ordinal, row.attempt, row.at))
        order = list(DeliveryState)
        rows.sort(key=lambda row: (row.ordinal, row.attempt, order.index(row.state)))
        return [(row.event, row.state) for row in rows if row.channel == channel]


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with Store.open(tmp_path / "s.duckdb") as opened:
        yield opened


def _json(received: Received) -> list[dict[str, Any]]:
    return [json.loads(body) for body in received.bodies]


def test_one_incident_that_grows_ends_and_is_withdrawn_gives_four_messages(store: Store) -> None:
    with receiver() as received:
        desk = Desk(store, Channel(name="desk", address=f"json://127.0.0.1:{received.port}/"))
        desk.show(incident(unconfirmed=True))
        assert received.bodies == [], "an unconfirmed incident is not told"
        for shown in ([incident()], [incident(**GROWN)], [incident(**GROWN, **ENDED)], []):
            for _ in range(2):  # however often it looks
                desk.now += HOUR
                desk.show(*shown)
        titles = [one["title"] for one in _json(received)]
        assert [title.split(":")[0] for title in titles] == ["New", "Grew", "Ended", "Withdrawn"]
        assert "https://o.example/incidents/KP-2026-0001" in _json(received)[0]["message"]
        assert "voanews.com" in _json(received)[1]["message"]
        assert "no longer show it" in _json(received)[3]["message"]
    sent = [(event, state) for event, state in desk.log("desk") if state == "sent"]
    assert [event for event, _ in sent] == ["began", "grew", "ended", "withdrawn"]
    assert [event for event, state in desk.log("stream") if state == "sent"] == [event for event, _ in sent]


def test_a_signed_webhook_verifies(store: Store) -> None:
    with receiver() as received:
        hook = Channel(name="hook", webhook=f"http://127.0.0.1:{received.port}/x?y=1", secret=SECRET)
        desk = Desk(store, hook)
        desk.show(incident())
        (headers,), (body,) = received.headers, received.bodies
        now = int(headers["webhook-timestamp"])
        assert verify_untrusted(parse_secret(SECRET), headers, body, now) == "hook/KP-2026-0001/0"
        assert json.loads(body)["type"] == "incident.began"


@pytest.mark.parametrize("kind", ["apprise", "webhook"])
def test_a_refused_message_is_tried_again_and_arrives_once(store: Store, kind: str) -> None:
    with receiver() as received:
        desk = Desk(store, _channel(kind, received.port))
        received.statuses = [503, 500]
        for minutes in (0, 0, 1, 1, 2, 2, 60):
            desk.now += timedelta(minutes=minutes)
            desk.show(incident())
        assert len(received.bodies) == 3
    assert desk.log("desk") == [
        (Event.BEGAN, state) for state in ("intended", "failed", "intended", "failed", "intended", "sent")
    ]


@pytest.mark.parametrize("kind", ["apprise", "webhook"])
def test_a_message_without_an_answer_is_not_sent_again(store: Store, kind: str) -> None:
    with receiver() as received:
        desk = Desk(store, _channel(kind, received.port))
        received.statuses = [0]
        for _ in range(5):
            desk.now += HOUR
            desk.show(incident())
        assert len(received.bodies) == 1
        desk.show(incident(**ENDED))
        assert len(received.bodies) == 2, "further news is sent"
    assert desk.log("desk")[:2] == [(Event.BEGAN, "intended"), (Event.BEGAN, "uncertain")]


@pytest.mark.parametrize("kind", ["apprise", "webhook"])
def test_nobody_there_is_a_failure_and_not_uncertain(store: Store, kind: str) -> None:
    with receiver() as received:
        port = received.port
    desk = Desk(store, _channel(kind, port))
    desk.show(incident())
    assert desk.log("desk") == [(Event.BEGAN, "intended"), (Event.BEGAN, "failed")]
    desk.now += HOUR
    desk.show()  # it is withdrawn before anybody heard of it
    assert desk.log("desk")[-1] == (Event.BEGAN, "dropped")
    desk.now += HOUR
    desk.show()
    assert len(desk.log("desk")) == 3


def _channel(kind: str, port: int) -> Channel:
    if kind == "apprise":
        return Channel(name="desk", address=f"json://127.0.0.1:{port}/")
    return Channel(name="desk", webhook=f"http://127.0.0.1:{port}/", secret=SECRET)


def test_an_intent_that_a_crash_left_is_settled_and_never_sent_again(store: Store) -> None:
    with receiver() as received:
        desk = Desk(store, _channel("webhook", received.port))
        killed = _intents(desk)
        with store.transaction():
            store.append("delivery", killed)
        desk.start()
        desk.show(incident())
        assert received.bodies == []
        assert desk.log("desk") == [(Event.BEGAN, "intended"), (Event.BEGAN, "uncertain")]


def _intents(desk: Desk) -> list[Delivery]:
    return [
        Delivery(
            channel="desk",
            subject="KP-2026-0001",
            ordinal=0,
            attempt=0,
            state=DeliveryState.INTENDED,
            event=Event.BEGAN,
            at=desk.now,
            title="t",
            text="",
            asns=incident().asns,
            targets=incident().targets,
            ended=False,
            detail="",
        )
    ]


def test_a_silent_channel_is_reported_once_on_the_others(store: Store) -> None:
    with receiver() as vanished:
        port = vanished.port
    with receiver() as received:
        other = Channel(name="other", address=f"json://127.0.0.1:{received.port}/")
        desk = Desk(store, _channel("webhook", port), other)
        desk.show(incident())
        for _ in range(9):
            desk.now += HOUR
            desk.show(incident())
        titles = [one["title"] for one in _json(received)]
        assert titles[1:] == ["The channel desk is silent"]
        assert [row.subject for row in store.rows(Delivery) if row.event == Event.SILENT] == [
            "channel:desk",
            "channel:desk",
        ]


def test_a_summary_is_sent_once_a_period_even_when_nothing_happened(store: Store) -> None:
    with receiver() as received:
        desk = Desk(store, _channel("webhook", received.port))
        for _ in range(10):
            desk.start()  # restarts neither repeat nor skip one
            desk.dispatcher.send_digests(["desk"], timedelta(days=1))
            desk.now += timedelta(hours=6)
        assert [one["type"] for one in _json(received)] == ["digest"] * 3
        assert "no incidents began, 0 ended" in _json(received)[0]["text"]


def test_several_recipients_and_own_retries_are_refused() -> None:
    for address in ("mailto://u:p@example.org?to=a@b.org,c@d.org", "json://a.example/?retry=2", "nope://x"):
        with pytest.raises(BanwatchError):
            open_channel(Channel(name="desk", address=address), 1)


def test_a_message_from_another_thread_is_not_mistaken_for_ones_own() -> None:
    with receiver() as received, receiver() as refused:
        refused.statuses = [500] * 20
        one = open_channel(Channel(name="a", address=f"json://127.0.0.1:{received.port}/"), 5)
        two = open_channel(Channel(name="b", address=f"json://127.0.0.1:{refused.port}/"), 5)
        letter = Letter(message_id="a", title="t", text="x", link="", event="began", subject="s")
        found: list[Arrival] = []
        thread = threading.Thread(target=lambda: found.extend(two.send(letter).arrival for _ in range(20)))
        thread.start()
        mine = [one.send(letter).arrival for _ in range(20)]
        thread.join()
        assert set(mine) == {Arrival.SENT}
        assert set(found) == {Arrival.FAILED}
