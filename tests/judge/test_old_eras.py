"""Probes of 2012 to mid-2020: measurement-kit and the Python probe, in their own words and keys."""

from typing import Any

import msgspec
import pytest

from banwatch.formats.ooni import decode_untrusted, encode
from banwatch.model.state import State
from tests.judge.judging import judge_line
from tests.judge.nettest_lines import line
from tests.judge.scenario import FORGED, Helper, Lookup, Page, Scenario

VERIFY = "ssl_error: error:14007086:SSL routines:CONNECT_CR_CERT:certificate verify failed"
ALERT = "ssl_error: error:14094410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure"
VERSION = "ssl_error: error:1408F10B:SSL routines:ssl3_get_record:wrong version number"


def judged(scenario: Scenario):
    """Judge the line that a probe without handshakes writes; requests have no address either."""
    wire = decode_untrusted(scenario.but(version="0.0.1").to_line())
    assert wire.test_keys is not None
    requests = [msgspec.structs.replace(one, address=None) for one in wire.test_keys.requests or ()]
    keys = msgspec.structs.replace(wire.test_keys, tls_handshakes=None, requests=requests)
    return judge_line(encode(msgspec.structs.replace(wire, test_keys=keys)))


@pytest.mark.parametrize(
    ("failure", "mechanism"),
    [
        ("connection_reset", "tls.reset"),
        ("connection_reset_error", "tls.reset"),
        ("connection_lost_error", "tls.reset"),
        ("unknown_failure: Connection to the other side was lost in a non-clean fashion.", "tls.reset"),
        ("ssl_error: Connection reset by peer", "tls.reset"),
        ("response_never_received", "tls.eof"),
        ("eof_error", "tls.eof"),
    ],
)
def test_a_cut_https_request_after_a_connect_is_interference(failure: str, mechanism: str) -> None:
    verdict = judged(Scenario(page=Page(None, failure)))
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, (mechanism,))


@pytest.mark.parametrize(
    "failure",
    [
        VERIFY,
        ALERT,
        VERSION,
        "ssl_unknown_authority",
        "ssl_error",
        "generic_timeout_error",
        "unknown_failure",
    ],
)
def test_what_openssl_complains_of_accuses_nobody(failure: str) -> None:
    assert judged(Scenario(page=Page(None, failure))).state is State.IMPAIRED


@pytest.mark.parametrize(
    ("scenario", "states"),
    [
        (Scenario(helper=Helper(page=Page(None, "unknown_error"))), (State.DOWN,)),
        (Scenario(helper=None), (State.INSUFFICIENT,)),
    ],
    ids=["the control fails too", "no control"],
)
def test_a_cut_request_needs_a_control_that_got_the_page(scenario: Scenario, states) -> None:
    assert judged(scenario.but(page=Page(None, "connection_reset"))).state in states


def test_a_cut_at_a_forged_address_is_about_the_answer() -> None:
    scenario = Scenario(
        system=Lookup((FORGED,)), page=Page(None, "connection_reset"), helper=Helper(dead=(FORGED,))
    )
    verdict = judged(scenario)
    assert not set(verdict.mechanisms) & {"tls.reset", "tls.eof"}


@pytest.mark.parametrize("failure", ["connection_reset_error", "response_never_received"])
def test_an_unencrypted_request_is_judged_as_ever(failure: str) -> None:
    verdict = judged(Scenario(scheme="http", page=Page(None, failure)))
    assert verdict.state is State.LIKELY_BLOCKED
    assert verdict.mechanisms[0] in ("http.reset", "http.eof")


def test_a_page_that_came_is_reachable() -> None:
    assert judged(Scenario()).state is State.OK
    assert judged(Scenario(scheme="http")).state is State.OK


CASES: list[tuple[str, dict[str, Any], State]] = [
    ("meek_fronted_requests_test", {"success": True, "requests": []}, State.OK),
    ("meek_fronted_requests_test", {"success": False, "requests": []}, State.INSUFFICIENT),
    ("tcp_connect", {"connection": "success"}, State.OK),
    ("tcp_connect", {"connection": "connection_refused_error"}, State.IMPAIRED),
    ("tcp_connect", {}, State.INSUFFICIENT),
    ("dns_consistency", {"control_resolver": "8.8.8.8:53", "inconsistent": ["1.2.3.4"]}, State.INSUFFICIENT),
    (
        "http_requests",
        {"requests": [], "headers_match": False, "body_length_match": False},
        State.INSUFFICIENT,
    ),
]


@pytest.mark.parametrize(("name", "keys", "state"), CASES)
def test_old_nettests_say_what_their_facts_support(name: str, keys: dict[str, Any], state: State) -> None:
    assert judge_line(line(name, keys, "example.com:443")).state is state


BOOTSTRAP_CASES: list[tuple[Any, dict[str, Any], State, tuple[str, ...]]] = [
    ({"failure": "dns_nxdomain_error"}, {}, State.LIKELY_BLOCKED, ("dns.nxdomain",)),
    ({"failure": "dns_refused_error"}, {}, State.LIKELY_BLOCKED, ("dns.refused",)),
    ({"failure": "generic_timeout_error"}, {}, State.IMPAIRED, ()),
    (None, {}, State.INSUFFICIENT, ()),
    ([1, 2], {}, State.INSUFFICIENT, ()),
]


@pytest.mark.parametrize(("bootstrap", "lookups", "state", "mechanisms"), BOOTSTRAP_CASES)
def test_the_bootstrap_of_dnscheck_is_read(bootstrap: Any, lookups, state: State, mechanisms) -> None:
    """The system's lookup of the resolver's own name: where it gives nothing, no way was tried."""
    answered: dict[str, Any] = {
        "hostname": "innocent.example.org",
        "engine": "getaddrinfo",
        "query_type": "A",
        "failure": None,
    }
    answered["answers"] = [{"answer_type": "A", "ipv4": "151.101.1.164"}]
    keys = {"bootstrap": bootstrap, "lookups": lookups, "queries": [answered]}
    verdict = judge_line(line("dnscheck", keys, "https://dns.example.com/dns-query"))
    assert (verdict.state, verdict.mechanisms) == (state, mechanisms), verdict


@pytest.mark.parametrize("ip", ["10.10.34.34", "127.0.0.1", "0.0.0.0"])
def test_a_private_answer_in_the_bootstrap_is_found(ip: str) -> None:
    query: dict[str, Any] = {
        "hostname": "dns.example.com",
        "engine": "getaddrinfo",
        "query_type": "A",
        "failure": None,
    }
    query["answers"] = [{"answer_type": "A", "ipv4": ip}]
    keys = {"bootstrap": {"failure": None, "queries": [query]}, "bootstrap_failure": None, "lookups": {}}
    verdict = judge_line(line("dnscheck", keys, "https://dns.example.com/dns-query"))
    assert (verdict.state, verdict.mechanisms) == (State.BLOCKED, ("dns.injection.bogon",))
