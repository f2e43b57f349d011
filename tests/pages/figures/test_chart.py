"""Chart: its marks and its addresses, drawn by the real engine."""

from dataclasses import replace
from datetime import date, timedelta
from xml.etree import ElementTree

from banwatch.pages.figures.chart import Band, Chart, Square
from banwatch.pages.figures.draw import draw_png, draw_svg, summarise
from banwatch.pages.figures.marks import MARKS
from banwatch.pages.wording.ladder import Rung

EVIL = '<script>alert("x")</script>'
DAYS = tuple(date(2016, 3, 30) + timedelta(days=n) for n in range(5))


def make_chart() -> Chart:
    targets = ("bbc.com", EVIL)
    rungs = list(Rung)
    squares = tuple(
        Square(
            target=target,
            day=day,
            rung=rungs[(row + column) % len(rungs)],
            note=f"{target} on {day}",
            href=f"days/{row}-{column}.html" if column else "",
        )
        for row, target in enumerate(targets)
        for column, day in enumerate(DAYS)
    )
    return Chart(
        title="A title",
        subtitle="made in a lab",
        alt="What it shows",
        days=DAYS,
        bands=(Band(title="All", targets=targets),),
        squares=squares,
        announced=date(2016, 4, 1),
        shutdown=(date(2016, 4, 2),),
    )


def test_squares_lead_to_their_days() -> None:
    drawing = draw_svg(make_chart())
    root = ElementTree.fromstring(drawing.inline)
    links = [element.attrib["href"] for element in root.iter("{http://www.w3.org/2000/svg}a")]
    assert sorted(links) == sorted(f"days/{row}-{column}.html" for row in (0, 1) for column in range(1, 5))


def test_a_file_of_its_own_has_no_links_and_no_style() -> None:
    drawing = draw_svg(make_chart())
    root = ElementTree.fromstring(drawing.standalone)
    assert not list(root.iter("{http://www.w3.org/2000/svg}a"))
    assert "http" not in drawing.standalone.replace("http://www.w3.org/", "")
    assert all("style" not in element.attrib for element in root.iter())


def test_a_name_is_only_text() -> None:
    drawing = draw_svg(make_chart())
    root = ElementTree.fromstring(drawing.inline)
    assert not [element for element in root.iter() if element.tag.endswith("script")]
    assert EVIL in [element.text for element in root.iter()]
    assert not [element for element in root.iter() if element.tag.endswith("script")]


def test_it_says_what_it_shows_and_where_it_is_from() -> None:
    drawing = draw_svg(make_chart())
    root = ElementTree.fromstring(drawing.inline)
    assert root.get("role") == "img"
    assert root.get("aria-label") == "What it shows"
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"made in a lab", "announced from here", "bbc.com"} <= {
        str(text).removeprefix("↓ ") for text in texts
    }
    assert "↓ no answer at all" in texts


def test_states_differ_in_shape_as_well_as_in_colour() -> None:
    assert set(MARKS) == set(Rung)
    assert len({mark.shape for mark in MARKS.values()}) == len(Rung)
    assert len({mark.fill for mark in MARKS.values()}) == len(Rung)


def test_a_row_is_told_by_its_runs() -> None:
    squares = [
        Square(target="bbc.com", day=day, rung=rung, note="")
        for day, rung in zip(DAYS, [Rung.OK, Rung.OK, Rung.BLOCKED, Rung.BLOCKED, Rung.OK], strict=True)
    ]
    assert summarise("bbc.com", squares) == (
        "bbc.com: reachable 30 Mar to 31 Mar; blocked 1 Apr to 2 Apr; reachable 3 Apr"
    )


def test_a_square_takes_few_bytes() -> None:
    days = tuple(date(2016, 3, 1) + timedelta(days=n) for n in range(40))
    targets = tuple(f"site{n}.example" for n in range(50))
    squares = tuple(
        Square(target=target, day=day, rung=Rung.OK, note="", href="x") for target in targets for day in days
    )
    chart = replace(make_chart(), days=days, bands=(Band(title="All", targets=targets),), squares=squares)
    drawing = draw_svg(chart)
    assert len(drawing.standalone) < 20 * len(squares)
    assert "<a " not in drawing.inline  # too many to be links: the page's tables lead there


def test_two_drawings_on_one_page_share_no_name() -> None:
    other = replace(make_chart(), alt="Another")
    names = [
        element.get("id")
        for chart in (make_chart(), other)
        for drawing in (draw_svg(chart).inline, draw_svg(chart).narrow)
        for element in ElementTree.fromstring(drawing).iter()
        if element.get("id")
    ]
    assert len(set(names)) == len(names)


def test_png() -> None:
    png = draw_png(make_chart())
    assert png.startswith(b"\x89PNG\r\n\x1a\n")


def test_only_days_inside_the_chart_are_marked() -> None:
    assert "no answer at all</text>" in draw_svg(make_chart()).standalone
    other = replace(make_chart(), shutdown=(date(2020, 1, 1),), squares=())
    assert "no answer at all" not in draw_svg(other).standalone
