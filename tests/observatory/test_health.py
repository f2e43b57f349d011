"""Health: alive, ready, the page of scheduled work, and numbers for Prometheus without anybody's words."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from banwatch.alerts.settings import AlertSettings
from banwatch.explorer.app import create_app_over
from banwatch.observatory.health.facts import Health
from banwatch.observatory.health.routes import add_health
from banwatch.observatory.schedule.state import TaskState
from banwatch.pages.store_reader import StoreReader
from banwatch.store import Store
from tests.explorer.asgi_client import ask, get

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
STATES = {
    "backup": TaskState(
        last_began=NOW, last_failure=NOW, last_error="no room on /mnt/secret", failures=3, next_due=NOW
    ),
    "ingest": TaskState(last_began=NOW, last_success=NOW, summary="7 new measurements", next_due=NOW),
}


class Site:
    """App with health over an empty store."""

    def __init__(self, store: Store, path: Path, *, metrics_for_all: bool = False) -> None:
        self.is_stopping = False
        self.health = Health(
            store,
            str(path),
            AlertSettings(),
            receiver=None,
            states=lambda: STATES,
            is_stopping=lambda: self.is_stopping,
        )
        self.app: FastAPI = create_app_over(StoreReader(store))
        add_health(self.app, self.health, metrics_for_all=metrics_for_all)


@pytest.fixture(scope="module")
def store_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("health") / "s.duckdb"


@pytest.fixture(scope="module")
def store(store_path: Path) -> Iterator[Store]:
    with Store.open(store_path) as opened:
        yield opened


@pytest.fixture
def site(store: Store, store_path: Path) -> Site:
    return Site(store, store_path)


def _metrics(site: Site) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = get(site.app, "/metrics").text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_alive_and_ready_until_it_ends(site: Site) -> None:
    assert get(site.app, "/healthz").text == "ok\n"
    ready = get(site.app, "/readyz")
    assert (ready.status, json.loads(ready.body)["ready"]) == (200, True)
    assert json.loads(ready.body)["checks"]["tasks"] == "failing: backup", (
        "said, and no reason to turn anybody away"
    )
    site.is_stopping = True
    assert get(site.app, "/readyz").status == 503
    assert get(site.app, "/healthz").status == 200


def test_a_store_that_does_not_answer_is_not_ready(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(store: Store) -> None:
        raise OSError("gone")

    monkeypatch.setattr("banwatch.observatory.health.facts.count_all", fail)
    assert get(site.app, "/readyz").status == 503


def test_the_page_shows_last_ran_next_due_and_last_error(site: Site) -> None:
    page = get(site.app, "/status").text
    assert "7 new measurements" in page
    assert "2026-03-10T12:00:00Z" in page
    assert "no room on /mnt/secret" in page
    outside = ask(site.app, "GET", "/status", x_forwarded_for="198.51.100.7").text
    assert "/mnt/secret" not in outside, "what an error says is for the operator"
    assert "failed" in outside
    given = json.loads(ask(site.app, "GET", "/status", accept="application/json").body)
    assert given["tasks"]["backup"]["failures"] == 3
    assert given["tasks"]["ingest"]["next_due"] == "2026-03-10T12:00:00Z"


def test_metrics_are_for_this_machine_unless_opened(site: Site, store: Store, store_path: Path) -> None:
    assert ask(site.app, "GET", "/metrics", x_forwarded_for="198.51.100.7").status == 403
    opened = Site(store, store_path, metrics_for_all=True)
    assert ask(opened.app, "GET", "/metrics", x_forwarded_for="198.51.100.7").status == 200


def test_metrics_count_answers_by_route_and_never_by_what_was_asked(site: Site) -> None:
    for path in ("/incidents/SECRET-1", "/incidents/SECRET-2", "/SECRET-3", "/bans/SECRET-4"):
        assert get(site.app, path).status == 404
    ask(site.app, "SECRETMETHOD", "/")
    found = _metrics(site)
    key = (("method", "GET"), ("route", "/incidents/{incident_id}"), ("status", "4xx"))
    assert found["banwatch_http_answers_total", key] == 2
    assert (
        found["banwatch_http_answers_total", (("method", "GET"), ("route", "none"), ("status", "4xx"))] == 1
    )
    assert "SECRET" not in get(site.app, "/metrics").text


def test_metrics_say_what_runs_and_how_it_failed(site: Site) -> None:
    found = _metrics(site)
    assert found["banwatch_task_failures", (("task", "backup"),)] == 3
    assert found["banwatch_task_success_seconds", (("task", "ingest"),)] == NOW.timestamp()
    assert found["banwatch_measurements", ()] == 0
    assert found["banwatch_database_bytes", ()] > 0
    assert found["banwatch_check_ok", (("check", "store"),)] == 1
    assert found["banwatch_check_ok", (("check", "tasks"),)] == 0
    assert ("banwatch_lag_seconds", ()) not in found, "an empty store has no latest measurement"
