"""World map: every country once, within the map, and no line across it."""

import re
from xml.etree import ElementTree

from babel import Locale

from banwatch.pages.figures.world import Shade, draw_world, lands, project

WIDTH = 960


def test_every_country_of_the_file_has_a_code_but_two() -> None:
    codes = [land.code for land in lands()]
    assert sorted(land.name for land in lands() if not land.code) == ["N. Cyprus", "Somaliland"]
    named = [code for code in codes if code]
    assert len(set(named)) == len(named) > 170
    assert {"KP", "KR", "FR", "NO", "XK", "TW", "EH", "PS"} <= set(named)
    assert set(named) <= set(Locale("en").territories)


def test_no_country_is_drawn_across_the_map() -> None:
    for land in lands():
        for ring in re.findall(r"M([^z]*)z", land.path):
            numbers = [int(value) for value in re.findall(r"-?\d+", ring)]
            steps = numbers[2::2]
            assert max(map(abs, steps), default=0) < WIDTH / 6, land.name


def test_the_projection_keeps_places_where_they_are() -> None:
    x, y = project(11.0, 0.0)
    assert (round(x), round(y)) == (WIDTH // 2, 0)
    assert project(126, 39)[0] > project(100, 39)[0] > project(11, 39)[0]
    assert project(126, 60)[1] < project(126, 39)[1] < 0


def test_names_and_addresses_are_only_text() -> None:
    evil = '"><script>alert(1)</script>'
    drawn = draw_world(
        {"KP": Shade(fill="#800", said=evil, href=evil)}, Shade(fill="#eee", said=""), evil, []
    )
    root = ElementTree.fromstring(drawn)
    assert not [element for element in root.iter() if element.tag.endswith("script")]
    assert len(drawn) < 60_000
