"""Releases: what they are made from is pinned, and two builds of a commit have the same bytes."""

import importlib.util
import json
import re
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted(path.name for path in ROOT.glob("requirements*.lock"))


def load_tool() -> ModuleType:
    specification = importlib.util.spec_from_file_location("release", ROOT / "tools" / "release.py")
    assert specification is not None
    assert specification.loader is not None
    tool = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(tool)
    return tool


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_with_a_hash_and_without_an_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    pins = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert pins
    assert [pin for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []
    assert "://" not in text
    assert "index-url" not in text


def test_the_tool_that_pins_is_pinned_itself() -> None:
    assert "requirements-release.lock" in LOCKS
    pinned = re.search(r"^uv==", (ROOT / "requirements-release.lock").read_text(), re.MULTILINE)
    assert pinned
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^lock: \$\(VENV\)/\.release ", makefile, re.MULTILINE)
    assert "pip install --quiet uv" not in makefile


@pytest.mark.slow
def test_two_builds_of_a_commit_have_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("cyclonedx_py", reason="`make release` installs what it takes")
    load_tool().main(tmp_path / "dist", native=False)  # exits where the second differs
    sums = dict(line.split("  ")[::-1] for line in capsys.readouterr().out.splitlines())
    assert sorted(sums) == sorted(p.name for p in (tmp_path / "dist").iterdir() if p.name != "SHA256SUMS")
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        assert "banwatch/cli/main.py" in packed.namelist()
        assert not [name for name in packed.namelist() if name.endswith(".so")]
    (archive,) = (tmp_path / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as packed_sources:
        names = [name.partition("/")[2] for name in packed_sources.getnames()]
    assert {"pyproject.toml", "tools/native.py", "tools/wheel_hook.py", "requirements.lock"} <= set(names)
    bill = json.loads((tmp_path / "dist" / "banwatch.cdx.json").read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "banwatch")
    assert {"duckdb", "cryptography", "google-re2"} <= {part["name"] for part in bill["components"]}
