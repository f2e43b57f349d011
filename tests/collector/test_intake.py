"""Submissions become lines, and the same content gets the same id."""

import gzip
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from banwatch.collector.intake import (
    RefusedError,
    read_sealed_untrusted,
    read_submission_untrusted,
    unpack_untrusted,
)
from banwatch.collector.report_ids import OPEN_FOR, ReportIds
from banwatch.model.errors import WireError
from banwatch.probe.identity import make_measurement_uid
from banwatch.probe.spool.sealing import make_keys, seal
from tests.pipeline.measurement_lines import line, uid

PRIVATE, PUBLIC = make_keys()
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def _submission(content: bytes) -> bytes:
    return b'{"format":"json","content":' + content + b"}"


def _named(content: bytes) -> bytes:
    """End a measurement as Banwatch's probe does."""
    name = make_measurement_uid(datetime(2016, 4, 1, tzinfo=UTC), "web_connectivity", "KP", content)  # type: ignore[arg-type]  # a country's code
    return content[:-1] + b',"measurement_uid":"' + name.encode() + b'"}'


def test_a_submission_becomes_one_line_whatever_its_white_space() -> None:
    pretty = msgspec.json.format(line(1), indent=2)
    read = read_submission_untrusted(_submission(pretty))
    assert b"\n" not in read.data
    value = msgspec.json.decode(line(1))
    del value["measurement_uid"]
    assert msgspec.json.decode(read.data) == value
    assert read == read_submission_untrusted(_submission(pretty))


def test_a_name_that_others_gave_is_not_taken_but_one_made_from_the_content_is() -> None:
    assert read_submission_untrusted(_submission(line(1))).measurement_uid != uid(1)
    own = _named(line(1).replace(b'"measurement_uid"', b'"other"'))
    read = read_submission_untrusted(_submission(own))
    assert read.data == own
    assert read.measurement_uid.encode() in own
    forged = own.replace(b'"probe_cc":"KP"', b'"probe_cc":"IR"')
    assert read_submission_untrusted(_submission(forged)).measurement_uid != read.measurement_uid


def test_numbers_keep_their_spelling() -> None:
    content = line(1).replace(b'"test_runtime":1.5', b'"test_runtime":1.50000000000000000001e0')
    assert b"1.50000000000000000001e0" in read_submission_untrusted(_submission(content)).data


@pytest.mark.parametrize("address", ["1.2.3.4", "2001:db8::1", "a name", 7])
def test_the_address_of_a_probe_is_taken_out(address: object) -> None:
    read = read_submission_untrusted(_submission(line(1, probe_ip=address)))
    assert msgspec.json.decode(read.data)["probe_ip"] == "127.0.0.1"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        b'{"content":1}',
        b'{"content":{}}',
        b'{"format":"yaml","content":{}}',
        b'{"content":' + b"[" * 100_000,
        b'{"content":{"test_keys":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}}",
        _submission(line(1, test_name="no name at all!")),
        _submission(line(1, measurement_start_time="yesterday", test_start_time=None)),
    ],
)
def test_what_is_no_measurement_is_refused(body: bytes) -> None:
    with pytest.raises(WireError):
        read_submission_untrusted(body)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for read in (read_submission_untrusted, lambda b: read_sealed_untrusted(b, [PRIVATE])):
        with pytest.raises(WireError):
            read(body)


def test_a_sealed_measurement_is_opened() -> None:
    own = _named(line(2).replace(b'"measurement_uid"', b'"other"'))
    read = read_sealed_untrusted(seal(own, PUBLIC), [PRIVATE])
    assert read.data == own
    with pytest.raises(WireError, match="not sealed to this key"):
        read_sealed_untrusted(seal(own, PUBLIC), [make_keys()[0]])
    with pytest.raises(WireError, match="no measurement"):
        read_sealed_untrusted(seal(b"secret", PUBLIC), [PRIVATE])


