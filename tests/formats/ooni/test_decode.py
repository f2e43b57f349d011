"""Decoding of lines that nobody vouches for, and encoding of our probe's."""

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banwatch.formats.ooni import decode_untrusted, encode, observe
from banwatch.formats.ooni import wire as w
from banwatch.formats.ooni.decode import MAX_LINE_BYTES, parse_time
from banwatch.model.errors import WireError
from tests.formats.ooni.lines import BASE


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


AT = datetime(2020, 3, 2, 21, 17, 40, tzinfo=UTC)
TIMES = {
    "2020-03-02 21:17:40": AT,
    "2020-03-02T21:17:40Z": AT,
    "2020-03-02T21:17:40.123456Z": AT.replace(microsecond=123456),
    "2020-03-02 21:17:40.123": AT.replace(microsecond=123000),
    "2020-03-03T00:17:40+03:00": AT,
    "2020-03-02 21:17:40 UTC": AT,
    "1583183860": AT,
    "1583183860.5": AT.replace(microsecond=500000),
    "1583183860500": AT.replace(microsecond=500000),
    "2020-03-02 21:17:60": AT.replace(minute=18, second=0),
    "2016-12-31 23:59:60 UTC": datetime(2017, 1, 1, tzinfo=UTC),
    "2020-03-02": None,
    "20200302": None,
    "02/03/2020 21:17": None,
    "": None,
    "2020-13-45 99:99:99": None,
    "0001-01-01 00:00:00": None,
    "0001-01-01T00:00:00+05:00": None,
    "9999-12-31 23:59:59": None,
    "9999-12-31T23:59:59-05:00": None,
    "2020-02-30 00:00:00": None,
    "99999999999": None,
    "1583183860 UTC": None,
    "2020-03-02 21:60": None,
}


@pytest.mark.parametrize("text", TIMES)
def test_times_as_programs_write_them(text: str) -> None:
    assert parse_time(text) == TIMES[text]


@pytest.mark.parametrize("value", [1583183860.5, 1583183860, "1583183860"])
def test_seconds_since_1970_are_a_start_time(value: object) -> None:
    wire = decode_untrusted(json.dumps({**BASE, "measurement_start_time": value}).encode())
    started = parse_time(wire.measurement_start_time)
    assert started is not None
    assert started.replace(microsecond=0) == AT
