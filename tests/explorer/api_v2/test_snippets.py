"""The snippets of docs/api.md and docs/ooni-api.md run as they are written, against a server on loopback."""

import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from banwatch.explorer.app import create_app_over
from banwatch.pages.store_reader import StoreReader
from tests.explorer.ooni_api.measured_store import measured_store

DOCS = Path(__file__).parents[3] / "docs"
_BLOCK = re.compile(r"^```(sh|python|r)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SNIPPETS = [
    (f"{page}-{language}", language, text)
    for page in ("api", "ooni-api")
    for language, text in _BLOCK.findall((DOCS / f"{page}.md").read_text(encoding="utf-8"))
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a store on loopback, and return the address."""
    with measured_store(tmp_path_factory.mktemp("snippets")) as store:
        config = uvicorn.Config(create_app_over(StoreReader(store)), port=0, log_level="error", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        (socket,) = server.servers[0].sockets
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize(
    ("language", "text"), [one[1:] for one in SNIPPETS], ids=[one[0] for one in SNIPPETS]
)
def test_a_snippet_runs_as_it_is_written(served: str, tmp_path: Path, language: str, text: str) -> None:
    programs = {"sh": ["sh", "-e", "-c"], "python": [sys.executable, "-c"], "r": ["Rscript", "-e"]}
    program = programs[language]
    if shutil.which(program[0]) is None:
        pytest.skip(f"{program[0]} is not installed")
    assert "http://127.0.0.1:8080" in text
    text = (
        text.replace("http://127.0.0.1:8080", served)
        .replace("curl -s ", "curl -fsS ")
        .replace('curl "', 'curl -fsS "')
    )
    run = subprocess.run(
        [*program, text], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "KP" in run.stdout or " verdicts" in run.stdout or "anomaly_count" in run.stdout


def test_there_are_snippets_in_three_languages() -> None:
    assert {language for _, language, _ in SNIPPETS} == {"sh", "python", "r"}
