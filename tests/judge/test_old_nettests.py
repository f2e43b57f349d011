"""Nettests of the Python probe, 2012 to 2017: verdicts that their facts support, on both sides."""

from typing import Any

import pytest

from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.judge.judging import judge_line
from tests.judge.nettest_lines import line, lookup
from tests.judge.scenario import BODY

PAGE = {"code": 200, "headers": {"Content-Type": "text/html", "X-Served-By": "cache-1"}, "body": BODY}
NOTICE = {
    "code": 200,
    "headers": {"Content-Type": "text/html"},
    "body": "<html><head><title>Access denied by order</title></head><body>Law 5651</body></html>",
}
RESET, REFUSED, TIMEOUT = "connection_reset_error", "connection_refused_error", "generic_timeout_error"


def http_requests(
    direct: object, over_tor: object, url: str = "http://www.example.net/", **keys: Any
) -> Verdict:
    """Judge a request and the same one over Tor, each a response or a failure."""
    found = []
    for outcome, is_tor in ((direct, False), (over_tor, True)):
        if outcome is not None:
            one: dict[str, Any] = {"request": {"url": url, "method": "GET", "tor": {"is_tor": is_tor}}}
            one.update({"response": outcome} if isinstance(outcome, dict) else {"failure": outcome})
            found.append(one)
    return judge_line(line("http_requests", {"requests": found, **keys}, url))


def test_the_page_that_came_over_tor_too_is_the_sites() -> None:
    assert http_requests(PAGE, PAGE).state is State.OK


def test_another_page_than_over_tor() -> None:
    verdict = http_requests(NOTICE, PAGE)
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("http.blockpage",))


def test_a_reset_where_tor_got_the_page() -> None:
    for url, mechanism in (
        ("http://www.example.net/", "http.reset"),
        ("https://www.example.net/", "tls.reset"),
    ):
        verdict = http_requests(RESET, PAGE, url)
        assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, (mechanism,))
        assert http_requests(RESET, RESET, url, control_failure=RESET).state is State.DOWN


@pytest.mark.parametrize("failure", [REFUSED, TIMEOUT, "dns_lookup_error", "response_never_received"])
def test_failures_that_have_other_reasons_accuse_nobody(failure: str) -> None:
    assert http_requests(failure, PAGE).state is State.IMPAIRED


def test_the_failure_may_stand_beside_the_requests() -> None:
    """Probes of 2013 wrote a request without a response, and `experiment_failure`."""
    found = [
        {"request": {"url": "http://www.example.net/", "method": "GET", "tor": {"is_tor": False}}},
        {"request": {"url": "http://www.example.net/", "tor": {"is_tor": True}}, "response": PAGE},
    ]
    keys = {"requests": found, "experiment_failure": RESET}
    verdict = judge_line(line("http_requests", keys, "http://www.example.net/"))
    assert verdict.mechanisms == ("http.reset",)


@pytest.mark.parametrize(
    ("over_tor", "keys"),
    [
        (None, {}),
        ("socks_general_socks_server_failure", {"control_failure": "socks_general_socks_server_failure"}),
        ({**PAGE, "code": 403}, {}),
        (NOTICE, {"control_cloudflare": True}),
    ],
    ids=["no control", "Tor failed", "refused Tor", "a challenge for Tor"],
)
def test_trouble_of_tor_is_no_control(over_tor: object, keys: dict[str, Any]) -> None:
    """Sites refuse Tor more than anybody: what it did not get says nothing of the network."""
    for direct in (PAGE, NOTICE, RESET):
        verdict = http_requests(direct, over_tor, **keys)
        assert not verdict.state.accuses, verdict
        assert verdict.state in (State.INSUFFICIENT, State.IMPAIRED)


CONTROL = "37.218.247.110"


