"""Choice of nettests, and of inputs of one's own."""

import pytest

from banwatch.model.errors import BanwatchError
from banwatch.probe.nettests.choose import choose_nettests
from banwatch.probe.nettests.registry import count_measurements, load_nettests


def test_every_nettest_is_known_by_name() -> None:
    assert choose_nettests(load_nettests()) == {n: [] for n in load_nettests() if n != "web_connectivity"}
    chosen = {"telegram": [], "dnscheck": [], "tor": ["a", "b"]}
    assert count_measurements(chosen) == 3 + len(load_nettests()["dnscheck"].inputs)


@pytest.mark.parametrize(
    "text",
    [
        "dnscheck=dot://dns.example",
        "dnscheck=https://192.0.2.1/dns-query",
        "stunreachability=stun://stun.example:3478",
        "echcheck=https://site.example/",
        "http_invalid_request_line=192.0.2.1:80",
        "http_header_field_manipulation=192.0.2.1:80",
        "tor=obfs4 192.0.2.1:443 0123 cert=a/b== iat-mode=0",
        "tor=192.0.2.1:9001",
    ],
)
def test_inputs_of_ones_own(text: str) -> None:
    name, _, given = text.partition("=")
    assert choose_nettests([text, text.replace("192.0.2.1", "192.0.2.2")])[name][0] == given


@pytest.mark.parametrize(
    "text",
    [
        "dnscheck=udp://dns.example",
        "stunreachability=https://stun.example",
        "echcheck=http://site.example/",
        "http_invalid_request_line=echo.example:80",
        "tor=meek 192.0.2.1:443",
        "tor=obfs4",
        "tor=",
        "telegram=149.154.175.50",
    ],
)
def test_inputs_that_are_none(text: str) -> None:
    with pytest.raises(BanwatchError, match="Cannot measure"):
        choose_nettests([text])
