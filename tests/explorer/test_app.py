"""The app: every link of a page leads somewhere, and nothing that a stranger wrote can run."""

import json
from typing import NoReturn
from xml.etree import ElementTree

import pytest
from fastapi import FastAPI

from banwatch.explorer.app import create_app, create_app_over
from banwatch.explorer.guard import site_address
from banwatch.model.errors import BanwatchError, UnavailableError
from banwatch.model.ids import MeasurementUid
from banwatch.model.state import State
from tests.explorer.asgi_client import Answer, get
from tests.pages.html_page import read
from tests.pages.made_up_country import START, MadeUpReader, make_country, make_raw, make_verdict

EVIL = "</pre></script><script>document.title='owned'</script><img src=x onerror=alert(1)>\"'\u202e"


@pytest.fixture(scope="module")
def reader() -> MadeUpReader:
    return make_country(days=7, per_day=1)


@pytest.fixture(scope="module")
def app(reader: MadeUpReader) -> FastAPI:
    return create_app_over(reader)


def ok(answer: Answer) -> str:
    assert answer.status == 200, answer.text[:500]
    return answer.text


def test_every_link_of_the_first_pages_leads_somewhere(app: FastAPI) -> None:
    seen: dict[str, list[str]] = {}
    queue = ["/"]
    while queue:
        address = queue.pop(0)
        if not address.startswith("/"):
            continue
        kind = address.split("?")[0].split("/")[1]
        kind = kind if kind == "feed.xml" else kind.split(".")[0]  # `countries.csv` is of its page
        if address in seen.get(kind, []) or len(seen.get(kind, [])) == 6:
            continue
        seen.setdefault(kind, []).append(address)
        answer = get(app, address)
        assert answer.status == 200, address
        if answer.headers["content-type"].startswith("text/html"):
            page = read(answer.text)
            assert page.scripts == []
            queue += [link.partition("#")[0] for link in page.addresses]
    assert set(seen) == {
        *("", "bans", "days", "measurements", "raw", "incidents", "static", "feed.xml"),
        *("countries", "networks", "targets", "series", "methods", "about", "glossary"),
    }


def test_the_path_from_cell_to_raw_json(app: FastAPI, reader: MadeUpReader) -> None:
    ban = read(ok(get(app, "/bans/kp-test")))
    witness = next(link for link in ban.addresses if link.startswith("/measurements/"))
    page = read(ok(get(app, witness)))
    raw = next(link for link in page.addresses if link.startswith("/raw/"))
    answer = get(app, raw)
    assert answer.headers["content-type"] == "application/json"
    assert answer.body in reader.raw_lines.values()
    assert json.loads(answer.body)["measurement_uid"] in witness.replace("%3A", ":")


def test_every_page_of_lab_measurements_says_so(app: FastAPI) -> None:
    for address in ("/", "/bans/kp-test", "/incidents/KP-2016-0001", "/countries/KP", "/networks/KP/AS64512"):
        assert "Made in a lab." in ok(get(app, address))


def test_a_lab_says_so_in_every_title_of_the_feed() -> None:
    site = site_address("http://127.0.0.1", [])  # a feed is read elsewhere, so its addresses are whole
    answer = get(create_app_over(make_country(days=1, per_day=1), site=site), "/feed.xml")
    assert answer.headers["content-type"] == "application/atom+xml"
    atom = "{http://www.w3.org/2005/Atom}"
    entries = ElementTree.fromstring(answer.body).iter(f"{atom}entry")
    titles = [entry.findtext(f"{atom}title") for entry in entries]
    assert titles
    assert all(str(title).startswith("Made in a lab: ") for title in titles)
    assert b"http://127.0.0.1/incidents/KP-2016-0001" in answer.body


def test_a_recording_says_so_on_every_page(reader: MadeUpReader) -> None:
    recorded = create_app_over(reader, recorded=True)
    uid = next(iter(reader.raw_lines))
    for address in ("/", "/bans/kp-test", "/incidents/KP-2016-0001", f"/measurements/{uid}"):
        assert "Recording." in ok(get(recorded, address))


@pytest.mark.parametrize(
    "address",
    [
        "/nothing",
        "/bans/none",
        "/measurements/none",
        "/raw/none.json",
        "/incidents/KP-1999-0001",
        "/countries/QQ",
        "/networks/KP/AS1",
        "/networks/KP/x",
        "/networks/KP/AS99999999999",
        "/targets/none.example",
        "/series?cc=KP&asn=64512&tier=visitor&target=none.example",
        "/days/2016-13-99?cc=KP&asn=1&target=x",
        "/days/1990-01-01?cc=KP&asn=1&target=x",
        "/days/9999-12-31?cc=KP&asn=64512&target=bbc.com&tier=visitor",
        "/bans/kp-test/chart.exe?cc=KP&asn=64512&tier=visitor",
        "/bans/kp-test/chart.svg?cc=XX&asn=1",
    ],
)
def test_what_is_not_there_is_said_to_be_missing(app: FastAPI, address: str) -> None:
    answer = get(app, address)
    assert answer.status == 404
    assert "Content-Security-Policy".lower() in answer.headers
    if address.startswith("/raw"):
        assert answer.headers["content-type"] == "application/json"
    else:
        assert "<h1>Not found</h1>" in answer.text


def test_a_hostile_measurement_is_only_text() -> None:
    reader = make_country(days=1, per_day=1)
    uid = MeasurementUid(EVIL)
    target = f"{EVIL}.example"
    reader.raw_lines[uid] = make_raw(
        EVIL,
        target,
        "visitor",
        START,
        requests=[
            {
                "failure": EVIL,
                "request": {"method": EVIL, "url": f"https://x/{EVIL}", "headers": {EVIL: EVIL}},
                "response": {"code": 200, "body": f"<title>{EVIL}</title>", "headers": {"Location": EVIL}},
            }
        ],
    )
    verdict = make_verdict(EVIL, target, "visitor", START, State.LIKELY_BLOCKED, "tcp.timeout")
    reader.verdict_rows.append(verdict)
    app = create_app_over(reader)
    from banwatch.pages.links import LiveLinks

    answer = get(app, LiveLinks().measurement(uid))
    page = read(ok(answer))
    assert page.scripts == []
    assert page.unexpected == []
    assert "onerror=alert(1)" in page.text
    assert "\u202e" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    raw = get(app, LiveLinks().raw(uid))
    assert raw.headers["content-type"] == "application/json"
    assert raw.headers["x-content-type-options"] == "nosniff"


def test_no_store_is_said_at_the_start(tmp_path: object) -> None:
    app = create_app(f"{tmp_path}/none.duckdb")

    async def start() -> None:
        async with app.router.lifespan_context(app):
            raise AssertionError("it started without a store")

    import asyncio

    with pytest.raises(BanwatchError, match="there is no store"):
        asyncio.run(start())


@pytest.mark.parametrize("address", ["/", "/bans/kp-test", "/api/v1/incidents/search", "/feed.xml"])
def test_a_store_that_cannot_answer_is_no_fault_of_the_page(address: str) -> None:
    class Full(MadeUpReader):
        def incidents(self) -> NoReturn:
            raise UnavailableError("a query needs more memory", "Ask for less")

        def measured_bans(self) -> NoReturn:
            self.incidents()

        def incidents_of(self, countries: object) -> NoReturn:
            self.incidents()

    answer = get(create_app_over(Full()), address)
    assert answer.status == 503
    assert answer.headers["retry-after"] == "60"
    assert "a query needs more memory. Ask for less" in answer.text
