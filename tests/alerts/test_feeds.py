"""Feeds of incidents: each about one thing, as Atom and as JSON Feed."""

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fastapi import FastAPI

from banwatch.alerts.feeds import add_feeds
from banwatch.explorer.app import create_app_over
from banwatch.explorer.guard import SiteAddress
from banwatch.model.ids import Asn, CountryCode, IncidentId, TargetName
from banwatch.pages.store_reader import StoreReader
from banwatch.store import Store
from tests.alerts.incidents import ENDED, incident
from tests.explorer.asgi_client import get

OTHER = incident(
    incident_id=IncidentId("IR-2026-0001"),
    probe_cc=CountryCode("IR"),
    asns=(Asn(64500),),
    targets=(TargetName("x<y>.example"),),
    **ENDED,
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    path: Path = tmp_path_factory.mktemp("feeds") / "s.duckdb"
    with Store.open(path) as store:
        with store.transaction():
            store.append("incident", [incident(), OTHER])
        made = create_app_over(StoreReader(store), site=SiteAddress(public_url="https://o.example"))
        add_feeds(made, lambda request: request.app.state.reader)
        yield made


@pytest.mark.parametrize(
    ("feed", "ids"),
    [
        ("all", ["IR-2026-0001", "KP-2026-0001"]),
        ("countries/KP", ["KP-2026-0001"]),
        ("countries/ZW", []),
        ("networks/AS64500", ["IR-2026-0001"]),
        ("targets/youtube.com", ["KP-2026-0001"]),
        ("targets/x%3Cy%3E.example", ["IR-2026-0001"]),
        ("bans/dprk-2016", ["KP-2026-0001"]),
    ],
)
def test_each_feed_holds_what_it_is_about(app: FastAPI, feed: str, ids: list[str]) -> None:
    given = get(app, f"/feeds/{feed}.json")
    assert given.status == 200
    content = json.loads(given.body)
    assert content["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["id"].rpartition(":")[2] for item in content["items"]] == ids
    assert all(item["url"].startswith("https://o.example/incidents/") for item in content["items"])
    atom = get(app, f"/feeds/{feed}.atom")
    tree = ElementTree.fromstring(atom.body)
    found = [entry.findtext("{*}id", "").rpartition(":")[2] for entry in tree.findall("{*}entry")]
    assert found == ids


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/all.rss",
        "/feeds/countries/kp.json",
        "/feeds/networks/x.atom",
        "/feeds/bans/none.atom",
        "/feeds/x/y.atom",
    ],
)
def test_what_is_no_feed(app: FastAPI, path: str) -> None:
    assert get(app, path).status == 404
