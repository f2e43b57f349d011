"""OONI's format, both ways: what is read of old and odd lines, and what our probe's lines come to."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banwatch.formats.ooni import Observed, decode_untrusted, encode, observe
from banwatch.formats.ooni import wire as w
from banwatch.formats.ooni.decode import MAX_LINE_BYTES
from banwatch.formats.ooni.failures import normalise
from banwatch.model.errors import WireError
from banwatch.model.observation import Step

BASE: dict[str, Any] = {
    "test_name": "web_connectivity",
    "measurement_start_time": "2019-05-06 07:08:09",
    "probe_asn": "AS131279",
    "probe_cc": "KP",
    "input": "http://www.example.com/",
    "test_keys": {},
}


def read(**changes: Any) -> Observed:
    return observe(decode_untrusted(json.dumps({**BASE, **changes}).encode()), lambda host: host)


def test_a_measurement_says_what_it_is() -> None:
    m = read(
        annotations={"access_tier": "visitor", "lab": "dprk-2016", "platform": "linux"},
        resolver_ip="2001:4860:4860:0:0:0:0:8888",
        software_name="probe",
        probe_ip="175.45.176.10",
    ).measurement
    assert (m.probe_asn, m.probe_cc, m.access_tier, m.lab) == (131279, "KP", "visitor", "dprk-2016")
    assert m.measurement_start_time.isoformat() == "2019-05-06T07:08:09+00:00"
    assert m.resolver_ip == "2001:4860:4860::8888"
    assert "175.45.176.10" not in repr(m), "nobody's own address is kept"


def test_a_line_without_a_name_is_named_by_its_content() -> None:
    one, same, other = read(), read(), read(input="http://other.example.com/")
    assert one.measurement.measurement_uid == same.measurement.measurement_uid
    assert one.measurement.measurement_uid != other.measurement.measurement_uid
    assert one.measurement.measurement_uid.startswith("20190506070809.000000_KP_webconnectivity_")


def test_a_name_that_is_none_is_replaced() -> None:
    assert read(measurement_uid="../../etc/passwd").measurement.measurement_uid.startswith("2019")
    assert read(measurement_uid="20190506_KP_x").measurement.measurement_uid == "20190506_KP_x"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"12",
        b"\xff\xfe",
        b"{",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"test_name": "x"}',
        json.dumps({**BASE, "test_name": "No Such Name!"}).encode(),
        json.dumps({**BASE, "measurement_start_time": "yesterday"}).encode(),
        json.dumps({**BASE, "measurement_start_time": "0001-01-01 00:00:00"}).encode(),
        b" " * (MAX_LINE_BYTES + 1),
    ],
    ids=range(12),
)
def test_what_is_no_measurement_is_refused_with_a_reason(line: bytes) -> None:
    with pytest.raises(WireError) as refused:
        decode_untrusted(line)
    assert refused.value.reason


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(line: bytes) -> None:
    with contextlib.suppress(WireError):
        decode_untrusted(line)


def test_an_odd_value_costs_its_field_alone() -> None:
    observed = read(
        probe_cc=7,
        software_version=3,
        test_keys={
            "queries": [{"hostname": "a.example", "answers": "none"}, None, 5, {"hostname": ["b.example"]}],
            "tcp_connect": [
                {"ip": "93.184.216.34", "port": "443", "status": {"success": True, "failure": None}}
            ],
            "requests": None,
            "control": {"dns": {"addrs": ["93.184.216.34", 7, None]}, "tcp_connect": []},
        },
    )
    assert observed.measurement.probe_cc == "ZZ"
    assert [seen.hostname for seen in observed.observations if seen.step is Step.DNS] == [
        "a.example",
        "b.example",
    ]
    assert next(seen for seen in observed.observations if seen.step is Step.TCP).port == 443
    assert observed.control is not None
    assert observed.control.addresses == ("93.184.216.34",)


def test_lone_surrogates_and_numbers_without_end_are_read() -> None:
    line = json.dumps({**BASE, "software_name": "\ud800x", "test_runtime": float("nan")}).encode()
    measurement = observe(decode_untrusted(line), str).measurement
    assert measurement.software_name == "?x"
    assert measurement.test_runtime_s == 0.0


def test_bodies_and_headers_in_base64_are_read() -> None:
    keys = {
        "requests": [
            {
                "request": {"url": "http://www.example.com/", "method": "GET"},
                "response": {
                    "code": 200,
                    "body": {"format": "base64", "data": "PHRpdGxlPkE8L3RpdGxlPv8="},
                    "headers": {"Server": {"format": "base64", "data": "/w=="}, "X": ["y"]},
                },
                "failure": None,
            }
        ]
    }
    (page,) = read(test_keys=keys).observations
    assert page.body == b"<title>A</title>\xff"
    assert page.title == "A"
    assert dict(page.response_headers) == {"server": "�", "x": "y"}


def test_requests_are_put_in_the_order_of_time_and_hops_counted() -> None:
    def request(url: str, location: str | None) -> dict[str, Any]:
        headers = {"Location": location} if location else {}
        return {"request": {"url": url}, "response": {"code": 302 if location else 200, "headers": headers}}

    keys = {
        "requests": [request("https://b.example/", None), request("http://a.example/", "https://b.example/")],
        "tls_handshakes": [{"address": "1.2.3.4:443", "server_name": "b.example", "failure": None}],
    }
    observed = read(input="http://a.example/", test_keys=keys)
    pages = [seen for seen in observed.observations if seen.step is Step.HTTP]
    assert [(page.hop, page.hostname) for page in pages] == [(0, "a.example"), (1, "b.example")]
    assert next(seen for seen in observed.observations if seen.step is Step.TLS).hop == 1


def test_tags_say_hop_and_follow_up() -> None:
    keys = {
        "queries": [
            {"hostname": "a.example", "tags": ["depth=3", "classic"]},
            {"hostname": "a.example", "tags": ["depth=0", "follow_up=sibling"]},
            {"hostname": "a.example", "tags": ["depth=x"]},
        ],
        "x_dns_duplicate_responses": [{"hostname": "a.example"}],
    }
    found = read(test_keys=keys).observations
    assert [(seen.hop, seen.follow_up, seen.late) for seen in found] == [
        (3, None, False),
        (0, "sibling", False),
        (0, None, False),
        (0, None, True),
    ]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (None, None),
        ("", None),
        ("connection_reset", "connection_reset"),
        ("dns_name_error", "dns_nxdomain_error"),
        ("dns_server_failure", "dns_servfail_error"),
        ("connection_refused_error", "connection_refused"),
        ("response_never_received", "eof_error"),
        ("generic_timeout_error", "generic_timeout_error"),
        ("timed_out", "timed_out"),
        ("unknown_failure: dial tcp: lookup x: no such host", "dns_nxdomain_error"),
        ("unknown_failure: read: connection reset by peer", "connection_reset"),
        ("unknown_failure: net/http: i/o timeout", "generic_timeout_error"),
        ("unknown_failure: unexpected EOF", "eof_error"),
        (
            "unknown_failure: remote error: tls: handshake failure",
            "unknown_failure: remote error: tls: handshake failure",
        ),
        ("something_new", "something_new"),
    ],
)
def test_everybodys_words_for_failures_become_one(said: str | None, meant: str | None) -> None:
    assert normalise(said) == meant


def test_the_helpers_words_are_put_right() -> None:
    control = {
        "dns": {"failure": "dns_name_error", "addrs": []},
        "tcp_connect": {"[2001:db8::1]:443": {"status": False, "failure": "connection_refused_error"}},
        "http_request": {"failure": "dns_lookup_error", "status_code": -1, "body_length": -1, "title": ""},
    }
    found = read(test_keys={"control": control}).control
    assert found is not None
    assert found.dns_failure == "dns_nxdomain_error"
    assert (found.endpoints[0].ip, found.endpoints[0].tcp_failure) == ("2001:db8::1", "connection_refused")
    assert found.http is not None
    assert (found.http.status_code, found.http.body_length, found.http.title) == (None, None, None)


def test_what_our_probe_writes_is_read_back() -> None:
    wire = w.WireMeasurement(
        test_name="web_connectivity",
        measurement_start_time="2026-01-01 00:00:00",
        measurement_uid="u1",
        test_keys=w.TestKeys(
            queries=[w.Query(hostname="a.example", engine="udp", failure="dns_nxdomain_error")],
            tls_handshakes=[w.TlsHandshake(address="1.2.3.4:443", peer_certificates=[w.Binary(data="AQID")])],
        ),
    )
    line = encode(wire)
    assert b"\n" not in line
    assert decode_untrusted(line) == wire
    keys = json.loads(line)["test_keys"]
    assert keys["requests"] is None, "readers of the format expect the key"
    assert keys["tls_handshakes"][0]["peer_certificates"] == [{"data": "AQID", "format": "base64"}]
    (_, shake) = observe(decode_untrusted(line), str).observations
    assert shake.peer_certificates == (b"\x01\x02\x03",)
    assert len(shake.certificate_sha256[0]) == 64
