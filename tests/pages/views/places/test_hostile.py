"""Pages of places with a stranger's words: inert, bounded, and visible as what they are."""

import pytest

from banwatch.model.ids import TargetName
from banwatch.model.state import State
from banwatch.pages import live_pages, live_places
from tests.pages.html_page import read
from tests.pages.made_up_country import KP, START, MadeUpReader, make_country, make_incident, make_verdict
from tests.pages.views.places.test_country import make_member

EVIL = "</title></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'\u202e\u0000"
LONG = "x" * 200_000


@pytest.fixture(scope="module")
def reader() -> MadeUpReader:
    made = make_country(days=3, per_day=1)
    for name in (EVIL, LONG):
        made.verdict_rows.append(
            make_verdict(f"{name[:40]}-uid", name, "visitor", START, State.LIKELY_BLOCKED, EVIL)
        )
    made.incident_rows = [
        make_incident(
            targets=(TargetName(EVIL),), mechanisms=(EVIL,), members=(make_member(EVIL, mechanisms=(EVIL,)),)
        )
    ]
    return made


def pages_of(reader: MadeUpReader) -> dict[str, str]:
    return {
        "country": live_places.render_country(reader, "KP", recorded=False),
        "network": live_places.render_network(reader, "KP", 64512, recorded=False),
        "target": live_places.render_target(reader, EVIL, recorded=False),
        "search": live_places.render_search(reader, EVIL, recorded=False),
        "incident": live_pages.render_incident(reader, "KP-2016-0001", recorded=False),
        "home": live_pages.render_home(reader, recorded=False),
    }


def test_nothing_runs_and_nothing_reorders(reader: MadeUpReader) -> None:
    for name, page in pages_of(reader).items():
        found = read(page)
        assert found.scripts == [], name
        assert found.unexpected == [], name
        for hidden_character in ("\u202e", "\u0000"):
            assert hidden_character not in page, name


def test_a_long_name_makes_no_long_page(reader: MadeUpReader) -> None:
    pages = pages_of(reader)
    addresses = LONG  # an address has the whole name, or it would lead elsewhere
    for name in ("country", "network", "home"):
        assert len(pages[name].replace(addresses, "")) < 150_000, name


def test_twins_are_as_inert(reader: MadeUpReader) -> None:
    drawn = live_places.twin_of_country(reader, KP, "svg", recorded=False)
    assert b"<script" not in drawn
    assert live_places.twin_of_country(reader, KP, "csv", recorded=False).count(b"\r\n") > 10
