"""Sentences of OONI's nettest specifications that say what to ignore or to take with care, each by number.

A sentence has the case that it is about, and a twin that stays accused.
"""

from typing import Any

import pytest

from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.judge.judging import judge_line
from tests.judge.nettest_lines import (
    DC,
    TIMEOUT,
    connect,
    dnscheck,
    line,
    lookup,
    messenger,
    request,
    shake,
    signal,
    telegram,
    tor,
    whatsapp,
)
from tests.judge.scenario import GENUINE, Helper, Lookup, Page, Scenario

ACCUSED = (State.BLOCKED, State.LIKELY_BLOCKED)
NXDOMAIN, RESET = "dns_nxdomain_error", "connection_reset"
OLD, CURRENT = "textsecure-service.whispersystems.org", "chat.signal.org"


def judged(
    test_name: str, keys: dict[str, Any], at: str | None = None, measured: str | None = None
) -> Verdict:
    text = line(test_name, keys, measured)
    return judge_line(text.replace(b"2024-03-01", at.encode()) if at else text)


def merged(*parts: dict[str, Any]) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    for part in parts:
        for name, rows in part.items():
            keys[name] = [*keys.get(name, []), *rows]
    return keys


def one_host(name: str, ip: str, failure: str | None = None) -> dict[str, Any]:
    if failure in (NXDOMAIN, TIMEOUT):
        return {"queries": [lookup(name, failure=failure)]}
    return {
        "queries": [lookup(name, ip)],
        "tcp_connect": [connect(ip)],
        "tls_handshakes": [shake(ip, name, failure)],
    }


# ts-029: "We also perform a DNS query to uptime.signal.org [...]. The test logic ignores the result of
# this DNS query."


@pytest.mark.parametrize(
    "answer",
    [
        lookup("uptime.signal.org", "127.0.0.1"),
        lookup("uptime.signal.org", "10.10.34.35"),
        lookup("uptime.signal.org", "93.184.216.34"),
        lookup("uptime.signal.org", failure=NXDOMAIN),
        lookup("uptime.signal.org", failure=TIMEOUT),
        lookup("uptime.signal.org"),
    ],
    ids=["loopback", "private", "public", "nxdomain", "timeout", "empty"],
)
def test_ts_029_the_result_of_uptime_is_ignored(answer: dict[str, Any]) -> None:
    assert judged("signal", merged(signal(None), {"queries": [answer]})).state is State.OK


def test_ts_029_other_names_are_not() -> None:
    odd = {"queries": [lookup("uptime.signal.org", "127.0.0.1"), lookup(CURRENT, "10.10.34.35")]}
    keys = signal(None)
    keys["queries"] = [query for query in keys["queries"] if query["hostname"] != CURRENT]
    verdict = judged("signal", merged(odd, keys))
    assert (verdict.state, verdict.mechanisms) == (State.BLOCKED, ("dns.injection.bogon",))
    assert CURRENT in verdict.sentence


def test_ts_029_uptime_does_not_hide_a_reset() -> None:
    keys = merged(signal(RESET), {"queries": [lookup("uptime.signal.org", "127.0.0.1")]})
    assert judged("signal", keys).mechanisms == ("tls.reset",)


def test_ts_029_only_signal_ignores_that_name() -> None:
    """The specification is Signal's: no other nettest may claim the exception."""
    keys = merged(messenger(None), {"queries": [lookup("uptime.signal.org", "127.0.0.1")]})
    assert judged("facebook_messenger", keys).state is State.BLOCKED


# ts-029: "All data collected with test_version <= 0.2.1 after 2022-10-19 should be treated with extra care"


def test_ts_029_a_changed_authority_accuses_nobody() -> None:
    verdict = judged("signal", signal("ssl_unknown_authority"), at="2022-10-27")
    assert verdict.state is State.IMPAIRED


# ts-029: "Data collected with test_version <= 0.2.3 after 2023-11-07 will contain false positives"


