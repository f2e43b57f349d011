"""Compiled modules give what the interpreted ones give, bit for bit."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.judge.scenario import Scenario
from tests.judge.test_scenarios import CENSORED, HONEST

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data" / "webconnectivity"
DIGESTS = """
import sys
from pathlib import Path
from banwatch import reference
from banwatch.judge import line
from banwatch.pipeline.ingest import ingest
from banwatch.store import Store

print(Path(line.__file__).suffix)
with Store.open(Path(sys.argv[1])) as store:
    report = ingest(store, sys.argv[2:], reference.load(), jobs=2)
    print(report.accepted, report.conflicts, report.quarantined)
    for name in ("quarantine", "measurement", "observation", "evidence", "verdict"):
        print(name, store.digest(name))
"""


def load_tool() -> ModuleType:
    specification = importlib.util.spec_from_file_location("native", ROOT / "tools" / "native.py")
    assert specification is not None
    assert specification.loader is not None
    tool = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(tool)
    return tool


def test_extensions_here_were_compiled_from_these_sources() -> None:
    tool = load_tool()
    if not list(tool.extensions()):
        pytest.skip("nothing is compiled here: `make native` does it")
    assert tool.STAMP.read_text(encoding="ascii").strip() == tool.digest(), "run `make native` again"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_compiled_and_interpreted_give_the_same_digests(tmp_path: Path) -> None:
    if shutil.which("cc") is None:
        pytest.skip("no C compiler (cc)")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    scenarios = [Scenario(), *(scenario for scenario, _ in (*CENSORED.values(), *HONEST.values()))]
    lines = [scenario.to_line() for scenario in scenarios]
    (corpus / "scenarios.jsonl").write_bytes(b"\n".join([*lines, b"{}", lines[0][:-20]]))
    for path in SHARED.glob("*[!h].jsonl"):
        shutil.copy(path, corpus)
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    (copy / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "native.py", copy / "tools")
    shutil.copy(ROOT / "pyproject.toml", copy)
    interpreted = digests(copy, corpus, tmp_path / "interpreted.duckdb")
    run(copy, str(copy / "tools" / "native.py"), "build", NATIVE_OPT="1")
    compiled = digests(copy, corpus, tmp_path / "compiled.duckdb")
    assert interpreted[0] == ".py"
    assert compiled[0] == ".so"
    assert compiled[1:] == interpreted[1:]
    run(copy, str(copy / "tools" / "native.py"), "clean")
    assert not list((copy / "src").rglob("*.so"))


def digests(copy: Path, corpus: Path, store: Path) -> list[str]:
    return run(copy, "-c", DIGESTS, str(store), str(corpus)).splitlines()


def run(copy: Path, *arguments: str, **settings: str) -> str:
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(copy / "src"), **settings}
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=1500,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout
