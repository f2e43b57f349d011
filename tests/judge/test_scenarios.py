"""Golden: a scenario, the line that a probe writes of it, and what the judge says."""

import pytest

from banwatch.model.state import State
from tests.judge.judging import judge_line
from tests.judge.scenario import FORGED, GENUINE, OTHER_AS, SAME_AS, Helper, Lookup, Page, Scenario

BLOCK_PAGE = Page(
    body="<html><title>Warning</title>You may not see this.</html>",
    title="Warning",
    headers=(("content-type", "text/html"),),
)
ACCUSED = (State.BLOCKED, State.LIKELY_BLOCKED)
S = Scenario()
HTTP = Scenario(scheme="http")

CENSORED = {
    "dns forged, real answer late": (
        S.but(
            system=Lookup((FORGED,)),
            plain=Lookup((FORGED,), late=GENUINE),
            tcp={FORGED: "connection_refused"},
            helper=Helper(dead=(FORGED,)),
        ),
        ("dns.injection.other",),
    ),
    "dns forged to another site": (
        S.but(
            system=Lookup((FORGED,)),
            plain=Lookup((FORGED,)),
            tls={FORGED: "ssl_invalid_hostname"},
            helper=Helper(wrong=(FORGED,)),
        ),
        ("dns.injection.other",),
    ),
    "dns forged to a page": (
        HTTP.but(system=Lookup((FORGED,)), plain=Lookup((FORGED,)), encrypted=None, page=BLOCK_PAGE),
        ("dns.injection.other",),
    ),
    "dns forged, seen by an old probe": (
        S.but(
            version="0.4.3",
            system=Lookup((FORGED,)),
            tcp={FORGED: "generic_timeout_error"},
            helper=Helper(dead=(FORGED,)),
        ),
        ("dns.injection.other",),
    ),
    "dns bogon": (S.but(system=Lookup(("10.10.34.36",))), ("dns.injection.bogon",)),
    "dns nxdomain": (S.but(system=Lookup((), "dns_nxdomain_error")), ("dns.nxdomain",)),
    "dns nxdomain, old probe": (
        S.but(
            version="0.4.3", system=Lookup((), "dns_nxdomain_error"), page=Page(None, "dns_nxdomain_error")
        ),
        ("dns.nxdomain",),
    ),
    "dns empty": (S.but(system=Lookup((), "dns_no_answer")), ("dns",)),
    "dns bogon withheld by the probe": (
        S.but(system=Lookup((), "dns_bogon_error")),
        ("dns.injection.bogon",),
    ),
    "dns refused": (S.but(system=Lookup((), "dns_refused_error")), ("dns.refused",)),
    "dns servfail everywhere in the clear": (
        S.but(system=Lookup((), "dns_servfail_error"), plain=Lookup((), "dns_servfail_error")),
        ("dns.servfail",),
    ),
    "dns silent in the clear": (
        S.but(system=Lookup((), "generic_timeout_error"), plain=Lookup((), "generic_timeout_error")),
        ("dns.timeout",),
    ),
    "dns answers for a name that is not": (
        HTTP.but(
            system=Lookup((FORGED,)),
            plain=Lookup((FORGED,)),
            encrypted=Lookup((), "dns_nxdomain_error"),
            page=BLOCK_PAGE,
            helper=Helper((), "dns_name_error", page=Page(None, "dns_lookup_error")),
        ),
        ("dns.injection",),
    ),
    "address blackholed": (S.but(tcp={"*": "generic_timeout_error"}), ("tcp.timeout",)),
    "address blackholed, kernel gave up": (S.but(tcp={"*": "timed_out"}), ("tcp.timeout",)),
    "address refused": (S.but(tcp={"*": "connection_refused"}), ("tcp.refused",)),
    "address reset": (S.but(tcp={"*": "connection_reset"}), ("tcp.reset",)),
    "address unreachable": (S.but(tcp={"*": "host_unreachable"}), ("ip.unreachable",)),
    "reset on name": (
        S.but(tls={"*": "connection_reset"}, other_name="ok", retries=True),
        ("tls.reset.sni",),
    ),
    "reset on any name": (
        S.but(tls={"*": "connection_reset"}, other_name="connection_reset", retries=True),
        ("tls.reset.other",),
    ),
    "reset, nothing else known": (S.but(tls={"*": "connection_reset"}), ("tls.reset",)),
    "dropped on name": (
        S.but(tls={"*": "generic_timeout_error"}, other_name="ok", retries=True),
        ("tls.timeout.sni",),
    ),
    "closed on name": (S.but(tls={"*": "eof_error"}), ("tls.eof",)),
    "alert on name": (
        S.but(tls={"*": "unknown_failure: remote error: tls: handshake failure"}),
        ("tls.alert",),
    ),
    "reset on host": (HTTP.but(page=Page(None, "connection_reset"), other_host=True), ("http.reset.host",)),
    "reset of a request": (HTTP.but(page=Page(None, "connection_reset")), ("http.reset",)),
    "closed on host": (HTTP.but(page=Page(None, "eof_error")), ("http.eof",)),
    "block page": (HTTP.but(page=BLOCK_PAGE), ("http.blockpage",)),
    "redirect to a block page": (
        HTTP.but(
            redirects=(Page(302, body="", title=None, headers=(), location="http://warning.example.org/"),),
            page=BLOCK_PAGE,
        ),
        ("http.redirect",),
    ),
}


@pytest.mark.parametrize("name", CENSORED)
def test_names_what_a_censor_does(name: str) -> None:
    scenario, mechanisms = CENSORED[name]
    verdict = judge_line(scenario.to_line())
    assert verdict.state in ACCUSED, verdict
    assert verdict.mechanisms == mechanisms, verdict


