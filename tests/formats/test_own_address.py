"""Addresses of probes are taken out of lines, in every spelling and place, and nothing else is."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from banwatch.formats.ooni import decode_untrusted
from banwatch.formats.own_address import addresses_in, is_address, names_probe, scrub_line

OWN = "198.51.100.77"
FIELD = Path(__file__).parents[3] / "shared" / "data" / "field" / "probe-address"


def line_of(probe_ip: object = OWN, **keys: object) -> bytes:
    value = {
        "probe_ip": probe_ip,
        "measurement_start_time": "2018-12-23 05:35:22",
        "test_name": "web_connectivity",
        "test_keys": keys,
    }
    return json.dumps(value).encode()


def keys_of(line: bytes) -> Any:
    return json.loads(line)["test_keys"]


def base64_of(data: bytes) -> dict[str, str]:
    return {"format": "base64", "data": base64.b64encode(data).decode()}


@pytest.mark.parametrize("spelled", [OWN, "198-51-100-77.dsl.example.net", "77.100.51.198.in-addr.arpa"])
@pytest.mark.parametrize(
    "place",
    [
        lambda text: {"requests": [{"response": {"body": f"denied for {text} (you)"}}]},
        lambda text: {"requests": [{"response": {"headers": {"X-Client-IP": text}}}]},
        lambda text: {"requests": [{"response": {"headers_list": [["x-client", text]]}}]},
        lambda text: {"requests": [{"response": {"body": base64_of(b"\xff\xfe" + text.encode())}}]},
        lambda text: {"queries": [{"answers": [{"hostname": text}]}]},
        lambda text: {text: "a key"},
    ],
)
def test_every_place_and_spelling(place: Any, spelled: str) -> None:
    scrubbed = scrub_line(line_of(**place(spelled)))
    for form in (OWN.encode(), b"198-51-100-77", b"77.100.51.198", base64.b64encode(spelled.encode())[4:-4]):
        assert form not in scrubbed
    assert json.loads(scrubbed)["probe_ip"] == "127.0.0.1"
    assert json.loads(scrubbed)["x_scrubbed"] == {"values": 2}
    assert scrub_line(scrubbed) is scrubbed


def test_bytes_of_a_dns_answer() -> None:
    held = b"\0\x01\x81\x80" + bytes(int(part) for part in OWN.split("."))
    other = b"\0\x01\x81\x80\x01\x02\x03\x04"
    queries = [{"raw_response": base64.b64encode(data).decode()} for data in (held, other)]
    found = keys_of(scrub_line(line_of(queries=queries)))["queries"]
    assert found[0]["raw_response"] is None
    assert found[1] == queries[1]


def test_the_address_as_a_number_keeps_the_line_readable() -> None:
    scrubbed = scrub_line(line_of(client={"ip": 3325256781, "t": 3325256781.5}))
    assert keys_of(scrubbed)["client"] == {"ip": 0, "t": 3325256781.5}


def test_ipv6_with_the_whole_subnet() -> None:
    scrubbed = scrub_line(
        line_of("2001:db8:1:2::5", body="you are 2001:db8:1:2:aaaa::1", far="2001:db8:1:3::1")
    )
    assert keys_of(scrubbed) == {"body": "you are [scrubbed]", "far": "2001:db8:1:3::1"}


@pytest.mark.parametrize(
    "harmless", ["127.0.0.1", "", None, "[scrubbed]", "192.168.1.7", "10.0.0.1", "fe80::1", "::1", "nonsense"]
)
def test_what_identifies_nobody_stays_as_it_came(harmless: str | None) -> None:
    line = line_of(harmless, body="from 192.168.1.7 and 10.0.0.1 via 127.0.0.1")
    assert scrub_line(line) is line


def test_another_address_that_contains_the_digits_stays() -> None:
    found = keys_of(scrub_line(line_of(body="198.51.100.7 198.51.100.770 1198.51.100.77")))
    assert found["body"] == "198.51.100.7 198.51.100.770 1198.51.100.77"


def test_a_key_that_stands_twice() -> None:
    line = line_of(body="nothing").replace(b"{", b'{"probe_ip": "203.0.113.5", "note": "203.0.113.5", ', 1)
    assert addresses_in(line) == ["203.0.113.5", OWN]
    assert b"203.0.113.5" not in scrub_line(line)


def test_an_escaped_key_is_found_by_the_decoder() -> None:
    line = line_of(body=OWN).replace(b"probe_ip", b"probe\\u005fip")
    wire = decode_untrusted(line)
    assert names_probe(wire)
    assert OWN.encode() not in scrub_line(line, (wire.probe_ip or "",))


def test_text_that_is_no_json() -> None:
    assert OWN.encode() not in scrub_line(line_of(body=OWN)[:-3])


def test_a_lone_surrogate_survives() -> None:
    scrubbed = scrub_line(line_of(body=OWN, odd="\ud800"))
    assert keys_of(scrubbed)["odd"] == "\ud800"


def test_mapped_addresses_are_the_same_person() -> None:
    assert is_address(f"::ffff:{OWN}")
    assert not is_address("::ffff:10.0.0.1")
    assert OWN.encode() not in scrub_line(line_of(f"::ffff:{OWN}", body=OWN))


@pytest.mark.skipif(not FIELD.is_dir(), reason="the measurements lie outside the repository")
def test_the_published_lines() -> None:
    for line in (FIELD / "input.jsonl").read_bytes().splitlines():
        scrubbed = scrub_line(line)
        assert b"203.0.113.77" not in scrubbed
        assert b"203-0-113-77" not in scrubbed
        assert decode_untrusted(scrubbed).measurement_uid == decode_untrusted(line).measurement_uid
