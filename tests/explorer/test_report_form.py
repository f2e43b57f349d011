"""Readers' reports: the form and the API take them from our own pages only, and show what was accepted."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI

from banwatch.explorer.app import create_app_over
from banwatch.model.report import ReportState
from banwatch.store.reports import MAX_ALIKE_PER_HOUR, ReportBook
from tests.explorer.asgi_client import Answer, get, post
from tests.pages.html_page import read
from tests.pages.made_up_country import MadeUpReader, make_country

HEADING = "What readers report (not measured, not verified)"
EVIL = "</textarea><script>alert(1)</script>\"'<img src=x onerror=alert(1)>"
OURS = "http://127.0.0.1"
FORM = "application/x-www-form-urlencoded"
FILLED = {"target": "https://www.youtube.com/watch?v=1", "network": "AS64512", "country": "KP"}


@pytest.fixture(scope="module")
def reader() -> MadeUpReader:
    return make_country(days=7, per_day=1)


@pytest.fixture
def book(tmp_path: Path) -> ReportBook:
    return ReportBook(tmp_path / "reports.jsonl")


@pytest.fixture
def app(reader: MadeUpReader, book: ReportBook) -> FastAPI:
    return create_app_over(reader, reports=book)


def send(app: FastAPI, fields: dict[str, str], **headers: str) -> Answer:
    return post(
        app, "/report", urlencode(fields).encode(), **{"content_type": FORM, "origin": OURS, **headers}
    )


def test_from_the_form_to_the_pages(app: FastAPI, book: ReportBook) -> None:
    assert HEADING in get(app, "/bans/kp-test").text
    note = f"since noon {EVIL}"
    answer = send(app, {**FILLED, "time": "2016-04-01T06:30", "note": note})
    assert (answer.status, answer.headers["location"]) == (303, "/report/filed")
    assert "Thank you" in get(app, "/report/filed").text
    (filed,) = book.reports()
    assert (filed.claim.target, filed.claim.note) == ("youtube.com", note)  # counted as measurements are
    before = [get(app, address).text for address in ("/bans/kp-test", "/incidents/KP-2016-0001", "/")]
    assert all("since noon" not in text for text in before)
    assert json.loads(get(app, "/api/v2/reports").body)["items"] == []
    book.decide([filed.report_id], ReportState.ACCEPTED, datetime(2026, 1, 1, tzinfo=UTC))
    for address in ("/bans/kp-test", "/incidents/KP-2016-0001"):
        answer = get(app, address)
        page = read(answer.text)
        section = page.text[page.text.index(HEADING) :]
        assert "1 April 2016" in section
        assert "since noon" in section
        assert page.scripts == []
        assert page.unexpected == []
        assert "form-action 'self'" in answer.headers["content-security-policy"]
    assert json.loads(get(app, "/api/v2/reports?cc=KP").body)["items"][0]["claim"]["target"] == "youtube.com"
    assert json.loads(get(app, "/api/v2/reports?cc=UG").body)["items"] == []


def test_reports_change_no_word_outside_their_section(app: FastAPI, book: ReportBook) -> None:
    pages = (
        "/bans/kp-test",
        "/incidents/KP-2016-0001",
        "/",
        "/api/v2/bans/kp-test",
        "/api/v2/incidents",
        "/feed.xml",
    )
    cells = "/api/v2/cells?grain=hour&cc=KP&target=youtube.com"

    def rest() -> list[str]:
        texts = [get(app, address).text for address in (*pages, cells)]
        return [re.sub(r'<section class="readers".*?</section>', "", text, flags=re.DOTALL) for text in texts]

    before = rest()
    for hour in range(10):
        filed = send(app, {**FILLED, "time": f"2016-04-01T{hour:02}"})
        assert filed.status == 303
    book.decide([r.report_id for r in book.reports()], ReportState.ACCEPTED, datetime(2026, 1, 1, tzinfo=UTC))
    assert rest() == before
    assert "youtube.com</td><td>AS64512</td><td>10</td>" in get(app, pages[0]).text


def test_the_form_is_a_plain_form_and_only_its_page_may_send_one(app: FastAPI) -> None:
    answer = get(app, "/report")
    page = read(answer.text)
    assert page.scripts == []
    assert "form-action 'self'" in answer.headers["content-security-policy"]
    (policy,) = [attributes for _, attributes in page.tags if "http-equiv" in attributes]
    assert "form-action 'self'" in (policy["content"] or "")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "set-cookie" not in answer.headers
    (form,) = [one for tag, one in page.tags if tag == "form" and one.get("role") != "search"]
    assert (form["method"], form["action"]) == ("post", "/report")
    labels = {one["for"] for tag, one in page.tags if tag == "label"} - {"q"}
    inputs = [one for tag, one in page.tags if tag in ("input", "textarea")]
    fields = [one for one in inputs if one["id"] != "q"]  # the field of the search is on every page
    assert {field["id"] for field in fields} == labels == {"target", "country", "network", "time", "note"}
    assert {field["aria-describedby"] for field in fields} <= set(page.ids)
    for address in ("/", "/bans/kp-test", "/report/filed"):
        other = get(app, address)
        assert not [one for tag, one in read(other.text).tags if tag == "form" and one["method"] != "get"]
        assert other.headers["referrer-policy"] == "no-referrer"


def test_a_mistake_is_told_and_what_was_filled_in_is_kept(app: FastAPI, book: ReportBook) -> None:
    answer = send(app, {"target": EVIL, "note": EVIL, "network": EVIL})
    page = read(answer.text)
    assert answer.status == 400
    assert page.scripts == []
    assert [tag for tag, attributes in page.tags if attributes.get("role") == "alert"] == ["p"]
    (target,) = [attributes for tag, attributes in page.tags if attributes.get("name") == "target"]
    assert target["value"] == EVIL
    assert EVIL in page.text
    assert "form-action 'self'" in answer.headers["content-security-policy"]
    assert list(book.reports()) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8081"},
        {"origin": "http://[bad"},
        {"origin": OURS, "sec_fetch_site": "cross-site"},
        {"origin": OURS, "sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {},
    ],
)
def test_a_form_of_another_site_is_not_taken(app: FastAPI, book: ReportBook, headers: dict[str, str]) -> None:
    answer = post(app, "/report", urlencode(FILLED).encode(), content_type=FORM, **headers)
    assert answer.status == 403
    if headers:
        answer = post(
            app, "/api/v2/reports", json.dumps(FILLED).encode(), content_type="application/json", **headers
        )
        assert answer.status == 403
    assert list(book.reports()) == []


def test_a_newer_browser_says_so_in_another_header(app: FastAPI) -> None:
    answer = post(app, "/report", urlencode(FILLED).encode(), content_type=FORM, sec_fetch_site="same-origin")
    assert answer.status == 303


def test_a_program_reports_by_json_alone(app: FastAPI, book: ReportBook) -> None:
    body = json.dumps(FILLED).encode()
    answer = post(app, "/api/v2/reports", body, content_type="application/json; charset=utf-8")
    assert answer.status == 201
    assert json.loads(answer.body)["state"] == "pending"
    assert post(app, "/api/v2/reports", body, content_type="text/plain").status == 415
    assert post(app, "/api/v2/reports", b"{", content_type="application/json").status == 400
    assert post(app, "/api/v2/reports", b"x" * 20_000, content_type="application/json").status == 413
    assert get(app, "/report?target=youtube.com&country=KP").status == 200  # asking takes nothing
    assert len(book.reports()) == 1


def test_nothing_says_who_reported(app: FastAPI, book: ReportBook, caplog: pytest.LogCaptureFixture) -> None:
    headers = {"x_forwarded_for": "198.51.100.23", "user_agent": "Telltale/1", "cookie": "me=1"}
    answer = send(app, FILLED, **headers)
    assert "set-cookie" not in answer.headers
    for kept in (book.path.read_text(), caplog.text):
        assert "127.0.0.1" not in kept
        assert "198.51.100.23" not in kept
        assert "Telltale" not in kept


def test_too_many_are_told_to_wait(app: FastAPI) -> None:
    for _ in range(MAX_ALIKE_PER_HOUR):
        assert send(app, FILLED).status == 303
    answer = send(app, FILLED)
    assert (answer.status, answer.headers["retry-after"]) == (429, "3600")
    assert "Enough readers have reported this" in answer.text
    answer = post(app, "/api/v2/reports", json.dumps(FILLED).encode(), content_type="application/json")
    assert answer.status == 429


def test_what_cannot_be_kept_is_said_without_paths(reader: MadeUpReader, tmp_path: Path) -> None:
    app = create_app_over(reader, reports=ReportBook(tmp_path / "none" / "reports.jsonl"))
    answer = send(app, FILLED)
    assert answer.status == 503
    assert str(tmp_path) not in answer.text


def test_a_file_that_cannot_be_read_costs_no_page(
    reader: MadeUpReader, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    answer = get(create_app_over(reader, reports=ReportBook(tmp_path)), "/bans/kp-test")
    assert answer.status == 200
    assert "No reader has reported any of this yet" in answer.text
    assert "readers' reports are not shown" in caplog.text


def test_without_a_book_nothing_is_offered(reader: MadeUpReader) -> None:
    app = create_app_over(reader)
    assert get(app, "/report").status == 404
    assert HEADING not in get(app, "/bans/kp-test").text
    assert "/report" not in get(app, "/").text
