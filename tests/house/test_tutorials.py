"""The commands of the tutorials run, and show what the tutorials show."""

import shutil
from pathlib import Path

import pytest

from banwatch.demo.conduct import DemoSettings, conduct
from banwatch.lab.machine.doctor import doctor
from tests.house.source_tree import ROOT
from tests.house.walkthrough import follow, make_programs, read_blocks

TUTORIALS = sorted((ROOT / "docs/tutorials").glob("*.md"))
DEMO = "banwatch demo --recorded --no-serve --out demo"
_HAS_LAB = all(check.ok for check in doctor() if check.needed)
_LEFT_OUT = frozenset({"demo"} if _HAS_LAB else {"demo", "lab"})

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("tutorials")]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the tutorials' first command, once for all of them, without its pages.

    Pages take three quarters of its time, no tutorial's command reads them, and
    `tests/demo/test_story.py` has them.
    """
    out_dir = tmp_path_factory.mktemp("tutorials") / "demo"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("banwatch.bulletin.publish", lambda *_, **__: None)
        conduct(DemoSettings(out_dir=out_dir, serve=False, recorded=True))
    return out_dir


@pytest.mark.parametrize("document", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_can_be_followed(document: Path, demo: Path, tmp_path: Path) -> None:
    environment = make_programs(tmp_path, ROOT / "src")
    for block in read_blocks(document):
        assert "demo" not in block.options.split() or f"$ {DEMO}\n" in block.body
    shutil.copytree(demo, tmp_path / "demo")
    assert follow(document, tmp_path, environment, leave_out=_LEFT_OUT) > 0
    if not _HAS_LAB and "console lab" in document.read_text("utf-8"):
        pytest.skip("no lab here: the steps that need none were followed")
