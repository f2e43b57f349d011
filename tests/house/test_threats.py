"""Every test that docs/threats.md names exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_threat_names_a_test_that_exists() -> None:
    text = (ROOT / "docs/threats.md").read_text()
    rows = text.partition("## What holds")[2].partition("## What does not hold")[0]
    named = [re.findall(r"`(tests/[^`]+)`", row) for row in rows.splitlines() if row.startswith("| ")][1:]
    assert len(named) > 10
    for tests in named:
        assert tests
        assert all((ROOT / test).is_file() for test in tests), tests
