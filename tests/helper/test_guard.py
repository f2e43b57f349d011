"""What a helper must never be made to connect to."""

import pytest

from banwatch.helper.guard import Guard
from banwatch.net.endpoint import Endpoint

OWN = "203.0.114.9"
GUARD = Guard(lambda: [OWN, "2606:2800::9", "not an address"])


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1",
        "169.254.169.254", "100.64.0.1", "198.18.0.1", "192.0.2.1", "224.0.0.1", "239.255.255.255",
        "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
        "2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:f5ff:fffe",
        "fec0::1", "3fff::1", "4000::1", "5f00::1", "64:ff9b:1::1", "192.0.0.192", "192.88.99.1",
        "2001:10::1", "0177.0.0.1", "017700000001", "127.0.0.1.", "[::1]",
        "::ffff:0:127.0.0.1", "2606:4700::5efe:127.0.0.1", "2606:4700::200:5efe:10.0.0.1",
        "fe80::1%lo", "2606:4700::1%lo", "2606:2800::9%1", "::ffff:127.0.0.1%1", f"2606:4700::5efe:{OWN}",
        f"2002:{0xcb00:x}:{0x7209:x}::1", f"64:ff9b::{OWN}",
        OWN, f"::ffff:{OWN}", "2606:2800::9", "2606:2800:0::0:9",
        "2130706433", "0x7f.1", "127.1", "localhost", "", "example.com",
    ],
)  # fmt: skip
def test_these_addresses_are_refused(address: str) -> None:
    assert not GUARD.allows(Endpoint(address, 443))


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "175.45.176.67", "64:ff9b::808:808"]
)
def test_the_internet_is_allowed(address: str) -> None:
    assert GUARD.allows(Endpoint(address, 443))
    assert GUARD.allows(Endpoint(address, 80))
    assert GUARD.allows(Endpoint(address, 8443))


@pytest.mark.parametrize("port", [22, 25, 53, 587, 1023])
def test_other_services_are_not_spoken_to(port: int) -> None:
    assert not GUARD.allows(Endpoint("93.184.216.34", port))


def test_the_switch_for_tests_lets_loopback_through() -> None:
    guard = Guard(lambda: [], allow_private=True)
    assert guard.allows(Endpoint("127.0.0.1", 8080))
    assert not guard.allows(Endpoint("localhost", 8080))
