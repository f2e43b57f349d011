"""The private key is made once, and refused where others can read it."""

import os
from pathlib import Path

import pytest

from banwatch.collector.keys import load_keys
from banwatch.model.errors import BanwatchError


def test_a_key_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with pytest.raises(BanwatchError, match="cannot be read"):
        load_keys(path, make=False)
    keys = load_keys(path, make=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_keys(path, make=True) == keys
    assert len(keys.published) == 64
    assert keys.private.hex() not in keys.published
    os.chmod(path, 0o640)
    with pytest.raises(BanwatchError, match="read by others"):
        load_keys(path, make=True)
    path.write_text("no key")
    os.chmod(path, 0o600)
    with pytest.raises(BanwatchError, match="holds no private key"):
        load_keys(path, make=True)
