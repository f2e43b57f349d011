"""The table of networks: what ships, what is built, what is refused."""

import ipaddress
from random import Random

import pytest

from banwatch.model.errors import WireError
from banwatch.reference import snapshots
from banwatch.reference.network_table import MAGIC, NetworkTable, build, unpack_untrusted
from tests.judge.judging import shipped_reference


def number(ip: str) -> int:
    return int(ipaddress.ip_address(ip))


def three_networks() -> NetworkTable:
    return build(
        [
            (4, number("10.0.0.0"), number("10.0.0.255"), 64500, "First  Network"),
            (4, number("10.0.1.0"), number("10.0.1.255"), 64500, "First  Network"),
            (4, number("10.0.3.0"), number("10.0.3.255"), 64501, "Second"),
            (6, number("2001:db8::"), number("2001:db8:0:ffff:ffff:ffff:ffff:ffff"), 64502, "Third"),
        ],
        [(4, number("10.0.0.0"), number("10.0.2.255"), "KP")],
    )


@pytest.mark.parametrize(
    ("ip", "asn", "country"),
    [
        ("10.0.0.0", 64500, "KP"),
        ("10.0.1.255", 64500, "KP"),
        ("10.0.2.0", None, None),
        ("10.0.3.7", 64501, "ZZ"),
        ("10.0.4.0", None, None),
        ("9.255.255.255", None, None),
        ("0.0.0.0", None, None),
        ("255.255.255.255", None, None),
        ("2001:db8:0:1::5", 64502, "ZZ"),
        ("2001:db9::", None, None),
        ("no address", None, None),
        ("", None, None),
    ],
)
def test_an_address_is_looked_up(ip: str, asn: int | None, country: str | None) -> None:
    for table in (three_networks(), unpack_untrusted(three_networks().pack())):
        found = table.network_of(ip)
        assert (found.asn if found else None, found.country if found else None) == (asn, country)


def test_names_are_tidied() -> None:
    found = three_networks().network_of("10.0.0.1")
    assert found is not None
    assert found.name == "First Network"


def test_the_same_table_gives_the_same_bytes() -> None:
    assert three_networks().pack() == unpack_untrusted(three_networks().pack()).pack()


def test_a_table_agrees_with_looking_through_its_ranges() -> None:
    rng = Random(5)
    ranges, at = [], 0
    for _ in range(300):
        first = at + rng.randrange(1, 5000)
        last = first + rng.randrange(5000)
        ranges.append((4, first, last, rng.randrange(1, 9), "x"))
        at = last + 1
    table = build(ranges, [])
    for _ in range(3000):
        wanted = rng.randrange(at + 5000)
        slow = next((asn for _, first, last, asn, _ in ranges if first <= wanted <= last), None)
        fast = table.network_of(str(ipaddress.IPv4Address(wanted)))
        assert (fast.asn if fast else None) == slow


def test_what_is_no_table_is_refused() -> None:
    packed = three_networks().pack()
    broken = [b"", b"x" * 100, MAGIC, MAGIC + b"x" * 50, packed[:-20], packed.replace(MAGIC, b"BWNT9\n")]
    for text in broken:
        with pytest.raises(WireError):
            unpack_untrusted(text)


def test_a_damaged_table_is_refused_or_read() -> None:
    packed = three_networks().pack()
    rng = Random(3)
    for _ in range(300):
        damaged = bytearray(packed)
        damaged[rng.randrange(len(MAGIC), len(damaged))] = rng.randrange(256)
        try:
            unpack_untrusted(bytes(damaged)).network_of("10.0.0.1")
        except WireError:
            continue


@pytest.mark.parametrize(
    ("ip", "asn", "country"),
    [
        ("175.45.176.15", 131279, "KP"),
        ("8.8.8.8", 15169, "US"),
        ("31.13.94.37", 32934, "IE"),
        ("2a03:2880:f10d::1", 32934, "IE"),
        ("192.168.1.1", None, None),
    ],
)
def test_the_table_that_ships_knows_the_internet(ip: str, asn: int | None, country: str | None) -> None:
    found = shipped_reference().network_of(ip)
    assert (found.asn if found else None, found.country if found else None) == (asn, country)


def test_the_table_that_ships_is_small_and_attributed() -> None:
    name = f"{snapshots.SHIPPED_NETWORKS}.bin"
    assert len(snapshots.shipped_file(name)) < 4_000_000
    attribution = snapshots.shipped_file("ATTRIBUTION.md").decode()
    assert name in attribution
    for source in ("RouteViews", "DB-IP", "NRO", "CC BY 4.0"):
        assert source in attribution
