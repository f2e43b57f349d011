"""The pages in a real browser, from disk and over HTTP: links lead on, and nothing that was measured runs."""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from banwatch.bulletin.publish import publish_from
from banwatch.explorer.app import create_app_over
from banwatch.model.ban import Measured
from banwatch.model.ids import MeasurementUid
from banwatch.model.state import State
from banwatch.net.listening import listen
from banwatch.pages.links import LiveLinks
from tests.pages.made_up_country import (
    ANNOUNCED,
    MadeUpReader,
    make_country,
    make_raw,
    make_row,
    make_verdict,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
EVIL = (
    "</pre></title></script><script>document.title='owned'</script>"
    "<img src=x onerror=\"document.title='owned'\"><svg onload=\"document.title='owned'\">"
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
    pytest.mark.xdist_group("browser"),
]


def hostile_country() -> MadeUpReader:
    reader = make_country(days=6, per_day=1)
    target = f"{EVIL}.example"
    reader.raw_lines[MeasurementUid(EVIL)] = make_raw(
        EVIL,
        target,
        "visitor",
        ANNOUNCED,
        requests=[
            {
                "failure": EVIL,
                "request": {"method": "GET", "url": f"javascript:{EVIL}", "headers": {EVIL: EVIL}},
                "response": {"code": 302, "body": f"<title>{EVIL}</title>", "headers": {"Location": EVIL}},
            }
        ],
    )
    reader.verdict_rows.append(make_verdict(EVIL, target, "visitor", ANNOUNCED, State.LIKELY_BLOCKED, EVIL))
    reader.rows.append(make_row(target, "visitor", Measured.ENFORCED, witness=MeasurementUid(EVIL)))
    return reader


@dataclass
class Watched:
    """A page, and everything that the browser complained of or went to fetch."""

    page: "Page"
    complaints: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        self.page.on("request", lambda request: self.fetched.append(request.url))


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def watched(browser: "Browser") -> Iterator[Watched]:
    page = browser.new_page(viewport={"width": 1100, "height": 800})
    yield Watched(page)
    page.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("browser")
    return publish_from(hostile_country(), "kp-test", out).parent


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    import uvicorn

    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    config = uvicorn.Config(create_app_over(hostile_country()), log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
    thread.start()
    for _ in range(200):
        if server.started:
            break
        threading.Event().wait(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)
    listening.close()


def styled(page: Any) -> bool:
    return bool(page.evaluate("getComputedStyle(document.querySelector('.masthead')).display") == "flex")


def test_from_cell_to_measurement_to_raw_json_on_disk(folder: Path, watched: Watched) -> None:
    page = watched.page
    page.goto((folder / "index.html").as_uri())
    assert styled(page)
    assert page.locator("figure svg").count() == 6  # each for a screen and for a phone
    page.locator("td.cell a").filter(has_text="an example").first.click()
    page.wait_for_load_state()
    assert "on 1 April 2016" in page.title()
    raw = page.locator("details.raw").first
    assert not raw.locator("pre").is_visible()
    raw.locator("summary").click()
    assert raw.locator("pre").is_visible()
    assert '"measurement_uid"' in raw.locator("pre").inner_text()
    assert watched.complaints == []
    assert all(url.startswith("file:") for url in watched.fetched)


def test_from_square_to_day_on_disk(folder: Path, watched: Watched) -> None:
    page = watched.page
    page.goto((folder / "index.html").as_uri())
    page.locator("figure svg a").first.click()
    page.wait_for_load_state()
    assert "27 March 2016" in page.title()
    page.get_by_role("link", name="Later").click()
    page.wait_for_load_state()
    assert "28 March 2016" in page.title()
    assert watched.complaints == []


def test_from_cell_to_measurement_to_raw_json_over_http(address: str, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{address}/")
    assert styled(page)
    page.locator("article.ban a").click()
    page.locator("td.cell a").filter(has_text="an example").first.click()
    page.locator("details.raw summary").first.click()
    page.get_by_role("link", name="The bytes as they were received").first.click()
    page.wait_for_load_state()
    assert page.url.endswith(".json")
    assert '"measurement_uid"' in page.locator("body").inner_text()
    assert watched.complaints == []
    assert all(url.startswith(address) or url.startswith("data:") for url in watched.fetched)


def test_a_hostile_measurement_runs_nothing(folder: Path, address: str, watched: Watched) -> None:
    page = watched.page
    hostile = [
        path for path in (folder / "measurements").rglob("*.html") if path.parent.name.startswith("x-")
    ]
    addresses = [path.as_uri() for path in hostile]
    addresses += [(folder / "index.html").as_uri(), f"{address}/", f"{address}/bans/kp-test"]
    addresses += [address + LiveLinks().measurement(MeasurementUid(EVIL))]
    assert len(addresses) == 5
    for one in addresses:
        page.goto(one)
        assert page.title() != "owned"
        assert page.locator("script, iframe, img").count() == 0
    page.locator("details.raw summary").first.click()
    assert "document.title='owned'" in page.locator("details.raw pre").first.inner_text()
    assert watched.complaints == []


def test_it_fits_a_phone(folder: Path, browser: "Browser") -> None:
    page = browser.new_page(viewport={"width": 360, "height": 740})
    for path in ("index.html", *[str(p.relative_to(folder)) for p in sorted(folder.rglob("*.html"))[:2]]):
        page.goto((folder / path).as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(folder: Path, browser: "Browser", scheme: Any) -> None:
    """Contrast of every text is at least 4.5 to 1 (WCAG AA)."""
    page = browser.new_page(color_scheme=scheme)
    page.goto((folder / "index.html").as_uri())
    pairs = page.evaluate(
        """() => [...document.querySelectorAll('p, td span, th, dt, dd, small, a, h1, h2, h3, code')]
            .filter(e => e.textContent.trim() && !e.closest('svg'))
            .map(e => {
                const clear = 'rgba(0, 0, 0, 0)';
                let b = e, back = clear;
                for (; b && back === clear; b = b.parentElement) back = getComputedStyle(b).backgroundColor;
                return [e.textContent.trim().slice(0, 40), getComputedStyle(e).color, back];
            })"""
    )
    page.close()
    weak = {(text, front, back) for text, front, back in pairs if contrast(front, back) < 4.5}
    assert weak == set()


def contrast(one: str, other: str) -> float:
    lights = sorted(
        luminance([int(float(part)) for part in c[c.index("(") + 1 : -1].split(",")[:3]])
        for c in (one, other)
    )
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def luminance(rgb: list[int]) -> float:
    shares = [part / 255 for part in rgb]
    red, green, blue = [s / 12.92 if s <= 0.03928 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
