"""Serving: a wrong path makes no store."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from banwatch.cli.main import create_app
from banwatch.explorer.serving import serve
from banwatch.model.errors import BanwatchError


def test_no_store_makes_no_store(tmp_path: Path) -> None:
    with pytest.raises(BanwatchError, match="there is no store"):
        serve(tmp_path / "none.duckdb")
    result = CliRunner().invoke(create_app(), ["serve", "--store", str(tmp_path / "none.duckdb")])
    assert result.exit_code == 1
    assert list(tmp_path.iterdir()) == []
