"""The form in a real browser with JavaScript off: our own is taken, and nobody else's."""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from banwatch.explorer.app import create_app_over
from banwatch.net.listening import listen
from banwatch.store.reports import ReportBook
from tests.pages.made_up_country import make_country

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture
def book(tmp_path: Path) -> ReportBook:
    return ReportBook(tmp_path / "reports.jsonl")


@pytest.fixture
def port(book: ReportBook) -> Iterator[int]:
    import uvicorn

    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    app = create_app_over(make_country(days=2, per_day=1), reports=book)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
    thread.start()
    for _ in range(200):
        if server.started:
            break
        threading.Event().wait(0.05)
    yield port
    server.should_exit = True
    thread.join(timeout=10)
    listening.close()


def test_a_reader_fills_in_the_form_and_another_site_cannot(port: int, book: ReportBook) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 700})
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/bans/kp-test")
        page.get_by_role("link", name="Report that something does not open", exact=True).click()
        page.get_by_label("What does not open?").fill("192.0.2.1")
        page.get_by_label("Note").fill("since noon")
        page.get_by_role("button", name="Report").click()
        assert "not a domain" in page.get_by_role("alert").inner_text()
        assert page.get_by_label("Note").input_value() == "since noon"  # nothing has to be written twice
        page.get_by_label("What does not open?").fill("youtube.com")
        page.get_by_label("When (UTC)?").fill("2016-04-01T06:30")
        page.get_by_role("button", name="Report").click()
        assert page.get_by_role("heading", name="Thank you").is_visible()
        assert [report.claim.note for report in book.reports()] == ["since noon"]
        assert context.cookies() == []

        form = f"<form method=post action=http://127.0.0.1:{port}/report><input name=target value=x.example>"
        page = context.new_page()
        page.goto(f"data:text/html,{form}<button>Win</button></form>")
        page.get_by_role("button", name="Win").click()
        assert "not sent from this site" in page.locator("body").inner_text()
        assert len(book.reports()) == 1
        browser.close()
