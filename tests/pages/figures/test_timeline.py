"""Timeline: bars with their uncertainty, days with their share, and nothing outside of it."""

from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import pytest

from banwatch.pages.figures.timeline import Bar, Timeline, draw_timeline

FIRST = datetime(2016, 3, 27, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def make_timeline(**changed: object) -> Timeline:
    values: dict[str, object] = {
        "title": "Incidents",
        "first": FIRST,
        "last": FIRST + timedelta(days=10),
        "bars": (
            Bar(
                label="KP-2016-0001",
                said="<script>",
                onset=(FIRST + timedelta(days=2), FIRST + timedelta(days=3)),
                end=None,
                silent=False,
            ),
        ),
        "days": tuple((date(2016, 3, 27) + timedelta(days=n), n, 10, 12) for n in range(10)),
        "announced": (date(2016, 4, 1),),
    }
    return Timeline(**{**values, **changed})  # type: ignore[arg-type]  # tests give each field what it takes


@pytest.mark.parametrize("narrow", [False, True])
def test_it_is_drawn_and_says_its_message(narrow: bool) -> None:
    root = ElementTree.fromstring(draw_timeline(make_timeline(), narrow=narrow))
    assert root.get("aria-label") == (
        "One incident from 27 March 2016 to 6 April 2016; 45 of 100 measurements that could tell show "
        "interference."
    )
    assert float(str(root.get("width"))) <= (360 if narrow else 720)
    assert "KP-2016-0001" in [(element.text or "") for element in root.iter(f"{SVG}text")]
    assert not list(root.iter(f"{SVG}script"))


def test_what_began_before_it_is_drawn_from_its_edge() -> None:
    early = Bar(label="x", said="", onset=(FIRST - timedelta(days=90), FIRST), end=None, silent=True)
    assert "M-" not in draw_timeline(make_timeline(bars=(early,)))


def test_nothing_measured_but_one_day() -> None:
    one = make_timeline(days=((date(2016, 3, 27), 0, 0, 0),), last=FIRST, bars=(), announced=())
    assert draw_timeline(one).startswith("<svg")
