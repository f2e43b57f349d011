"""Chart: its marks and its addresses, drawn by the real engine."""

from datetime import date, timedelta
from xml.etree import ElementTree

from banwatch.pages.days import DayState
from banwatch.pages.figures.chart import Band, Chart, Square, specify
from banwatch.pages.figures.draw import draw_png, draw_svg

EVIL = '<script>alert("x")</script>'
DAYS = tuple(date(2016, 3, 30) + timedelta(days=n) for n in range(5))


def make_chart() -> Chart:
    targets = ("bbc.com", EVIL)
    states = list(DayState)
    squares = tuple(
        Square(
            target=target,
            day=day,
            state=states[(row + column) % len(states)],
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
    assert "cell.invalid" not in drawing.inline


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


def test_it_says_what_it_shows_and_where_it_is_from() -> None:
    drawing = draw_svg(make_chart())
    root = ElementTree.fromstring(drawing.inline)
    assert root.get("role") == "img"
    assert root.get("aria-label") == "What it shows"
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"made in a lab", "announced from here", "network shut down", "bbc.com"} <= texts


def test_states_differ_in_shape_as_well_as_in_colour() -> None:
    from banwatch.pages.figures.chart import _FILLS, _GLYPHS

    shapes = [path for path, _ in _GLYPHS.values()]
    assert len(set(shapes)) == len(shapes) == len(DayState)
    assert len(set(_FILLS.values())) == len(DayState)


def test_png() -> None:
    png = draw_png(make_chart())
    assert png.startswith(b"\x89PNG\r\n\x1a\n")


def test_only_days_inside_the_chart_are_marked() -> None:
    text = str(specify(make_chart()))
    assert "network shut down" in text
    from dataclasses import replace

    assert "network shut down" not in str(specify(replace(make_chart(), shutdown=(date(2020, 1, 1),))))
