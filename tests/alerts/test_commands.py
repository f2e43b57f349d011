"""`banwatch alerts`: a channel is tried, the log is read, and the past is told without a message."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from banwatch.alerts.settings import AlertSettings, Channel, Rule
from banwatch.cli.main import create_app
from banwatch.model.delivery import Delivery
from banwatch.model.errors import BanwatchError
from banwatch.observatory.alerting import dry_run
from banwatch.observatory.settings.tables import ServeTable, Settings
from banwatch.store import Store
from banwatch.store.bookkeeping import Property
from tests.alerts.incidents import NOW, Received, incident, receiver
from tests.alerts.test_dispatch import Desk
from tests.detect.test_first_light import story


@pytest.fixture
def received() -> Iterator[Received]:
    with receiver() as found:
        yield found


def _settings(tmp_path: Path, port: int) -> Path:
    path = tmp_path / "b.toml"
    path.write_text(
        '[serve]\npublic_url = "https://o.example"\n'
        f'[[alerts.channels]]\nname = "desk"\naddress = "json://127.0.0.1:{port}/"\n'
        '[[alerts.rules]]\nchannels = ["desk"]\n'
    )
    return path


def test_a_channel_is_tried_by_hand(tmp_path: Path, received: Received) -> None:
    path, run = _settings(tmp_path, received.port), CliRunner()
    tried = run.invoke(create_app(), ["alerts", "test", "--config", str(path)])
    assert (tried.exit_code, tried.output) == (0, "desk: sent\n")
    assert "sent by hand" in json.loads(received.bodies[0])["message"]
    received.statuses = [500]
    failed = run.invoke(create_app(), ["alerts", "test", "desk", "--config", str(path), "--json"])
    assert failed.exit_code == 1
    assert json.loads(failed.output) == {"channel": "desk", "arrival": "failed", "detail": "error=500"}
    other = run.invoke(create_app(), ["alerts", "test", "disk", "--config", str(path)])
    assert isinstance(other.exception, BanwatchError)


def test_the_log_says_what_was_sent_where_and_survives_a_rebuild(tmp_path: Path, received: Received) -> None:
    path = tmp_path / "s.duckdb"
    with Store.open(path) as store:
        Desk(store, Channel(name="desk", address=f"json://127.0.0.1:{received.port}/")).show(incident())
        before = store.rows(Delivery)
        with store.transaction():  # as another version would have left it
            store.replace("property", "name", [Property(name="shape", value="another")])
    with Store.open(path, renew=True) as store:
        assert store.rows(Delivery) == before
    shown = CliRunner().invoke(create_app(), ["alerts", "log", "--store", str(path)])
    assert "desk KP-2026-0001 #0.0 began: sent" in shown.output
    rows = CliRunner().invoke(create_app(), ["alerts", "log", "--json", "--store", str(path)])
    assert {json.loads(text)["channel"] for text in rows.output.splitlines()} == {"desk", "stream"}


def test_the_past_is_told_step_by_step_and_nothing_is_written(tmp_path: Path) -> None:
    rows = [row for row in story() if row.target == "youtube.com"]
    times = sorted(row.measurement_start_time for row in rows)
    path = tmp_path / "s.duckdb"
    with Store.open(path) as store, store.transaction():
        store.append("verdict", rows)
    settings = Settings(
        store=str(path),
        serve=ServeTable(public_url="https://o.example"),
        alerts=AlertSettings(
            channels=(Channel(name="desk", address="json://127.0.0.1:9"),),
            rules=(Rule(channels=("desk",), countries=("KP",)),),
            max_age="90d",
        ),
    )
    said: list[tuple[datetime, str, str]] = []
    count = dry_run(
        settings,
        since=times[0],
        as_of=times[-1] + timedelta(days=1),
        every=(times[-1] - times[0]) / 3,
        say=lambda at, channel, letter: said.append((at, letter.subject, letter.event)),
    )
    assert count == len(said) > 0
    began = [subject for _, subject, event in said if event == "began"]
    assert said[0][2] == "began"
    assert len(began) == len(set(began)), "each incident is new once"
    assert [at for at, _, _ in said] == sorted(at for at, _, _ in said)
    early: list[str] = []
    dry_run(
        settings,
        since=times[0],
        as_of=times[0],
        every=timedelta(days=1),
        say=lambda at, channel, letter: early.append(letter.event),
    )
    assert early == [], "before the measurements showed it nobody could be told"
    with Store.open(path, read_only=True) as store:
        assert store.rows(Delivery) == []


def test_a_dry_run_is_bounded(tmp_path: Path) -> None:
    settings = Settings(store=str(tmp_path / "none.duckdb"))
    for since, every in ((NOW - timedelta(days=9), timedelta(seconds=1)), (NOW + timedelta(1), timedelta(1))):
        with pytest.raises(BanwatchError):
            dry_run(settings, since=since, as_of=NOW, every=every, say=lambda *_: None)
