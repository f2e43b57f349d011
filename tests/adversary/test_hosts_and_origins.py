"""No page of another site can read, write or bend what the site answers."""

from pathlib import Path

import pytest
from fastapi import FastAPI

from banwatch.explorer.app import create_app_over
from banwatch.explorer.guard import SECURITY_HEADERS, site_address
from banwatch.net.http.clients import Proxies
from banwatch.store.reports import ReportBook
from tests.explorer.asgi_client import ask
from tests.pages.made_up_country import make_country

POLICIES = {name.lower(): value for name, value in SECURITY_HEADERS.items()}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return create_app_over(
        make_country(days=2, per_day=1),
        reports=ReportBook(tmp_path_factory.mktemp("reports") / "r.jsonl"),
        site=site_address("https://observatory.example", ["mirror.example"]),
        proxies=Proxies(["10.0.0.1"]),
    )


def test_only_names_of_the_site_are_answered(app: FastAPI) -> None:
    for host in ("observatory.example", "MIRROR.example:8080", "127.0.0.1", "[::1]:80", "localhost"):
        assert ask(app, "GET", "/", host=host).status == 200, host
    for host in ("evil.example", "127.0.0.1.evil.example", "observatory.example@evil", "", "a b", "[::1"):
        assert ask(app, "GET", "/", host=host).status == 421, host


def test_no_answer_reflects_the_host(app: FastAPI) -> None:
    for path in ("/", "/feed.xml", "/api/v2/measurements/none", "/api/v2", "/bans/kp-test"):
        body = ask(app, "GET", path, host="198.51.100.77").text
        assert "198.51.100.77" not in body, path
    assert "https://observatory.example/" in ask(app, "GET", "/feed.xml", host="127.0.0.1").text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {"origin": "http://127.0.0.1", "sec_fetch_site": "cross-site"},
        {"origin": "http://[::1"},
    ],
)
def test_other_sites_cannot_write(app: FastAPI, headers: dict[str, str]) -> None:
    writing = [
        (method, getattr(route, "path", ""))
        for route in app.routes
        for method in getattr(route, "methods", None) or ()
        if method not in ("GET", "HEAD")
    ]
    assert writing  # the readers' form and its twin at least
    for method, path in writing:
        assert ask(app, method, path.replace("{", "").replace("}", ""), b"{}", **headers).status == 403
    own = ask(
        app, "POST", "/api/v2/reports", b"{}", origin="http://127.0.0.1", content_type="application/json"
    )
    assert own.status == 400  # taken, and then found to be empty


def test_every_answer_has_its_policies(app: FastAPI) -> None:
    asked = {
        "/": 200,
        "/nowhere": 404,
        "/bans/none": 404,
        "/api/v2/verdicts?limit=0": 400,
        "/api/v2/verdicts?since=0001-01-01T00:00:00%2B14:00": 400,
        "/static/style.css": 200,
        "/openapi.json": 200,
    }
    for path, status in asked.items():
        for method in ("GET", "HEAD"):
            answer = ask(app, method, path)
            assert (answer.status, path) == (status, path)
            assert {name: answer.headers[name] for name in POLICIES} == POLICIES
            assert (method == "HEAD") == (answer.body == b"")
    assert {name: ask(app, "GET", "/", host="x.example").headers[name] for name in POLICIES} == POLICIES


def test_what_a_client_has_is_not_sent_again(app: FastAPI) -> None:
    first = ask(app, "GET", "/bans/kp-test")
    tag = first.headers["etag"]
    again = ask(app, "GET", "/bans/kp-test", if_none_match=f'"other", W/{tag}')
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert ask(app, "GET", "/bans/kp-test", if_none_match='"other"').body == first.body
    assert "Origin" in first.headers["vary"]
    assert "etag" not in ask(app, "GET", "/nowhere").headers


def test_an_error_of_ours_is_one_line_without_the_request(
    app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("198.51.100.77")

    broken = create_app_over(make_country(days=1, per_day=1))
    broken.get("/broken")(fail)
    answer = ask(broken, "GET", "/broken?secret")
    assert (answer.status, answer.text) == (500, "This did not work.")
    assert answer.headers["content-security-policy"] == POLICIES["content-security-policy"]
    assert "RuntimeError in fail" in caplog.text
    assert not any(word in caplog.text for word in ("198.51.100.77", "secret", "Traceback"))


def test_a_path_of_a_report_file_is_not_shown(app: FastAPI, tmp_path: Path) -> None:
    assert str(tmp_path.parent) not in ask(app, "GET", "/api/v2/reports").text
