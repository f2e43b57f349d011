"""Reports in YAML become lines of today's format; what cannot be read costs its own document."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banwatch.formats import yaml_report
from banwatch.formats.ooni import decode_untrusted
from banwatch.formats.yaml_report import is_yaml_report, report_lines

HEADER = """\
###########################################
# OONI Probe Report for http_requests (0.2.4)
# Mon Mar 30 23:12:14 2015
###########################################
---
input_hashes: [ddc991ef6b3c7e410ce180621fff20d0789140472bead9fc40d6cfd4421c315a]
probe_asn: AS812
probe_cc: CA
probe_ip: 127.0.0.1
report_id: 20150330T231214Z_aaaa
software_name: ooniprobe
software_version: 1.2.2
start_time: 1427757134.0
test_name: http_requests
test_version: 0.2.4
...
"""
ENTRY = """\
---
agent: agent
body_length_match: true
input: https://cryptbin.example.com
requests:
- request: {method: GET, url: 'https://cryptbin.example.com'}
  response: {body: hello, code: 200, headers: []}
...
"""


def read(text: str) -> tuple[list[Any], list[str]]:
    failed: list[str] = []
    found = [json.loads(line) for line in report_lines(text.encode().split(b"\n"), failed.append)]
    return found, failed


def test_a_report_of_two_measurements() -> None:
    found, failed = read(HEADER + ENTRY + ENTRY.replace("cryptbin", "other"))
    assert not failed
    assert [line["input"] for line in found] == ["https://cryptbin.example.com", "https://other.example.com"]
    assert found[0]["test_name"] == "http_requests"
    assert found[0]["measurement_start_time"] == "2015-03-30 23:12:14"
    assert (found[0]["probe_cc"], found[0]["probe_asn"]) == ("CA", "AS812")
    assert found[0]["test_keys"]["requests"][0]["response"]["code"] == 200
    assert "input" not in found[0]["test_keys"]
    assert decode_untrusted(json.dumps(found[0]).encode()).test_name == "http_requests"


def test_tags_and_bytes_of_old_probes() -> None:
    entry = (
        "---\ninput: !!python/unicode 'x'\nanswers: !!python/tuple [1, 2]\nbody: !!binary aGVsbG8=\nn: .nan\n"
    )
    (line,), failed = read(HEADER + entry)
    assert not failed
    assert line["test_keys"] == {
        "answers": [1, 2],
        "body": {"format": "base64", "data": "aGVsbG8="},
        "n": None,
    }


def test_a_broken_document_costs_only_itself() -> None:
    found, failed = read(HEADER + "---\ninput: {\n...\n" + ENTRY)
    assert len(found) == len(failed) == 1


def test_no_code_is_run() -> None:
    found, failed = read(HEADER + "---\na: !!python/object/apply:os.system ['true']\n...\n")
    assert not found
    assert "no YAML" in failed[0]


def test_a_bomb_of_aliases_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_report, "MAX_VALUES", 1000)
    text = "---\na: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for one, two in zip("bcdefgh", "abcdefg", strict=True):
        text += f"{one}: &{one} [{', '.join([f'*{two}'] * 10)}]\n"
    found, failed = read(HEADER + text)
    assert not found
    assert "more than 1000 values" in failed[0]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (HEADER.encode(), True),
        (b"---\r\nprobe_cc: CA\r\n", True),
        (b"# a comment\n\n---\na: 1\n", True),
        (b'{"a": 1}\n', False),
        (b"--- a/file\n+++ b/file\n", False),
        (b"", False),
    ],
)
def test_reports_are_known_by_their_beginning(head: bytes, expected: bool) -> None:
    assert is_yaml_report(head) == expected


@given(st.text(max_size=200))
def test_any_text_gives_lines_or_reasons(text: str) -> None:
    for line in read(HEADER + "---\n" + text)[0]:
        assert isinstance(line, dict)
