"""Pictures with proof: what was drawn verifies, and any change of picture or data is found."""

import base64
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from banwatch.cli.main import create_app
from banwatch.model.errors import WireError
from banwatch.pages.figures.draw import png_of
from banwatch.pages.figures.proof import (
    Facts,
    stamp_png,
    stamp_svg,
    verify_picture_untrusted,
    without_proof,
)
from banwatch.pages.figures.timeline import draw_timeline
from tests.pages.figures.test_timeline import make_timeline

FACTS = Facts(
    title="<script>",
    source="Banwatch",
    address="https://x.example/countries/KP.csv",
    span="27 March 2016 to 6 April 2016",
    measurements="120 measurements",
    data="day,n\r\n2016-03-27,12\r\n",
)


@pytest.fixture(scope="module")
def svg() -> bytes:
    return stamp_svg(draw_timeline(make_timeline()), FACTS).encode()


@pytest.fixture(scope="module")
def png(svg: bytes) -> bytes:
    return stamp_png(png_of(without_proof(svg.decode())), FACTS)


def test_what_was_drawn_verifies_and_has_its_data(svg: bytes, png: bytes) -> None:
    for picture in (svg, png):
        found = verify_picture_untrusted(picture)
        assert found.consistent
        assert found.facts.data == FACTS.data
    assert b"https://x.example/countries/KP.csv" in svg
    assert verify_picture_untrusted(svg).facts.data_sha256[:12].encode() in svg


def test_a_changed_picture_is_found(svg: bytes, png: bytes) -> None:
    repainted = svg.replace(b"#b8482a", b"#d5e5f2")
    assert repainted != svg
    assert not verify_picture_untrusted(repainted).picture_unaltered
    middle = len(png) // 2
    other = png[:middle] + bytes([png[middle] ^ 1]) + png[middle + 1 :]
    assert not verify_picture_untrusted(other).picture_unaltered


def test_changed_data_are_found(svg: bytes, png: bytes) -> None:
    said = re.search(rb"<metadata>(.*?)</metadata>", svg)
    assert said is not None
    forged = base64.b64encode(base64.b64decode(said[1]).replace(b"03-27,12", b"03-27,99"))
    found = verify_picture_untrusted(svg.replace(said[1], forged))
    assert (found.picture_unaltered, found.data_unaltered) == (True, False)
    assert not verify_picture_untrusted(png.replace(b"03-27,12", b"03-27,99")).data_unaltered


def test_a_second_proof_is_refused(svg: bytes, png: bytes) -> None:
    for twice in (
        svg.replace(b"</metadata>", b"</metadata><metadata>QQ==</metadata>"),
        stamp_png(png, FACTS),
    ):
        with pytest.raises(WireError):
            verify_picture_untrusted(twice)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg/>",
        b"<svg><metadata>!</metadata></svg>",
        b"<svg><metadata>QQ==</metadata></svg>",
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffiTXt",
        b"\x00" * 100,
    ],
)
def test_what_is_no_picture_of_ours_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(WireError):
        verify_picture_untrusted(content)


def test_the_command_says_so_and_fails_on_a_change(svg: bytes, png: bytes, tmp_path: Path) -> None:
    good, bad, none = tmp_path / "a.png", tmp_path / "b.svg", tmp_path / "c.svg"
    good.write_bytes(png)
    bad.write_bytes(svg.replace(b"#b8482a", b"#d5e5f2"))
    none.write_text("<svg/>")
    runner, app = CliRunner(), create_app()
    found = runner.invoke(app, ["verify", str(good)])
    assert found.exit_code == 0
    assert "Picture: as it was made." in found.output
    assert "no signature" in found.output
    found = runner.invoke(app, ["verify", str(bad)])
    assert found.exit_code == 1
    assert "Picture: CHANGED since it was made." in found.output
    assert runner.invoke(app, ["verify", str(none)]).exit_code != 0
