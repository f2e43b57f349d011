"""The pinned packages are compared with an export of known faults."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tools.check_lock import ROOT, audit, is_affected, main, read_pins


def advisory(name: str, **affected: Any) -> dict[str, Any]:
    package = {"ecosystem": "PyPI", "name": name}
    return {
        "id": f"PYSEC-{name}",
        "modified": "2026-10-01T00:00:00Z",
        "summary": "a fault",
        "affected": [{"package": package, **affected}],
    }


TWO_RANGES = ({"introduced": "0"}, {"fixed": "1.2"}, {"introduced": "2.0"}, {"fixed": "2.2"})


def between(*events: dict[str, str]) -> dict[str, Any]:
    return {"ranges": [{"type": "ECOSYSTEM", "events": list(events)}]}


@pytest.mark.parametrize(
    ("version", "affected", "expected"),
    [
        ("1.5", between({"introduced": "0"}), True),
        ("1.5", between({"introduced": "0"}, {"fixed": "1.5"}), False),
        ("1.5", between({"introduced": "0"}, {"fixed": "1.10"}), True),
        ("1.5", between({"introduced": "1.6"}), False),
        ("1.5", between({"introduced": "0"}, {"last_affected": "1.5"}), True),
        ("1.5.1", between({"introduced": "0"}, {"last_affected": "1.5"}), False),
        (
            "2.1",
            between({"introduced": "0"}, {"fixed": "1.2"}, {"introduced": "2.0"}, {"fixed": "2.2"}),
            True,
        ),
        (
            "1.3",
            between({"introduced": "0"}, {"fixed": "1.2"}, {"introduced": "2.0"}, {"fixed": "2.2"}),
            False,
        ),
        ("1.5", {"versions": ["1.4", "1.5"]}, True),
        ("1.5", {"versions": ["1.4"]}, False),
        ("1.5", {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}, False),
        ("1.5", between({"introduced": "no version"}), False),
    ],
)
def test_versions(version: str, affected: dict[str, Any], expected: bool) -> None:
    assert is_affected(version, affected) is expected


def test_every_pin_of_the_locks_is_read() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text(encoding="utf-8")
        pinned = [row for row in text.splitlines() if row[:1].isalnum()]
        assert len(read_pins(text)) == len({row.partition("==")[0].partition("[")[0] for row in pinned})
        assert all("==" in row for row in pinned)


def test_a_known_fault_fails_and_others_do_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = tmp_path / "some.lock"
    lock.write_text("Some_Package[extra]==1.5 ; python_version > '3' \\\n    --hash=sha256:00\nother==2\n")
    rows = [advisory("some.package", versions=["1.5"]), advisory("third", **between({"introduced": "0"}))]
    export = tmp_path / "all.zip"
    with zipfile.ZipFile(export, "w") as packed:
        for row in rows:
            packed.writestr(f"{row['id']}.json", json.dumps(row))
        packed.writestr("damaged.json", "{")
        packed.writestr("README.md", "no advisory")
    assert main(export, [lock]) == 1
    assert "some-package 1.5: PYSEC-some.package a fault" in capsys.readouterr().out
    withdrawn = audit({"some-package": "1.5"}, [{**rows[0], "withdrawn": "2026-11-01T00:00:00Z"}])
    assert (withdrawn.findings, withdrawn.advisories, withdrawn.newest[:10]) == ((), 1, "2026-10-01")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "one.yaml").write_text(
        "id: X\naffected:\n- package: {ecosystem: PyPI, name: other}\n  versions: ['1']\n"
    )
    assert main(folder, [lock]) == 0
    assert "0 known faults in 2 packages, 1 advisories" in capsys.readouterr().out
    (tmp_path / "empty").mkdir()
    assert main(tmp_path / "empty", [lock]) == 1  # nothing was compared
