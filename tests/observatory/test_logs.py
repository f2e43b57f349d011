"""Logs: one line for each record, as text or JSON, and no address in either."""

import json
import logging

import pytest

from banwatch.observatory.logs import remove_logs, set_up_logs, without_addresses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from 203.0.113.9 came", "from [address] came"),
        ("from 203.0.113.9:443.", "from [address]:443."),
        ("[2001:db8::1]:443 refused", "[[address]]:443 refused"),
        ("2001:db8:1:2:3:4:5:6, then", "[address], then"),
        ("::ffff:203.0.113.9", "[address]"),
        ("at 12:34:56 on 127.0.0.1 and ::1", "at 12:34:56 on 127.0.0.1 and ::1"),
        ("version 1.2.3 of a.b.c.d, 300.1.2.3", "version 1.2.3 of a.b.c.d, 300.1.2.3"),
        ("banwatch::store", "banwatch::store"),
    ],
)
def test_addresses_are_taken_out(text: str, expected: str) -> None:
    assert without_addresses(text) == expected


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_record_is_one_line_without_the_error_s_text(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    handler = set_up_logs(form, "info")
    try:
        log = logging.getLogger("banwatch.x")
        log.info("hello\n%s", "198.51.100.7")
        try:
            raise ValueError("198.51.100.8 is odd")
        except ValueError:
            log.exception("it failed")
    finally:
        remove_logs(handler)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "198.51" not in "".join(lines)
    if form == "json":
        first, second = map(json.loads, lines)
        assert (first["level"], first["logger"], first["message"]) == (
            "info",
            "banwatch.x",
            "hello\n[address]",
        )
        assert second["message"] == "it failed (ValueError)"
    else:
        assert lines[1].endswith("error banwatch.x: it failed (ValueError)")
