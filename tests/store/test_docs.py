"""The examples in docs/store.md run, and print what the text says."""

import ast
import re
from pathlib import Path

import pytest

from banwatch import reference
from banwatch.pipeline.ingest import ingest
from banwatch.store import Store
from banwatch.store.tables import TABLES
from tests.pipeline.measurement_lines import line, write

DOCUMENT = Path(__file__).parents[2] / "docs/store.md"
BLOCKS = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_examples_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Store.open(tmp_path / "banwatch.duckdb") as store:
        ingest(store, [write(tmp_path / "a.jsonl", [line(n) for n in range(9)])], reference.load())
    monkeypatch.chdir(tmp_path)
    blocks = BLOCKS.findall(DOCUMENT.read_text("utf-8"))
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(DOCUMENT), "exec"), names)
    answers = [
        ast.literal_eval(text) for text in capsys.readouterr().out.splitlines() if "datetime" not in text
    ]
    assert len(blocks) == 3
    assert sum(row["measurements"] for row in answers[0]) == 9
    assert answers[-1] == [{"step": "tls", "n": 3}]


def test_every_table_is_named() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert [name for name in TABLES if f"`{name}`" not in text] == []
