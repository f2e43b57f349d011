"""Every nettest of OONI's archive: its target, and what is said of it."""

import pytest

from banwatch.formats.ooni import decode_untrusted, observe
from banwatch.model.state import State
from tests.judge.judging import judge_line, shipped_reference
from tests.judge.nettest_lines import (
    TIMEOUT,
    connect,
    dnscheck,
    ech,
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

CASES = {
    "telegram works": ("telegram", telegram(None, None), None, "telegram", State.OK, ()),
    "telegram blackholed": (
        "telegram",
        telegram(TIMEOUT, None),
        None,
        "telegram",
        State.LIKELY_BLOCKED,
        ("tcp.timeout",),
    ),
    "telegram web reset": (
        "telegram",
        telegram(None, "connection_reset"),
        None,
        "telegram",
        State.LIKELY_BLOCKED,
        ("tls.reset",),
    ),
    "telegram web lost once": (
        "telegram",
        telegram(None, TIMEOUT),
        None,
        "telegram",
        State.IMPAIRED,
        (),
    ),
    "whatsapp works": ("whatsapp", whatsapp(None, None), None, "whatsapp", State.OK, ()),
    "whatsapp endpoints": (
        "whatsapp",
        whatsapp("connection_refused", None),
        None,
        "whatsapp",
        State.LIKELY_BLOCKED,
        ("tcp.refused",),
    ),
    "whatsapp registration": (
        "whatsapp",
        whatsapp(None, "eof_error"),
        None,
        "whatsapp",
        State.LIKELY_BLOCKED,
        ("tls.eof",),
    ),
    "signal works": ("signal", signal(None), None, "signal", State.OK, ()),
    "signal reset": (
        "signal",
        signal("connection_reset"),
        None,
        "signal",
        State.LIKELY_BLOCKED,
        ("tls.reset",),
    ),
    "signal, old authority": (
        "signal",
        signal("ssl_unknown_authority"),
        None,
        "signal",
        State.IMPAIRED,
        (),
    ),
    "messenger works": (
        "facebook_messenger",
        messenger(None),
        None,
        "facebook_messenger",
        State.OK,
        (),
    ),
    "messenger bogon": (
        "facebook_messenger",
        messenger(TIMEOUT, "10.10.34.35"),
        None,
        "facebook_messenger",
        State.BLOCKED,
        ("dns.injection.bogon",),
    ),
    "tor works": ("tor", tor(None, None), None, "tor", State.OK, ()),
    "tor authorities": ("tor", tor(TIMEOUT, None), None, "tor", State.LIKELY_BLOCKED, ("tcp.timeout",)),
    "tor, network gone": ("tor", tor(TIMEOUT, TIMEOUT), None, "tor", State.INSUFFICIENT, ()),
    "vanilla_tor works": (
        "vanilla_tor",
        {"success": True, "error": None, "bootstrap_time": 12.0},
        None,
        "tor",
        State.OK,
        (),
    ),
    "vanilla_tor fails": (
        "vanilla_tor",
        {"success": False, "error": "timeout-reached", "timeout": 300},
        None,
        "tor",
        State.IMPAIRED,
        (),
    ),
    "torsf works": ("torsf", {"failure": None, "bootstrap_time": 9.5}, None, "snowflake", State.OK, ()),
    "torsf fails": (
        "torsf",
        {"failure": TIMEOUT, "bootstrap_time": 0},
        None,
        "snowflake",
        State.IMPAIRED,
        (),
    ),
    "psiphon works": (
        "psiphon",
        {"failure": None, "bootstrap_time": 2.5, "requests": [request("https://www.google.com/humans.txt")]},
        None,
        "psiphon",
        State.OK,
        (),
    ),
    "psiphon fails": (
        "psiphon",
        {"failure": TIMEOUT, "bootstrap_time": 0},
        None,
        "psiphon",
        State.IMPAIRED,
        (),
    ),
    "dnscheck works": (
        "dnscheck",
        dnscheck(None, TIMEOUT),
        "https://dns.google/dns-query",
        "dns.google",
        State.OK,
        (),
    ),
    "dnscheck reset": (
        "dnscheck",
        dnscheck("connection_reset", "connection_reset"),
        "https://dns.google/dns-query",
        "dns.google",
        State.LIKELY_BLOCKED,
        ("tls.reset",),
    ),
    "stun works": (
        "stunreachability",
        {
            "endpoint": "stun.l.google.com:19302",
            "failure": None,
            "queries": [lookup("stun.l.google.com", "8.8.8.1")],
        },
        "stun://stun.l.google.com:19302",
        "google.com",
        State.OK,
        (),
    ),
    "stun fails": (
        "stunreachability",
        {
            "endpoint": "stun.l.google.com:19302",
            "failure": TIMEOUT,
            "queries": [lookup("stun.l.google.com", "8.8.8.1")],
        },
        "stun://stun.l.google.com:19302",
        "google.com",
        State.IMPAIRED,
        (),
    ),
    "urlgetter works": (
        "urlgetter",
        {
            "failure": None,
            "tcp_connect": [connect("93.184.216.34")],
            "tls_handshakes": [shake("93.184.216.34", "www.example.com")],
        },
        "https://www.example.com/",
        "example.com",
        State.OK,
        (),
    ),
    "urlgetter fails": (
        "urlgetter",
        {"failure": TIMEOUT, "tcp_connect": [connect("93.184.216.34", failure=TIMEOUT)]},
        "https://www.example.com/",
        "example.com",
        State.INSUFFICIENT,
        (),
    ),
    "ECH works": (
        "echcheck",
        ech(None, None),
        "https://crypto.cloudflare.com/",
        "cloudflare.com",
        State.OK,
        (),
    ),
    "ECH reset": (
        "echcheck",
        ech(None, "connection_reset"),
        "https://crypto.cloudflare.com/",
        "cloudflare.com",
        State.LIKELY_BLOCKED,
        ("tls.reset",),
    ),
    "request line altered": (
        "http_invalid_request_line",
        {"sent": ["GET / HTTP/1.1"], "received": ["HTTP/1.1 400 Bad Request"], "tampering": True},
        None,
        "http_invalid_request_line",
        State.TAMPERED,
        ("http.tamper",),
    ),
    "request line kept": (
        "http_invalid_request_line",
        {"sent": ["GET / HTTP/1.1"], "received": ["GET / HTTP/1.1"], "tampering": False},
        None,
        "http_invalid_request_line",
        State.OK,
        (),
    ),
    "request line unanswered": (
        "http_invalid_request_line",
        {"sent": ["GET / HTTP/1.1"], "received": [""], "tampering": False},
        None,
        "http_invalid_request_line",
        State.INSUFFICIENT,
        (),
    ),
    "headers altered": (
        "http_header_field_manipulation",
        {
            "requests": [request("http://37.218.241.94:80")],
            "tampering": {"total": False, "header_name_capitalization": True, "header_name_diff": ["Via"]},
        },
        None,
        "http_header_field_manipulation",
        State.TAMPERED,
        ("http.tamper",),
    ),
    "headers kept": (
        "http_header_field_manipulation",
        {
            "requests": [request("http://37.218.241.94:80")],
            "tampering": {"total": False, "header_name_diff": [], "request_line_capitalization": False},
        },
        None,
        "http_header_field_manipulation",
        State.OK,
        (),
    ),
    "headers unanswered": (
        "http_header_field_manipulation",
        {"requests": [request("http://37.218.241.94:80", TIMEOUT)], "tampering": {"total": True}},
        None,
        "http_header_field_manipulation",
        State.INSUFFICIENT,
        (),
    ),
    "openvpn works": (
        "openvpn",
        {"success": True, "failure": None, "tcp_connect": [connect("51.15.187.53", 1194)]},
        "openvpn://riseupvpn.corp/?address=51.15.187.53:1194&transport=tcp",
        "riseupvpn",
        State.OK,
        (),
    ),
    "openvpn fails": (
        "openvpn",
        {"success": False, "failure": TIMEOUT, "tcp_connect": [connect("51.15.187.53", 1194)]},
        "openvpn://riseupvpn.corp/?address=51.15.187.53:1194&transport=tcp",
        "riseupvpn",
        State.IMPAIRED,
        (),
    ),
    "riseupvpn works": (
        "riseupvpn",
        {
            "queries": [lookup("api.black.riseup.net", "198.252.153.107")],
            "tcp_connect": [
                connect("198.252.153.107"),
                connect("51.15.187.53"),
                connect("1.2.3.4", failure=TIMEOUT),
            ],
            "requests": [request("https://api.black.riseup.net:443/3/config/eip-service.json")],
        },
        None,
        "riseupvpn",
        State.OK,
        (),
    ),
    "riseupvpn gateways": (
        "riseupvpn",
        {
            "queries": [lookup("api.black.riseup.net", "198.252.153.107")],
            "tcp_connect": [connect("198.252.153.107")]
            + [connect(f"51.15.187.{n}", failure=TIMEOUT) for n in range(4)],
            "requests": [request("https://api.black.riseup.net:443/3/config/eip-service.json")],
        },
        None,
        "riseupvpn",
        State.LIKELY_BLOCKED,
        ("tcp.timeout",),
    ),
    "browser_web": (
        "browser_web",
        {"result": {"netErrorCode": "NS_ERROR_UNKNOWN_HOST"}},
        "https://www.example.com/",
        "example.com",
        State.INSUFFICIENT,
        (),
    ),
    "unknown": (
        "a_test_of_tomorrow",
        {"queries": [lookup("www.example.com", "93.184.216.34")], "new": {"deep": [1, 2]}},
        "https://www.example.com/",
        "example.com",
        State.INSUFFICIENT,
        (),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_says_what_the_nettest_shows(name: str) -> None:
    test_name, keys, measured_input, target, state, mechanisms = CASES[name]
    verdict = judge_line(line(test_name, keys, measured_input))
    assert verdict.target == target
    assert verdict.state is state, verdict
    assert verdict.mechanisms == mechanisms, verdict


def test_an_unknown_nettest_is_observed_all_the_same() -> None:
    test_name, keys, measured_input, *_ = CASES["unknown"]
    observed = observe(decode_untrusted(line(test_name, keys, measured_input)), shipped_reference().target_of)
    assert [seen.hostname for seen in observed.observations] == ["www.example.com"]


def test_endpoints_of_tor_become_observations() -> None:
    observed = observe(decode_untrusted(line("tor", tor(TIMEOUT, None))), shipped_reference().target_of)
    assert len(observed.observations) == 10
    assert {endpoint.group for endpoint in observed.endpoints} == {"or_port_dirauth", "obfs4"}
