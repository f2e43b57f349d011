"""The API gives every row once, page by page, and describes itself."""

import json
from datetime import timedelta

import pytest

from banwatch.explorer.app import create_app_over
from banwatch.model.state import State
from tests.explorer.asgi_client import get
from tests.pages.made_up_country import START, MadeUpReader, make_country, make_verdict


@pytest.fixture(scope="module")
def reader() -> MadeUpReader:
    return make_country(days=7, per_day=1)


@pytest.mark.parametrize("limit", [1, 7, 100, 1000])
def test_pages_give_every_row_once(reader: MadeUpReader, limit: int) -> None:
    app = create_app_over(reader)
    got: list[str] = []
    address = f"/api/v2/verdicts?limit={limit}&tier=visitor"
    for _ in range(100):
        page = json.loads(get(app, address).body)
        got += [item["measurement_uid"] for item in page["items"]]
        if page["next"] is None:
            break
        address = f"/api/v2/verdicts?limit={limit}&tier=visitor&after={page['next']}"
    assert got == [v.measurement_uid for v in reader.verdict_rows if v.access_tier == "visitor"]


def test_many_rows_of_one_moment() -> None:
    reader = MadeUpReader()
    reader.verdict_rows = [make_verdict(f"u{n}", "bbc.com", "visitor", START, State.OK) for n in range(5)]
    later = START + timedelta(seconds=1)
    reader.verdict_rows += [make_verdict(f"w{n}", "bbc.com", "visitor", later, State.OK) for n in range(3)]
    app = create_app_over(reader)
    got: list[str] = []
    after = ""
    while True:
        page = json.loads(get(app, f"/api/v2/verdicts?limit=2{after}").body)
        got += [item["measurement_uid"] for item in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert got == ["u0", "u1", "u2", "u3", "u4", "w0", "w1", "w2"]


def test_filters(reader: MadeUpReader) -> None:
    app = create_app_over(reader)
    query = (
        "cc=KP&asn=64512&target=twitter.com&state=likely_blocked&since=2016-04-01&until=2016-04-03T00:00:00Z"
    )
    page = json.loads(get(app, f"/api/v2/verdicts?{query}").body)
    assert [item["measurement_start_time"][:10] for item in page["items"]] == ["2016-04-01", "2016-04-02"]


@pytest.mark.parametrize(
    "address",
    [
        "/api/v2",
        "/api/v2/bans",
        "/api/v2/bans/kp-test",
        "/api/v2/incidents",
        "/api/v2/incidents/KP-2016-0001",
        "/api/v2/cells?cc=KP&grain=hour",
    ],
)
def test_what_there_is(reader: MadeUpReader, address: str) -> None:
    answer = get(create_app_over(reader), address)
    assert answer.status == 200
    assert json.loads(answer.body)


def test_a_measurement_in_full(reader: MadeUpReader) -> None:
    uid = next(iter(reader.raw_lines))
    found = json.loads(get(create_app_over(reader), f"/api/v2/measurements/{uid}").body)
    assert found["measurement"]["measurement_uid"] == uid
    assert [row["step"] for row in found["observations"]] == ["dns", "tcp", "http"]
    assert found["raw"].endswith(f"/raw/{uid}.json")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/v2/verdicts?limit=0", 400),
        ("/api/v2/verdicts?limit=1001", 400),
        ("/api/v2/verdicts?state=furious", 400),
        ("/api/v2/verdicts?after=soon", 400),
        ("/api/v2/verdicts?after=2016-04-01~1", 400),
        ("/api/v2/bans/none", 404),
        ("/api/v2/measurements/none", 404),
        ("/api/v2/nothing", 404),
    ],
)
def test_mistakes_are_answered_in_json(reader: MadeUpReader, address: str, status: int) -> None:
    answer = get(create_app_over(reader), address)
    assert answer.status == status
    assert json.loads(answer.body)["error"]
