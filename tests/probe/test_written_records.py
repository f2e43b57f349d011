"""What a measurement looks like to its readers, and what must not be in it."""

import base64
import json
import random
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from banwatch.formats.ooni import decode_untrusted
from banwatch.formats.scrub import scrubber
from banwatch.model.ids import Asn, CountryCode
from banwatch.net.memory import MemoryNet
from banwatch.probe.identity import make_measurement_uid, make_report_id
from tests.net import servers
from tests.net.servers import Page
from tests.probe.scenes import RESOLVER, SITE, Scene, measure, measure_site, settings

# df-000 and ts-017: what every reader of `web_connectivity` may expect to find
TOP_LEVEL = {
    "annotations", "data_format_version", "extensions", "input", "measurement_start_time", "probe_asn",
    "probe_cc", "probe_ip", "probe_network_name", "report_id", "resolver_asn", "resolver_ip",
    "resolver_network_name", "software_name", "software_version", "test_helpers", "test_keys", "test_name",
    "test_runtime", "test_start_time", "test_version", "measurement_uid",
}  # fmt: skip
TEST_KEYS = {
    "agent", "client_resolver", "retries", "socksproxy", "queries", "tcp_connect", "tls_handshakes",
    "requests", "network_events", "x_dns_duplicate_responses", "x_control_request", "control",
    "control_failure",
    "dns_experiment_failure", "dns_consistency", "http_experiment_failure", "body_proportion",
    "body_length_match", "headers_match", "status_code_match", "title_match", "blocking", "accessible",
    "x_blocking_flags", "x_dns_flags", "x_null_null_flags",
}  # fmt: skip
STEPS = {
    "queries": {
        "answers", "engine", "failure", "hostname", "query_type", "resolver_hostname", "resolver_port",
        "resolver_address", "t0", "t", "tags", "transaction_id",
    },
    "tcp_connect": {"ip", "port", "status", "t0", "t", "tags", "transaction_id"},
    "tls_handshakes": {
        "network", "address", "cipher_suite", "failure", "negotiated_protocol", "no_tls_verify",
        "peer_certificates", "server_name", "t0", "t", "tags", "tls_version", "transaction_id",
    },
    "requests": {
        "network", "address", "alpn", "failure", "request", "response", "t0", "t", "tags", "transaction_id",
    },
    "network_events": {"operation", "address", "proto", "failure", "t0", "t", "tags", "transaction_id"},
}  # fmt: skip


def test_every_key_of_the_format_is_there(tmp_path: Path) -> None:
    measurement = measure_site(Scene(), tmp_path, access_tier="visitor", annotations={"lab": "dprk-2016"})
    assert set(measurement) >= TOP_LEVEL
    assert set(measurement["test_keys"]) >= TEST_KEYS
    for name, keys in STEPS.items():
        assert measurement["test_keys"][name], name
        for record in measurement["test_keys"][name]:
            assert keys <= set(record), name
    request = measurement["test_keys"]["requests"][0]["request"]
    assert {
        "method",
        "url",
        "headers",
        "headers_list",
        "body",
        "body_is_truncated",
        "tor",
        "x_transport",
    } <= set(request)
    assert measurement["data_format_version"] == "0.2.0"
    assert measurement["measurement_start_time"] == "2016-04-01 12:00:00"
    assert (measurement["probe_asn"], measurement["probe_cc"]) == ("AS131279", "KP")
    assert measurement["annotations"]["access_tier"] == "visitor"
    assert measurement["annotations"]["lab"] == "dprk-2016"
    assert measurement["annotations"]["timeouts"] == "dns=0.2,tcp=0.2,tls=0.2,http=0.3"
    assert re.fullmatch(
        r"20160401T120000Z_webconnectivity_KP_131279_n1_[A-Za-z0-9]{16}", measurement["report_id"]
    )
    uid = r"20160401120000\.000000_KP_webconnectivity_[0-9a-f]{16}"
    assert re.fullmatch(uid, measurement["measurement_uid"])


def test_times_run_forward_and_transactions_hold_together(tmp_path: Path) -> None:
    keys = measure_site(Scene(), tmp_path)["test_keys"]
    for name in STEPS:
        for record in keys[name]:
            assert 0 <= record["t0"] <= record["t"] < 10, name
    [connect], [handshake], [request] = keys["tcp_connect"], keys["tls_handshakes"], keys["requests"]
    assert connect["transaction_id"] == handshake["transaction_id"] == request["transaction_id"] == 50001
    assert connect["t"] <= handshake["t0"]
    assert handshake["t"] <= request["t0"]
    ids = [query["transaction_id"] for query in keys["queries"]]
    assert len(set(ids)) == len(ids)


def test_the_reader_of_the_format_reads_it(tmp_path: Path) -> None:
    measurement = measure_site(Scene(), tmp_path)
    wire = decode_untrusted(json.dumps(measurement).encode())
    assert wire.test_name == "web_connectivity"
    assert wire.test_keys is not None
    assert wire.test_keys.queries is not None
    assert len(wire.test_keys.queries) == 3
    assert wire.test_keys.control is not None


