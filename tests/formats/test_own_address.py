"""Addresses of probes are taken out of lines, in every spelling and place, and nothing else is."""

import base64
import gzip
import json
import zlib
from collections.abc import Callable
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


ESCAPED = [
    "198&#46;51&#46;100&#46;77",
    "%31%39%38%2e51%2e100%2e77",
    "198<wbr>.51.100.77",
    "::ffff:c633:644d",
    "0:0:0:0:0:FFFF:C633:644D",
    "64:ff9b::c633:644d",
    "2002:c633:644d::1",
    "2001:0:4136:e378:8000:63bf:39cc:9bb2",
    "0xc6.0x33.0x64.0x4d",
    "0306.063.0144.0115",
    "MTk4LjUxLjEwMC43Nw==",
    "token=eHkxOTguNTEuMTAwLjc3UVFR;",
    "3139382e35312e3130302e3737",
]


@pytest.mark.parametrize("spelled", ESCAPED)
@pytest.mark.parametrize("place", ["body", "header"])
def test_addresses_that_are_written_in_another_way(spelled: str, place: str) -> None:
    response = {"body": f"for {spelled}"} if place == "body" else {"headers": {"x-for": f"{spelled} a"}}
    scrubbed = scrub_line(line_of(requests=[{"response": response}]))
    assert spelled.strip("=").encode() not in scrubbed
    assert json.loads(scrubbed)["x_scrubbed"] == {"values": 2}
    assert scrub_line(scrubbed) is scrubbed


@pytest.mark.parametrize(
    "other",
    [
        "198&#46;51&#46;100&#46;78",
        "%31%39%38%2e51%2e100%2e7",
        "1198.51.100.77",
        "198.51.100.7&#55;1",
        "::ffff:c633:644e",
        "2002:c633:644e::1",
        "0306.063.0144.0116",
        "MTk4LjUxLjEwMC43OA==",
        "100% of &#49;&#48; pages",
    ],
)
def test_another_address_stays_however_written(other: str) -> None:
    keys = {"requests": [{"response": {"body": f"for {other}"}}]}
    assert keys_of(scrub_line(line_of(**keys))) == keys


@pytest.mark.parametrize(
    "spelled",
    [
        "2001:DB8:0001:0002:0:0:0:9",
        "2001&colon;db8&#58;1:2::3",
        "%32001%3Adb8%3A1:2::7",
        "2001:db8:1:2:0:0:198.51.100.1",
    ],
)
def test_ipv6_however_written(spelled: str) -> None:
    scrubbed = scrub_line(line_of("2001:db8:1:2::5", body=f"<{spelled}>"))
    assert keys_of(scrubbed) == {"body": "<[scrubbed]>"}


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_compressed_body(pack: Callable[[bytes], bytes]) -> None:
    body = {"format": "base64", "data": base64.b64encode(pack(b"<p>you are " + OWN.encode())).decode()}
    scrubbed = scrub_line(line_of(requests=[{"response": {"body": body}}]))
    packed = base64.b64decode(keys_of(scrubbed)["requests"][0]["response"]["body"]["data"])
    wbits = 31 if pack is gzip.compress else 15
    assert zlib.decompress(packed, wbits=wbits) == b"<p>you are [scrubbed]"
