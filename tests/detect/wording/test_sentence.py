"""Sentences: event, place, time and count, with long lists cut."""

from dataclasses import replace

from banwatch.detect.wording.lists import listed
from banwatch.detect.wording.sentence import render_sentence
from tests.detect.test_first_light import seen


def test_a_shutdown_names_its_network_and_its_end() -> None:
    shutdown = seen()[2][3]
    text = render_sentence(shutdown)
    assert text == shutdown.sentence
    assert text.startswith("The network went dark on AS64512")
    assert "ending between" in text
    lasting = replace(shutdown, end_earliest=None, end_latest=None, measurements=0, members=())
    quiet = render_sentence(lasting)
    assert quiet.startswith("Nothing was heard from AS64512")  # nothing was measured: nobody saw it dark
    assert "not seen to end; told by the absence" in quiet


def test_long_lists_are_counted() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