def test_packed_bodies_within_the_limit() -> None:
    body = _submission(line(1))
    assert unpack_untrusted(body, "") == body
    assert unpack_untrusted(gzip.compress(body), "gzip") == body
    assert unpack_untrusted(zstandard.compress(body), "zstd") == body
    for bomb, name in ((gzip.compress(b" " * 10**7), "gzip"), (zstandard.compress(b" " * 10**7), "zstd")):
        with pytest.raises(WireError, match="more than"):
            unpack_untrusted(bomb, name, limit=10**6)
    for name in ("gzip", "zstd"):
        with pytest.raises(WireError):
            unpack_untrusted(b"nonsense", name)
    with pytest.raises(WireError):
        unpack_untrusted(gzip.compress(body)[:-12], "gzip")
    with pytest.raises(RefusedError):
        unpack_untrusted(body, "br")


def test_reports_are_known_again_and_closed() -> None:
    given_id = ReportIds(PRIVATE).give("web_connectivity", "KP", 131279, NOW)
    assert given_id.startswith("20261122T120000Z_webconnectivity_KP_131279_n1_")
    ids = ReportIds(PRIVATE)  # after a restart
    ids.check_untrusted(given_id, NOW + timedelta(hours=2))
    for wrong in (given_id[:-1] + "!", given_id.replace("KP", "IR"), "", "x", given_id + "a"):
        with pytest.raises(WireError, match="no such report"):
            ids.check_untrusted(wrong, NOW)
    with pytest.raises(WireError, match="no such report"):
        ReportIds(make_keys()[0]).check_untrusted(given_id, NOW)
    with pytest.raises(WireError, match="closed"):
        ids.check_untrusted(given_id, NOW + OPEN_FOR + timedelta(seconds=1))
    ids.close(given_id)
    with pytest.raises(WireError, match="closed"):
        ids.check_untrusted(given_id, NOW)


def test_a_measurement_on_its_own_gets_the_same_report_again() -> None:
    ids = ReportIds(PRIVATE)
    first = read_submission_untrusted(_submission(line(1)), "", ids.give_for)
    assert first.report_id == msgspec.json.decode(first.data)["report_id"] != "report-0"
    assert first == read_submission_untrusted(line(1), "", ids.give_for)


def test_a_measurement_of_another_report_is_refused() -> None:
    assert read_submission_untrusted(_submission(line(1)), "report-0").measurement_uid
    with pytest.raises(WireError, match="another report"):
        read_submission_untrusted(_submission(line(1)), "report-1")


def _of(**changes: object) -> bytes:
    value = {**msgspec.json.decode(line(1, probe_cc="IE", probe_asn="AS34245")), **changes}
    return _submission(msgspec.json.encode({k: v for k, v in value.items() if v is not None}))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"probe_cc": "DE"}, "opened for IE, the measurement is from DE"),
        ({"test_name": "ndt"}, "opened for webconnectivity, the measurement is of ndt"),
        ({"probe_asn": "AS1"}, "opened for AS34245, the measurement is from AS1"),
        ({"report_id": "another"}, "names another report: another"),
    ],
)
def test_what_disagrees_with_its_report_is_refused_with_the_reason(
    changes: dict[str, object], reason: str
) -> None:
    report = ReportIds(PRIVATE).give("web_connectivity", "IE", 34245, NOW)
    with pytest.raises(WireError, match=reason):
        read_submission_untrusted(_of(**{"report_id": report, **changes}), report)


@pytest.mark.parametrize(
    "changes",
    [{}, {"report_id": None}, {"report_id": ""}, {"probe_cc": "ZZ", "probe_asn": "AS0"}, {"probe_asn": None}],
)
def test_what_its_report_leaves_open_agrees(changes: dict[str, object]) -> None:
    report = ReportIds(PRIVATE).give("web_connectivity", "IE", 34245, NOW)
    read = read_submission_untrusted(_of(**{"report_id": report, **changes}), report)
    assert msgspec.json.decode(read.data)["report_id"] == report
    unknown = ReportIds(PRIVATE).give("web_connectivity", "ZZ", 0, NOW)
    assert read_submission_untrusted(_of(report_id=unknown, probe_cc="DE"), unknown).data
