"""Measurement and observations that a line comes to."""

import json
from typing import Any

from banwatch.formats.ooni import decode_untrusted, observe
from banwatch.model.observation import Step
from tests.formats.ooni.lines import BASE, read


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
