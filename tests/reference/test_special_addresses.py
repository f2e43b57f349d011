"""Special addresses: IANA's registries as data, the same on every Python."""

import ipaddress
from pathlib import Path

import pytest

from banwatch.model.errors import WireError
from banwatch.reference import load, snapshots
from banwatch.reference.special_addresses import parse_untrusted
from tests.judge.judging import shipped_reference

HEAD = "prefix,name,reference,globally_reachable\n"


@pytest.mark.parametrize(
    "ip",
    [
        "0.0.0.0", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.53", "169.254.169.254",
        "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.170", "192.0.2.1", "192.88.99.2", "192.168.1.1",
        "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.251", "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255", "::", "::1", "::8.8.8.8", "100::1", "100:0:0:1::1", "2001::1", "2001:2::1",
        "2001:10::1", "2001:db8::1", "3fff::1", "3fff:fff::1", "4000::1", "5f00::1", "fc00::1", "fd12::1",
        "fe80::1", "fec0::1", "ff02::1", "64:ff9b:1::1",
    ],
)  # fmt: skip
def test_no_public_name_lives_there(ip: str) -> None:
    assert not shipped_reference().is_public(ip)


@pytest.mark.parametrize(
    "ip",
    [
        "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255",
        "172.32.0.0",
        "192.0.0.9", "192.0.0.10", "192.0.1.0", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.175.48.1",
        "198.17.255.255", "198.20.0.0", "223.255.255.255", "2000::1", "2001:1::1", "2001:1::3", "2001:3::1",
        "2001:4:112::1", "2001:20::1", "2001:30::1", "2001:200::1", "2002:808:808::1", "2620:4f:8000::1",
        "2a04:4e42::323", "3ffe::1", "3fff:1000::1", "64:ff9b::808:808",
    ],
)  # fmt: skip
def test_the_world_reaches_these(ip: str) -> None:
    assert shipped_reference().is_public(ip)


def test_text_that_is_no_address_is_not_public() -> None:
    assert not shipped_reference().is_public("wikispaces.com")
    assert not shipped_reference().is_public("")


def test_the_library_of_the_running_python_does_not_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its table is swapped for the opposite of itself, and every answer stays."""
    for kind in (ipaddress.IPv4Address, ipaddress.IPv6Address):
        for name in ("is_private", "is_reserved", "is_loopback"):
            monkeypatch.setattr(kind, name, True)
        monkeypatch.setattr(kind, "is_global", False)
        monkeypatch.setattr(kind, "_constants", None, raising=False)
    table = parse_untrusted(snapshots.shipped_file(f"{snapshots.SHIPPED_SPECIAL}.csv").decode())
    assert [table.is_public(ip) for ip in ("8.8.8.8", "2a04:4e42::1")] == [True, True]
    assert [table.is_public(ip) for ip in ("10.0.0.1", "fd00::1", "198.18.0.9")] == [False, False, False]


def test_the_longest_prefix_decides_and_an_empty_one_asks_the_one_around_it() -> None:
    table = parse_untrusted(
        HEAD + "0.0.0.0/0,all,x,true\n10.0.0.0/8,a,x,false\n10.1.0.0/16,b,x,true\n"
        "10.1.1.0/24,c,x,\n10.2.0.0/16,d,x,\n"
    )
    answers = {ip: table.is_public(ip) for ip in ("9.9.9.9", "10.0.0.1", "10.1.0.1", "10.1.1.1", "10.2.0.1")}
    assert answers == {
        "9.9.9.9": True,
        "10.0.0.1": False,
        "10.1.0.1": True,
        "10.1.1.1": True,
        "10.2.0.1": False,
    }


@pytest.mark.parametrize(
    "text",
    ["", "a,b\n", HEAD + "10.0.0.0/8,x\n", HEAD + "10.0.0.1/8,x,y,true\n", HEAD + "::/0,x,y,perhaps\n"],
)
def test_a_table_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        parse_untrusted(text)


def test_every_row_that_ships_names_its_document() -> None:
    text = snapshots.shipped_file(f"{snapshots.SHIPPED_SPECIAL}.csv").decode()
    rows = text.splitlines()[1:]
    assert len(rows) > 50
    assert all("RFC " in row for row in rows)
    attribution = snapshots.shipped_file("ATTRIBUTION.md").decode()
    assert f"{snapshots.SHIPPED_SPECIAL}.csv" in attribution


def test_the_snapshot_is_named_in_every_set(tmp_path: Path) -> None:
    assert snapshots.SHIPPED_SPECIAL in load(data_dir=tmp_path).snapshot_ids
    assert snapshots.SHIPPED_SPECIAL in load([snapshots.SHIPPED_NETWORKS], data_dir=tmp_path).snapshot_ids
