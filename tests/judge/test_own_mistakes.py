"""Mistakes and programs of the probe's own machine accuse nobody; each has its twin that stays accused."""

from typing import Any

import msgspec
import pytest

from banwatch.formats.ooni import decode_untrusted, encode
from banwatch.formats.ooni import wire as w
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.judge.judging import judge_line
from tests.judge.nettest_lines import line
from tests.judge.scenario import FORGED, GENUINE, Helper, Lookup, Page, Scenario

NXDOMAIN, RESET = "dns_nxdomain_error", "connection_reset"


def changed(scenario: Scenario, **keys: Any) -> Verdict:
    """Judge a scenario with some of its keys replaced."""
    wire = decode_untrusted(scenario.to_line())
    assert wire.test_keys is not None
    return judge_line(
        encode(msgspec.structs.replace(wire, test_keys=msgspec.structs.replace(wire.test_keys, **keys)))
    )


def query(hostname: str, failure: str) -> w.Query:
    return w.Query(hostname=hostname, query_type="A", engine="getaddrinfo", failure=failure, tags=["depth=0"])


# names


@pytest.mark.parametrize("hostname", ["яндекс.рф", "bücher.example", "例え.テスト", "www.ΕΛΛΑΔΑ.example"])
@pytest.mark.parametrize(
    "failure", [NXDOMAIN, "dns_refused_error", "unknown_failure: idna: disallowed rune U+044F"]
)
def test_a_question_in_raw_unicode_says_nothing(hostname: str, failure: str) -> None:
    scenario = Scenario(host="xn--d1acpjx3f.xn--p1ai", version="0.4.3", system=Lookup((), NXDOMAIN))
    verdict = changed(scenario, queries=[query(hostname, failure)])
    assert verdict.state in (State.IMPAIRED, State.INSUFFICIENT)


@pytest.mark.parametrize("hostname", ["xn--d1acpjx3f.xn--p1ai", "XN--D1ACPJX3F.XN--P1AI.", "www.example.net"])
def test_the_same_denial_of_a_name_in_ascii_stays_accused(hostname: str) -> None:
    scenario = Scenario(host="xn--d1acpjx3f.xn--p1ai", version="0.4.3", system=Lookup((), NXDOMAIN))
    verdict = changed(scenario, queries=[query(hostname, NXDOMAIN)])
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("dns.nxdomain",))


# routes


@pytest.mark.parametrize("failure", ["network_unreachable", "network_down"])
def test_a_machine_without_a_route_accuses_nobody(failure: str) -> None:
    scenario = Scenario(version="0.4.3", tcp={"*": failure})
    assert judge_line(scenario.to_line()).state is State.IMPAIRED
    assert not judge_line(Scenario(tcp={"*": "network_down"}).to_line()).state.accuses


@pytest.mark.parametrize("failure", ["network_unreachable", "host_unreachable"])
def test_a_router_that_says_so_stays_accused(failure: str) -> None:
    """An outside resolver answered over IPv4: there is a route."""
    verdict = judge_line(Scenario(tcp={"*": failure}).to_line())
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("ip.unreachable",))


# an address as server name


@pytest.mark.parametrize(
    "failure",
    [
        "unknown_failure: remote error: tls: unrecognized name",
        "ssl_invalid_hostname",
        "ssl_unknown_authority",
    ],
)
def test_an_address_as_server_name_accuses_nobody(failure: str) -> None:
    scenario = Scenario(host=GENUINE[0], system=None, plain=None, encrypted=None, tls={"*": failure})
    assert not judge_line(scenario.to_line()).state.accuses


@pytest.mark.parametrize("host", [GENUINE[0], "www.example.net"])
def test_a_reset_there_and_an_alert_for_a_name_stay_accused(host: str) -> None:
    asked: dict[str, Any] = {} if host != GENUINE[0] else {"system": None, "plain": None, "encrypted": None}
    verdict = judge_line(Scenario(host=host, tls={"*": RESET}).but(**asked).to_line())
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("tls.reset",))


# proxies


@pytest.mark.parametrize("keys", [{"socksproxy": "127.0.0.1:9050"}, {"tunnel": "psiphon"}, {"tunnel": "tor"}])
def test_a_measurement_through_a_proxy_does_not_speak_of_the_network(keys) -> None:
    assert changed(Scenario(tls={"*": RESET}), **keys).state is State.INSUFFICIENT
    assert changed(Scenario(tls={"*": RESET}), **dict.fromkeys(keys)).state is State.LIKELY_BLOCKED


@pytest.mark.parametrize("answers", [("198.18.0.4",), ("198.19.255.1",), ("fc00::4", "198.18.0.4")])
def test_a_proxy_on_the_device_that_answers_every_lookup(answers: tuple[str, ...]) -> None:
    scenario = Scenario(system=Lookup(answers), plain=None, encrypted=None)
    assert judge_line(scenario.to_line()).state is State.INSUFFICIENT


@pytest.mark.parametrize(
    "answers", [("10.10.34.34",), ("198.51.100.4",), ("127.0.0.1",), ("198.18.0.4", "10.1.1.1")]
)
def test_other_private_answers_stay_accused(answers: tuple[str, ...]) -> None:
    verdict = judge_line(Scenario(system=Lookup(answers), plain=None, encrypted=None).to_line())
    assert (verdict.state, verdict.mechanisms) == (State.BLOCKED, ("dns.injection.bogon",))


# mechanisms that the facts support


def test_a_reset_of_a_plain_request_is_by_the_host_only_where_that_shows() -> None:
    reset = Scenario(scheme="http", page=Page(None, RESET))
    assert judge_line(reset.to_line()).mechanisms == ("http.reset",)
    assert judge_line(reset.but(other_host=True).to_line()).mechanisms == ("http.reset.host",)


def whatsapp(ip: str, failure: str) -> bytes:
    """Registration and web, resolved to one address that fails so; a chat server that works."""
    names = {"v.whatsapp.net": ip, "web.whatsapp.com": ip, "e1.whatsapp.net": "157.240.1.60"}
    queries = [
        {"hostname": name, "engine": "getaddrinfo", "query_type": "A", "failure": None,
         "answers": [{"answer_type": "A", "ipv4": answer}]}
        for name, answer in names.items()
    ]  # fmt: skip
    connects = [
        {
            "ip": answer,
            "port": 443,
            "status": {"failure": failure if answer == ip else None, "success": answer != ip},
        }
        for answer in names.values()
    ]
    return line("whatsapp", {"queries": queries, "tcp_connect": connects})


@pytest.mark.parametrize("failure", ["connection_refused", "generic_timeout_error", RESET])
@pytest.mark.parametrize("ip", [FORGED.replace("31.13.94.37", "104.16.120.20"), "175.45.176.71"])
def test_a_messenger_cut_by_dns_is_named_so(ip: str, failure: str) -> None:
    verdict = judge_line(whatsapp(ip, failure))
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("dns.injection.other",))


@pytest.mark.parametrize(
    ("failure", "mechanism"),
    [("connection_refused", "tcp.refused"), ("generic_timeout_error", "tcp.timeout")],
)
def test_a_messenger_cut_at_its_own_address_is_named_by_the_cut(failure: str, mechanism: str) -> None:
    verdict = judge_line(whatsapp("157.240.5.54", failure))
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, (mechanism,))


def test_certificates_that_an_old_store_refuses_accuse_nobody() -> None:
    """No certificate was kept, and the control completed no handshake there."""
    scenario = Scenario(tls={"*": "ssl_unknown_authority"}, helper=Helper(tls="ssl_unknown_authority"))
    assert not judge_line(scenario.to_line()).state.accuses
