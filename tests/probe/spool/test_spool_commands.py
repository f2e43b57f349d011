"""A spool from the command line."""

import json
from pathlib import Path

import pytest

from banwatch.cli.main import create_app
from banwatch.model.errors import BanwatchError
from banwatch.probe.spool.collector_key import parse_collector_key
from tests.probe.command_line import run_cli


def test_a_spool_from_the_command_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from banwatch.probe.spool.spool import Spool

    assert run_cli("spool", "keys", str(tmp_path / "private")) == 0
    said = capfd.readouterr()
    public, words = said.out.strip(), parse_collector_key(said.out).words
    assert said.err == f"In words: {words}\n"
    assert len(words.split()) == 12
    Spool(tmp_path / "spool", public).put(b'{"input": "https://a.example/"}')
    folder = ["--spool", str(tmp_path / "spool")]
    assert run_cli("spool", "ls", "--json", *folder) == 0
    shown = json.loads(capfd.readouterr().out)
    assert shown == {"measurements": 1, "size_bytes": 4144, "collector_key": public, "words": words}
    assert run_cli("spool", "export", str(tmp_path / "b.zip"), *folder) == 0
    capfd.readouterr()
    assert (
        run_cli("spool", "open", str(tmp_path / "private"), str(tmp_path / "b.zip"), str(tmp_path / "b.zip"))
        == 0
    )
    assert capfd.readouterr().out == '{"input": "https://a.example/"}\n'
    with pytest.raises(BanwatchError, match="Cannot write"):
        create_app()(["spool", "keys", str(tmp_path / "private")])
    assert run_cli("spool", "wipe", "--yes", *folder) == 0
    assert not (tmp_path / "spool").exists()