@pytest.mark.parametrize("failure", [NXDOMAIN, TIMEOUT, RESET, "ssl_invalid_hostname"])
def test_ts_029_a_retired_endpoint_accuses_nobody(failure: str) -> None:
    keys = merged(signal(None), one_host(OLD, "76.223.92.165", failure))
    assert judged("signal", keys, at="2023-11-08").state is State.OK


@pytest.mark.parametrize("failure", [NXDOMAIN, RESET])
def test_ts_029_before_its_retirement_it_does(failure: str) -> None:
    keys = merged(signal(None), one_host(OLD, "76.223.92.165", failure))
    assert judged("signal", keys, at="2023-11-06").state in ACCUSED


def test_ts_029_an_endpoint_in_use_stays_accused() -> None:
    keys = merged(signal(None), one_host("cdn2.signal.org", "104.18.2.43", NXDOMAIN))
    assert judged("signal", keys, at="2023-11-08").state in ACCUSED


# ts-019: "We ignore the IPs resolved to by the `stun` endpoint since that is UDP based service."


def test_ts_019_connects_to_stun_are_ignored() -> None:
    refused = {
        "queries": [lookup("stun.fbsbx.com", "157.240.1.9")],
        "tcp_connect": [connect("157.240.1.9", 443, TIMEOUT)] * 2,
    }
    assert judged("facebook_messenger", merged(messenger(None), refused)).state is State.OK


def test_ts_019_connects_to_others_are_not() -> None:
    refused = {
        "queries": [lookup("b-graph.facebook.com", "157.240.1.9")],
        "tcp_connect": [connect("157.240.1.9", 443, TIMEOUT)] * 2,
    }
    assert judged("facebook_messenger", merged(messenger(None), refused)).state is State.LIKELY_BLOCKED


def test_ts_019_the_lookup_of_stun_counts() -> None:
    """Its addresses are ignored for TCP; the name is looked up "for each endpoint"."""
    forged = {"queries": [lookup("stun.fbsbx.com", "10.10.34.35")]}
    assert judged("facebook_messenger", merged(messenger(None), forged)).state is State.BLOCKED
    denied = {"queries": [lookup("stun.fbsbx.com", failure=NXDOMAIN)]}
    assert judged("facebook_messenger", merged(messenger(None), denied)).state in ACCUSED


# ts-018: "If only a single port of an endpoint fails, we do not include the endpoint"


def test_ts_018_one_port_of_an_endpoint_is_enough() -> None:
    keys = whatsapp(None, None)
    for row in keys["tcp_connect"]:
        if row["port"] == 5222:
            row["status"] = {"success": False, "failure": TIMEOUT}
    assert judged("whatsapp", keys).state is State.OK


# ts-018: "We don't rely on the HTTP status code"; "WhatsApp may return an 400 Bad Request response"


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_ts_018_the_status_does_not_count(status: int) -> None:
    keys = whatsapp(None, None)
    for row in keys["requests"]:
        row["response"]["code"] = status
    assert judged("whatsapp", keys).state is State.OK


# ts-018: "Since 2022-12-07, we don't check `http://web.whatsapp.com`"; ts-020 the same of web.telegram.org


def test_ts_018_http_of_the_web_version_is_not_checked() -> None:
    keys = merged(whatsapp(None, None), {"requests": [request("http://web.whatsapp.com/", RESET)]})
    assert judged("whatsapp", keys).state is State.OK


def test_ts_020_http_of_the_web_version_is_not_checked() -> None:
    keys = merged(telegram(None, None), {"requests": [request("http://web.telegram.org/", RESET)]})
    assert judged("telegram", keys).state is State.OK


# ts-020: "If at least an HTTP request returns back a response, we consider Telegram to be working as
# intended."


def test_ts_020_any_response_is_one() -> None:
    keys = telegram(None, None)
    for row in keys["requests"][2:]:
        row["failure"], row["response"]["code"] = "eof_error", 0
    assert judged("telegram", keys).state is not State.BLOCKED
    assert "tcp" not in " ".join(judged("telegram", keys).mechanisms)


