"""The command line's options, as the probe's settings."""

from typing import Any

import pytest

from banwatch.model.errors import BanwatchError
from banwatch.probe.parse_settings import EncryptedResolvers, parse_settings
from banwatch.probe.settings import Settings


def made(**changes: Any) -> Settings:
    given: dict[str, Any] = {
        "cc": "KP",
        "asn": "AS131279",
        "network": "",
        "tier": "",
        "helper": "https://helper.example/",
        "resolvers": [],
        "encrypted": EncryptedResolvers(),
        "http3": "offered",
        "twin": None,
        "ca_file": None,
        "parallel": 20,
        "stealth": False,
        "follow_ups": True,
        "rest_s": 60.0,
        "own_addresses": [],
    }
    return parse_settings(**(given | changes))


def test_two_public_resolvers_and_every_transport_go_without_saying() -> None:
    usual = made()
    assert len(usual.resolvers) == 2
    assert usual.tcp_resolvers
    assert usual.dot_resolvers
    assert len(usual.doh_resolvers) == 1
    assert len(made(helper=None).doh_resolvers) == 2, "they stand in for a helper"
    assert usual.http3 == "offered"


def test_resolvers_are_settings() -> None:
    chosen = made(
        resolvers=["9.9.9.9:53"],
        encrypted=EncryptedResolvers(dot=("9.9.9.9", "[2620:fe::fe]:8853", "1.1.1.1:853"), doh=("9.9.9.9",)),
        http3="always",
        twin="https://twin.example/page",
    )
    assert chosen.resolvers == ("9.9.9.9:53",)
    assert chosen.dot_resolvers == ("9.9.9.9:853", "[2620:fe::fe]:8853", "1.1.1.1:853")
    assert chosen.doh_resolvers == ("9.9.9.9",)
    assert (chosen.http3, chosen.twin_url) == ("always", "https://twin.example/page")


@pytest.mark.parametrize(
    "changes",
    [
        {"encrypted": EncryptedResolvers(dot=("dns.example",))},
        {"encrypted": EncryptedResolvers(doh=("https://dns.example/dns-query",))},
        {"http3": "sometimes"},
        {"twin": "ftp://twin.example/"},
        {"helper": "helper:example"},
    ],
)
def test_what_is_none_of_these_is_said(changes: dict[str, Any]) -> None:
    with pytest.raises(BanwatchError):
        made(**changes)