def dns_consistency(control: dict[str, Any], *own: tuple[str, dict[str, Any]]) -> Verdict:
    """Judge answers of resolvers, by address, beside the control resolver's."""
    found = [{**control, "engine": None, "resolver_hostname": CONTROL, "resolver_port": 57004}]
    found += [{**one, "engine": None, "resolver_hostname": ip, "resolver_port": 53} for ip, one in own]
    found += [{"hostname": "34.216.184.93.in-addr.arpa", "query_type": "PTR", "resolver_hostname": CONTROL}]
    return judge_line(
        line("dns_consistency", {"queries": found, "control_resolver": f"{CONTROL}:57004"}, "www.example.net")
    )


RIGHT = lookup("www.example.net", "93.184.216.34")
ABSENT = lookup("www.example.net", failure="dns_nxdomain_error")


def test_a_resolver_that_lies() -> None:
    verdict = dns_consistency(RIGHT, ("127.0.1.1", lookup("www.example.net", "10.66.5.5")))
    assert (verdict.state, verdict.mechanisms) == (State.BLOCKED, ("dns.injection.bogon",))
    verdict = dns_consistency(RIGHT, ("192.168.1.1", ABSENT))
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("dns.nxdomain",))


def test_an_outside_resolver_that_lies_beside_an_honest_one() -> None:
    verdict = dns_consistency(
        RIGHT, ("127.0.1.1", RIGHT), ("8.8.8.8", lookup("www.example.net", "10.66.5.5"))
    )
    assert (verdict.state, verdict.mechanisms) == (State.TAMPERED, ("dns.injection.bogon",))


@pytest.mark.parametrize(
    "own",
    [RIGHT, lookup("www.example.net", "104.16.120.20"), lookup("www.example.net", failure=TIMEOUT)],
    ids=["the same", "another network", "no answer"],
)
def test_lookups_alone_clear_nobody_and_differences_accuse_nobody(own: dict[str, Any]) -> None:
    verdict = dns_consistency(RIGHT, ("127.0.1.1", own))
    assert verdict.state in (State.INSUFFICIENT, State.IMPAIRED), verdict


def test_a_name_that_the_control_has_not_got_either() -> None:
    assert dns_consistency(ABSENT, ("127.0.1.1", ABSENT)).state is State.DOWN
    nothing = lookup("www.example.net", failure=TIMEOUT)
    private = lookup("www.example.net", "10.66.5.5")
    assert not dns_consistency(nothing, ("127.0.1.1", ABSENT)).state.accuses
    assert not dns_consistency(private, ("127.0.1.1", private)).state.accuses


def meek(**keys: Any) -> Verdict:
    return judge_line(line("meek_fronted_requests_test", keys))


FRONT = {"request": {"url": "https://ajax.aspnetcdn.com", "headers": {"Host": "meek.azureedge.net"}}}


def test_meek() -> None:
    assert meek(success=True, requests=[{**FRONT, "response": PAGE}]).state is State.OK
    cut = meek(success=False, requests=[{**FRONT, "failure": RESET}])
    assert (cut.state, cut.rules[0]) == (State.IMPAIRED, "bootstrap.fails")
    silent = meek(success=False, requests=[{**FRONT, "failure": TIMEOUT}])
    assert (silent.state, silent.rules[0]) == (State.INSUFFICIENT, "network.silent")
    retired = meek(success=False, requests=[{**FRONT, "response": {**PAGE, "code": 403}}])
    assert retired.state is State.INSUFFICIENT


@pytest.mark.parametrize(
    "name", ["bridge_reachability", "lantern_circumvention_tool_test", "openvpn_client_test", "psiphon_test"]
)
def test_tools_that_came_up_or_not(name: str) -> None:
    assert judge_line(line(name, {"success": True})).state is State.OK
    failed = judge_line(line(name, {"success": False, "error": "timeout-reached"}))
    assert failed.state is State.IMPAIRED
    assert judge_line(line(name, {"success": None})).state is State.INSUFFICIENT
