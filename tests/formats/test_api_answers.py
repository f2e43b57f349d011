"""Answers of OONI's API are unwrapped, and what holds no measurements is named."""

import json

import pytest

from banwatch.formats.api_answers import is_wrapped, unwrap_untrusted, what_it_is
from banwatch.model.errors import WireError

LINE = {"test_name": "signal", "measurement_start_time": "2021-04-14 23:32:39", "test_keys": {"a": "\ud800é"}}


def answer(**changes: object) -> bytes:
    wrapper = {"input": "", "measurement_uid": "u1", "raw_measurement": json.dumps(LINE)}
    return json.dumps(wrapper | changes).encode()


def test_the_measurement_gets_the_id_of_the_answer() -> None:
    assert is_wrapped(answer())
    assert json.loads(unwrap_untrusted(answer())) == LINE | {"measurement_uid": "u1"}
    named = json.dumps(LINE | {"measurement_uid": "own"})
    assert json.loads(unwrap_untrusted(answer(raw_measurement=named)))["measurement_uid"] == "own"
    assert b"\n" not in unwrap_untrusted(answer(raw_measurement=json.dumps(LINE, indent=1)))


@pytest.mark.parametrize("raw", ["", None, "[1]", "{", "null"])
def test_an_answer_without_a_measurement_says_so(raw: object) -> None:
    with pytest.raises(WireError, match="OONI's API"):
        unwrap_untrusted(answer(raw_measurement=raw))


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b'{\n "metadata": {"count": -1}, "results": [', "list of summaries"),
        (b'{"results": [{"measurement_uid": "x"}], "metadata": {}}', "list of summaries"),
        (b'{"v": 0, "dimension_count": 2, "result": []}', "aggregation"),
        (b'{"db_stats": {"rows": 1}, "dimension_count": 2}', ""),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\xef\xbb\xbfmeasurement_uid,report_id,input,anomaly,confirmed,failure\r\n", "Explorer's search"),
        (b"measurement_start_day;probe_cc;anomaly_count;measurement_count\n", "aggregation"),
        (b"url,category_code,notes\n", "test list"),
        (b"measurement_uid\ttarget\tstate\tmechanisms\n", "detect --verdicts"),
        (b'{"test_name": "web_connectivity", "metadata": {}}', ""),
        (b'{"annotations": {}, "test_keys": {"results": []}}', ""),
        (b"", ""),
        (b"{", ""),
    ],
)
def test_what_holds_no_measurements_is_named(head: bytes, words: str) -> None:
    assert words in what_it_is(head) if words else what_it_is(head) == ""
