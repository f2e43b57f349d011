"""Addresses of a collector that a spool may be delivered to."""

import pytest

from banwatch.model.errors import BanwatchError
from banwatch.probe.spool.push import parse_collector


@pytest.mark.parametrize(
    "url", ["https://c.example", "http://127.0.0.1:8080", "http://abc.onion", "http://localhost"]
)
def test_a_collector_is_reached_without_being_overheard(url: str) -> None:
    assert parse_collector(url, proxy="127.0.0.1:9050", ca_file=None).proxy is not None


@pytest.mark.parametrize("url", ["http://c.example", "http://192.0.2.1", "ftp://c.example"])
def test_an_address_that_others_can_read_is_refused(url: str) -> None:
    with pytest.raises(BanwatchError):
        parse_collector(url, proxy=None, ca_file=None)


def test_a_proxy_is_an_address() -> None:
    with pytest.raises(BanwatchError, match="No proxy"):
        parse_collector("https://c.example", proxy="tor", ca_file=None)
