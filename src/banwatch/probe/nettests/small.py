"""The small nettests, by name: how each is measured."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from banwatch.net.endpoint import parse_endpoint
from banwatch.net.http.target_url import parse_target_url
from banwatch.probe.nettests.context import Means
from banwatch.probe.nettests.dnscheck import measure_dnscheck, parse_resolver
from banwatch.probe.nettests.ech import measure_ech
from banwatch.probe.nettests.header_fields import measure_header_fields
from banwatch.probe.nettests.request_lines import measure_request_lines
from banwatch.probe.nettests.stun import measure_stun
from banwatch.probe.nettests.tor import measure_tor, parse_place

Measure = Callable[[Means, str], Coroutine[Any, Any, Mapping[str, object]]]
"""With an input, which is empty where a nettest has none; the test keys."""
SECRET_INPUTS = frozenset({"tor"})
"""Nettests whose input is not written down: it names somebody's bridge."""


def check_input(name: str, given: str) -> None:
    """Refuse an input that a nettest can do nothing with.

    Raises:
        ValueError: says what it should be.
    """
    if name not in _CHECKS:
        raise ValueError("this nettest takes no input")
    _CHECKS[name](given)


def _check_stun(given: str) -> None:
    if not given.startswith("stun://"):
        raise ValueError("expected stun://host:port")
    parse_target_url(given.replace("stun://", "https://", 1))


def _check_site(given: str) -> None:
    if not given.startswith("https://"):
        raise ValueError("expected https://host/")
    parse_target_url(given)


_CHECKS: Mapping[str, Callable[[str], object]] = {
    "dnscheck": parse_resolver,
    "stunreachability": _check_stun,
    "echcheck": _check_site,
    "http_invalid_request_line": parse_endpoint,
    "http_header_field_manipulation": parse_endpoint,
    "tor": parse_place,
}

SMALL: Mapping[str, Measure] = {
    "dnscheck": measure_dnscheck,
    "stunreachability": measure_stun,
    "echcheck": measure_ech,
    "http_invalid_request_line": measure_request_lines,
    "http_header_field_manipulation": measure_header_fields,
    "tor": measure_tor,
}