HONEST = {
    "all well": (S, State.OK),
    "all well, unencrypted": (HTTP, State.OK),
    "all well, old probe": (S.but(version="0.4.3"), State.OK),
    "no control": (S.but(helper=None, control_failure="generic_timeout_error"), State.OK),
    "no control, unencrypted": (
        HTTP.but(helper=None, control_failure="generic_timeout_error"),
        State.INSUFFICIENT,
    ),
    "no control, another page": (HTTP.but(helper=None, page=BLOCK_PAGE), State.INSUFFICIENT),
    "no control, all fails": (
        S.but(helper=None, tcp={"*": "generic_timeout_error"}),
        State.INSUFFICIENT,
    ),
    "rotates within its network": (S.but(system=Lookup(SAME_AS), plain=Lookup(SAME_AS)), State.OK),
    "rotates between networks": (S.but(system=Lookup(OTHER_AS), plain=Lookup(OTHER_AS)), State.OK),
    "rotates between networks, unencrypted": (
        HTTP.but(system=Lookup(OTHER_AS), plain=Lookup(OTHER_AS)),
        State.OK,
    ),
    "refuses": (S.but(page=Page(403, body="<title>Forbidden</title>no", title="Forbidden")), State.IMPAIRED),
    "refuses, unencrypted": (
        HTTP.but(page=Page(403, body="<title>Forbidden</title>no", title="Forbidden", headers=())),
        State.IMPAIRED,
    ),
    "gone": (S.but(page=Page(404, body="gone", title=None)), State.IMPAIRED),
    "fails": (HTTP.but(page=Page(500, body="oops", title=None, headers=())), State.IMPAIRED),
    "a file made anew": (
        HTTP.but(
            page=Page(body="x" * 50, title=None, headers=()),
            helper=Helper(page=Page(body="y" * 5000, title=None)),
        ),
        None,
    ),
    "unavailable for legal reasons": (HTTP.but(page=Page(451, body="no", title=None)), State.IMPAIRED),
    "refuses everybody": (
        S.but(page=Page(403), helper=Helper(page=Page(403))),
        State.OK,
    ),
    "dead name": (
        S.but(
            system=Lookup((), "dns_nxdomain_error"),
            plain=Lookup((), "dns_nxdomain_error"),
            encrypted=Lookup((), "dns_nxdomain_error"),
            helper=Helper((), "dns_name_error", page=Page(None, "dns_lookup_error")),
        ),
        State.DOWN,
    ),
    "dead host": (
        S.but(
            tcp={"*": "connection_refused"},
            helper=Helper(tcp="connection_refused_error", page=Page(None, "connection_refused_error")),
        ),
        State.DOWN,
    ),
    "expired certificate": (
        S.but(
            tls={"*": "ssl_invalid_certificate"},
            helper=Helper(tls="ssl_invalid_certificate", page=Page(None, "unknown_error")),
        ),
        State.DOWN,
    ),
    "broken IPv6": (S.but(broken_v6="network_unreachable"), State.OK),
    "broken IPv6, silent": (S.but(broken_v6="generic_timeout_error"), State.OK),
    "one address dead": (S.but(tcp={GENUINE[0]: "generic_timeout_error"}), State.OK),
    "one packet lost": (S.but(tcp={"*": "generic_timeout_error"}, retries=False), State.IMPAIRED),
    "slow page": (S.but(page=Page(None, "generic_timeout_error")), State.IMPAIRED),
    "system resolver lost": (S.but(system=Lookup((), "generic_timeout_error")), State.IMPAIRED),
    "page made anew": (
        HTTP.but(page=Page(body=f"<title>{'x' * 20}</title>" + "ab" * 900, title="another every time")),
        State.OK,
    ),
    "captcha": (
        HTTP.but(
            page=Page(
                503, body="<title>Just a moment</title><div class='cf-chl-widget'>", title="Just a moment"
            )
        ),
        State.IMPAIRED,
    ),
    "redirects in a circle": (
        HTTP.but(
            redirects=tuple(Page(302, location=f"http://www.example.net/{n}") for n in range(10)),
            page=Page(
                302, "unknown_failure: stopped after 10 redirects", location="http://www.example.net/10"
            ),
            helper=Helper(page=Page(None, "unknown_error")),
        ),
        State.DOWN,
    ),
    "captive portal": (
        HTTP.but(
            page=Page(302, location="http://hotspot.example.com/login", body="", title=None, headers=())
        ),
        State.INSUFFICIENT,
    ),
    "through a VPN": (
        S.but(tcp={"*": "generic_timeout_error"}, annotations=(("network_type", "vpn"),)),
        State.INSUFFICIENT,
    ),
    "everybody gets localhost": (
        HTTP.but(
            system=Lookup(("127.0.0.1",)),
            plain=Lookup(("127.0.0.1",)),
            encrypted=Lookup(("127.0.0.1",)),
            tcp={"*": "connection_refused"},
            helper=Helper(("127.0.0.1",), tcp="connect_error", page=Page(None, "unknown_error")),
        ),
        State.DOWN,
    ),
    "network is gone": (
        S.but(
            system=Lookup((), "generic_timeout_error"),
            plain=Lookup((), "generic_timeout_error"),
            encrypted=Lookup((), "generic_timeout_error"),
            helper=None,
            control_failure="generic_timeout_error",
        ),
        State.INSUFFICIENT,
    ),
}


@pytest.mark.parametrize("name", HONEST)
def test_accuses_nobody_of_honest_trouble(name: str) -> None:
    scenario, state = HONEST[name]
    verdict = judge_line(scenario.to_line())
    assert not verdict.state.accuses, verdict
    if state is not None:
        assert verdict.state is state, verdict
