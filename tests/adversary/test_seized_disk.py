"""What is on a disk, on a screen or in a resolver's log does not tell on a person."""

import asyncio
import socket
import stat
from pathlib import Path

import pytest

from banwatch.collector.keys import load_keys
from banwatch.model.errors import BanwatchError, WireError
from banwatch.net.dns.messages import render_question
from banwatch.net.failure import NetworkFailure
from banwatch.net.real import RealNet
from banwatch.probe.spool.key_file import parse_private_keys
from banwatch.probe.spool.opening import read_private_keys
from banwatch.probe.spool.push import parse_collector, wipe_spool
from banwatch.probe.spool.sealing import make_keys
from banwatch.probe.spool.spool import Spool

ONION = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion"


def test_onion_names_reach_no_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object, **__: object) -> None:
        raise AssertionError("a resolver was asked")

    monkeypatch.setattr(socket, "getaddrinfo", asked)
    for name in (ONION, ONION.upper() + ".", f"www.{ONION}"):
        with pytest.raises(NetworkFailure, match="dns_nxdomain_error"):
            asyncio.run(RealNet().resolve(name))
        with pytest.raises(WireError):
            render_question(name, "A", 1)
    assert render_question("onion.example", "A", 1)  # a site that is only named so
    with pytest.raises(BanwatchError, match="only Tor"):
        parse_collector(f"http://{ONION}", proxy=None, ca_file=None)
    assert parse_collector(f"http://{ONION}", proxy="127.0.0.1:9050", ca_file=None).proxy is not None


@pytest.mark.parametrize("key", [b"", b"nonsense", b"\xff" * 10, None])
def test_a_spool_is_wiped_whatever_its_key_is(tmp_path: Path, key: bytes | None) -> None:
    folder = tmp_path / "spool"
    spool = Spool(folder, make_keys()[1].hex())
    spool.put(b"{}")
    (folder / "collector.key").unlink() if key is None else (folder / "collector.key").write_bytes(key)
    assert wipe_spool(folder) == 1
    assert not folder.exists()


def test_a_malformed_private_key_is_not_shown(tmp_path: Path) -> None:
    secret = make_keys()[0].hex()
    for text in (secret[:-1], secret + "0", secret.replace(secret[0], "x")):
        path = tmp_path / "key"
        path.write_text(text)
        with pytest.raises(BanwatchError) as refused:
            read_private_keys(path)
        with pytest.raises(BanwatchError) as loaded:
            path.chmod(0o600)
            load_keys(path, make=False)
        with pytest.raises(BanwatchError) as older:
            parse_private_keys(f"{make_keys()[0].hex()}\n{text} until 2027-01-01")
        said = "".join(f"{one.value!r} {one.value} {one.value.do}" for one in (loaded, older))
        said += f"{refused.value!r} {refused.value} {refused.value.do}"
        assert not any(text[at : at + 8] in said for at in range(0, len(text) - 8))


def test_files_of_a_spool_are_its_owners(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", make_keys()[1].hex())
    spool.put(b"{}")
    spool.export(tmp_path / "out.zip")
    files = [*(tmp_path / "spool").iterdir(), tmp_path / "out.zip"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