def test_the_probes_own_addresses_are_nowhere(tmp_path: Path) -> None:
    own, public, own6 = "175.45.176.99", "203.0.114.7", "2001:db9::7"
    page = Page(
        body=f"<p>You are {own} or {public}, host 99-176-45-175.example, {own6} or {own6.upper()}".encode(),
        headers=(
            ("X-Client", own),
            ("Set-Cookie", f"ip={public}"),
            ("X-Reverse", "99.176.45.175.in-addr.arpa"),
        ),
    )
    latin = Page(body=f"Sie sind {own} \xfc".encode("latin-1"))
    for served in (page, latin):
        net = Scene(
            names={"site.example": (SITE,)},
            tcp={(SITE, 443): servers.https_site(served, servers.make_context("site.example"))},
            resolver=servers.dns_server({"site.example": [SITE, own6]}),
        ).net()
        net.own_addresses = (own, own6)
        [measurement] = measure(net, ["https://site.example/"], settings(tmp_path, own_addresses=(public,)))
        text = json.dumps(measurement)
        for secret in (own, public, own6, own6.upper(), "99.176.45.175"):
            assert secret not in text
        body = measurement["test_keys"]["requests"][0]["response"]["body"]
        if served is latin:
            assert own.encode() not in base64.b64decode(body["data"])
        else:
            assert "[scrubbed]" in body


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        (b"175.45.176.9", b"[scrubbed]"),
        (b"175.45.176.99", b"175.45.176.99"),
        (b"1175.45.176.9", b"1175.45.176.9"),
        (b"x 175.45.176.9:443", b"x [scrubbed]:443"),
        (b"ec2-175-45-176-9.example", b"ec2-[scrubbed].example"),
    ],
)
def test_another_address_is_left_alone(text: bytes, scrubbed: bytes) -> None:
    assert scrubber(["175.45.176.9"])(text) == scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "198.51.100.7",
        "7.100.51.198.in-addr.arpa",
        "198-51-100-7.dyn.example",
        "7-100-51-198.dyn.example",
        "198_51_100_7",
        "198.051.100.007",
        "c198-051-100-007.example",
        "ip%3D198%2E51%2E100%2E7",
        "C6336407.dsl.example",
        "0xc6336407",
        "?ip=3325256711&",
        "::ffff:198.51.100.7",
        "::FFFF:c633:6407",
        "[2001:db8:1:2:3:4:5:6]:443",
        "2001:db8:1:2::/64",
        "2001:0db8:0001:0002:0000:0000:0000:0001",
        "2001:db8:1:2:0:0:0:1",
        "2001%3Adb8%3A1%3A2%3A%3A9",
        "2001-db8-1-2-3-4-5-6.example",
        "2001-db8-1-2--9.example",
        "6.0.0.0.5.0.0.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
        "20010db8000100020000000000000009",
    ],
)
def test_every_spelling_of_an_own_address_goes(text: str) -> None:
    """Of IPv6 every address of the same subscriber's network."""
    scrub = scrubber(["198.51.100.7", "2001:db8:1:2:aaaa:bbbb:cccc:dddd"])
    for before, after in (("", ""), ("You are ", ".<br>"), ('{"a":"', '"}'), ("x=", ";")):
        written = scrub(f"{before}{text}{after}".encode())
        assert b"[scrubbed]" in written, written
        for part in (b"51", b"c633", b"3325256711", b"db8", b"b.d.0"):
            assert part not in written.lower(), written


@pytest.mark.parametrize(
    "text",
    [
        b"2001:db8:1:3::9 and 2001:db9:1:2::9",
        b"12:34:56 2016-04-05 12:00:00 a::b",
        b"3325256712 c6336408 33252567110",
        b"7.100.51.199",
        b"20010db8000100030000000000000009",
    ],
)
def test_other_networks_are_left_alone(text: bytes) -> None:
    assert scrubber(["198.51.100.7", "2001:db8:1:2:aaaa:bbbb:cccc:dddd"])(text) == text


def test_loopback_is_nobodys_address() -> None:
    assert scrubber(["127.0.0.1", "::1", "not an address"])(b"127.0.0.1 ::1") == b"127.0.0.1 ::1"


def test_names_of_reports_and_measurements_are_made_of_what_they_name() -> None:
    at = datetime(2016, 4, 1, 1, 2, 3, 45, tzinfo=UTC)
    cc, asn = CountryCode("KP"), Asn(131279)
    assert make_report_id(at, "web_connectivity", cc, asn, random.Random(1)).startswith(
        "20160401T010203Z_webconnectivity_KP_131279_n1_"
    )
    one = make_measurement_uid(at, "web_connectivity", cc, b"one")
    assert one.startswith("20160401010203.000045_KP_webconnectivity_")
    assert one == make_measurement_uid(at, "web_connectivity", cc, b"one")
    assert one != make_measurement_uid(at, "web_connectivity", cc, b"two")


def test_with_no_network_at_all_there_is_a_measurement_still(tmp_path: Path) -> None:
    net = MemoryNet(names={"site.example": "dns_temporary_failure"}, udp={RESOLVER: lambda data: []})
    [measurement] = measure(net, ["https://site.example/"], settings(tmp_path))
    keys = measurement["test_keys"]
    plain = [q for q in keys["queries"] if "follow_up=innocent_name" not in q["tags"]]
    assert {query["failure"] for query in plain} == {
        "dns_temporary_failure",
        "generic_timeout_error",
    }
    assert keys["control_failure"] == "generic_timeout_error"
    assert (keys["blocking"], keys["accessible"]) == (None, None)
