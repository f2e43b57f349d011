"""The private key is made once, and refused where others can read it."""

import os
import stat
from datetime import date, timedelta
from pathlib import Path

import pytest

from banwatch.collector.keys import load_keys, public_keys, rotate_key
from banwatch.model.errors import BanwatchError, WireError
from banwatch.probe.spool.collector_key import ShownKey, leads_to
from banwatch.probe.spool.opening import read_private_keys
from banwatch.probe.spool.sealing import seal, unseal_with_any_untrusted


def test_a_key_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with pytest.raises(BanwatchError, match="cannot be read"):
        load_keys(path, make=False)
    keys = load_keys(path, make=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_keys(path, make=True) == keys
    assert len(keys.published) == 128
    assert keys.private[0].hex() not in keys.published
    assert keys.private[0].hex() not in repr(keys)
    os.chmod(path, 0o640)
    with pytest.raises(BanwatchError, match="read by others"):
        load_keys(path, make=True)
    path.write_text("no key")
    os.chmod(path, 0o600)
    with pytest.raises(BanwatchError, match="holds no private key"):
        load_keys(path, make=True)


def test_an_old_key_opens_for_some_time_and_signs_the_next(tmp_path: Path) -> None:
    path, day = tmp_path / "key", date(2026, 11, 28)
    first = load_keys(path, make=True, today=day)
    rotation = rotate_key(path, day)
    second = load_keys(path, make=False, today=day)
    assert second.public == rotation.public != first.public
    assert second.report_secret == first.report_secret  # reports that are open stay so
    assert leads_to(first.public, ShownKey(second.public, second.hand_overs))
    sealed = seal(b"{}", first.public.sealing)
    for today, opens in ((day, True), (rotation.until, True), (rotation.until + timedelta(days=1), False)):
        keys = load_keys(path, make=False, today=today)
        assert (len(keys.private) == 2) is opens
        if opens:
            assert unseal_with_any_untrusted(sealed, keys.private) == b"{}"
        else:
            with pytest.raises(WireError, match="not sealed to this key"):
                unseal_with_any_untrusted(sealed, keys.private)
        assert unseal_with_any_untrusted(seal(b"2", second.public.sealing), keys.private) == b"2"
    rotate_key(path, rotation.until + timedelta(days=1))
    assert first.private[0].hex() not in path.read_text()  # its time is over
    third = load_keys(path, make=False, today=rotation.until)
    assert leads_to(first.public, ShownKey(third.public, third.hand_overs))
    modes = {stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()}
    assert modes == {0o600}
    assert len(read_private_keys(path).older) == 1


def test_a_collector_without_its_private_key_knows_only_the_public_one(tmp_path: Path) -> None:
    whole = load_keys(tmp_path / "elsewhere", make=True)
    keys = public_keys(whole.public, tmp_path / "key")
    assert (keys.private, keys.published) == ((), whole.published)
    assert public_keys(whole.public, tmp_path / "key") == keys  # ids of reports outlive a restart
    assert not (tmp_path / "key").exists()