def test_ts_020_no_response_at_all_is_none() -> None:
    assert judged("telegram", telegram(TIMEOUT, None)).state is State.LIKELY_BLOCKED
    assert len(DC) > 1


# ts-015: "we expect DNS queries to always be `null`. If it's not `null`, this means we may be performing DNS
# resolutions without using Psiphon."


@pytest.mark.parametrize("bootstrap_s", [0, 4.2])
def test_ts_015_lookups_of_psiphon_are_not_judged(bootstrap_s: float) -> None:
    keys = {
        "failure": None if bootstrap_s else TIMEOUT,
        "bootstrap_time": bootstrap_s,
        "queries": [lookup("www.google.com", "10.10.34.35")],
    }
    assert judged("psiphon", keys).state is (State.OK if bootstrap_s else State.IMPAIRED)


def test_ts_030_those_of_another_tunnel_are() -> None:
    keys = {
        "failure": TIMEOUT,
        "bootstrap_time": 0,
        "queries": [lookup("snowflake-broker.torproject.net", "10.10.34.35")],
    }
    assert judged("torsf", keys).state is State.BLOCKED


# ts-023: "Between around January 2022 and June 2022, issues with the obfs4 handshake may have caused some
# bridges to fail"


def test_ts_023_a_failed_obfs4_handshake_names_no_culprit() -> None:
    keys = tor(None, None)
    for target in keys["targets"].values():
        if target["target_protocol"] == "obfs4":
            target["failure"] = "unknown_failure: ntor handshake failed: AUTH mismatch"
            target["tcp_connect"][0]["status"] = {"success": True, "failure": None}
    assert judged("tor", keys, at="2022-03-01").state not in ACCUSED


# ts-028: the answer that a resolver gives to its own clients is no matter of the network


def test_ts_028_what_an_encrypted_resolver_answers_is_its_own_policy() -> None:
    keys = dnscheck(None)
    for found in keys["lookups"].values():
        found["queries"] = [
            {
                **lookup("example.org", "0.0.0.0"),
                "engine": "doh",
                "resolver_address": "https://dns.google/dns-query",
            }
        ]
    assert judged("dnscheck", keys, measured="https://dns.google/dns-query").state not in ACCUSED


def test_ts_028_a_private_resolver_has_a_private_address() -> None:
    keys: dict[str, Any] = {
        "bootstrap_failure": None,
        "queries": [lookup("pihole.lan", "192.168.1.2")],
        "lookups": {},
    }
    assert judged("dnscheck", keys, measured="https://pihole.lan/dns-query").state not in ACCUSED


# ts-017: "the control will set body_length and status_code to -1 in case of failure"


def test_ts_017_a_failed_control_page_is_no_page() -> None:
    failed = Helper(page=Page(None, "unknown_error"))
    verdict = judge_line(Scenario(scheme="http", page=Page(body="<title>x</title>"), helper=failed).to_line())
    assert verdict.state not in ACCUSED


# ts-017: "When the URL already contains an IP address, Web Connectivity MAY fake a DNS lookup"


def test_ts_017_the_faked_lookup_of_an_address_accuses_nobody() -> None:
    for ip in (GENUINE[0], "10.0.0.1"):
        faked = Lookup((ip,))
        scenario = Scenario(
            host=ip, scheme="http", system=faked, plain=None, encrypted=None, helper=Helper((ip,))
        )
        assert judge_line(scenario.to_line()).state not in ACCUSED


# ts-017, E004: "the results of this lookup are not informative of DNS blocking of the input URL's domain,
# rather, they show whether the given DNS-over-HTTPS endpoint is blocked"


def test_ts_017_a_failed_encrypted_lookup_says_nothing_of_the_site() -> None:
    for failure in (RESET, TIMEOUT, NXDOMAIN):
        assert judge_line(Scenario(encrypted=Lookup((), failure)).to_line()).state is State.OK
