"""Readers' reports as they come in: what is believed, what is refused, and that nothing else can happen."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banwatch.formats.reader_report import (
    MAX_BYTES,
    MAX_NOTE,
    Fields,
    clean,
    parse_form_untrusted,
    parse_json_untrusted,
    read_claim_untrusted,
)
from banwatch.model.errors import WireError

NOW = datetime(2026, 1, 15, 18, 42, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("example.com", "example.com"),
        (" WWW.Example.COM. ", "www.example.com"),
        ("https://example.com:8443/who/am/i?token=secret#x", "example.com"),
        ("example.com/path", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("exam\u202eple.com\x00", "example.com"),
        ("Telegram", "telegram"),
        ("9GAG", "9gag"),
        ("Google Play", "google play"),
    ],
)
def test_targets(said: str, kept: str) -> None:
    assert read_claim_untrusted(Fields(said), NOW).target == kept


@pytest.mark.parametrize(
    "said",
    [
        "",
        " \u200b ",
        "192.0.2.1",
        "http://[2001:db8::1]/",
        "https://user:word@example.com/",
        "me@example.com",
        "-a-.com",
        "a..com",
        "example.123",
        "https://localhost/",
        "<script>alert(1)</script>",
        "javascript:alert(1)",
        "x" * 41,
        "12345",
        "a." * 200 + "com",
        "http://" + "x" * 3000,
    ],
)
def test_what_is_no_target(said: str) -> None:
    with pytest.raises(WireError):
        read_claim_untrusted(Fields(said), NOW)


def test_place_time_and_note() -> None:
    claim = read_claim_untrusted(
        Fields("example.com", "as131279", "kp", "2026-01-15T20:30+03:00", "a\r\n\x1b[31mb\u202e  c"), NOW
    )
    assert (claim.probe_asn, claim.probe_cc) == (131279, "KP")
    assert claim.seen_at == datetime(2026, 1, 15, 17, tzinfo=UTC)
    assert claim.note == "a [31mb c"
    empty = read_claim_untrusted(Fields("example.com"), NOW)
    assert (empty.probe_asn, empty.probe_cc, empty.note) == (0, "", "")
    assert empty.seen_at == NOW.replace(minute=0, second=0)  # never finer than an hour


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("network", "Koryolink"),
        ("network", "AS0"),
        ("network", "AS99999999999"),
        ("network", "203.0.113.7"),
        ("country", "KPX"),
        ("country", "North Korea"),
        ("time", "yesterday"),
        ("time", "2027-01-01"),
        ("time", "1999-12-31"),
        ("time", "0001-01-01T00:00+23:59"),
        ("note", "x" * (MAX_NOTE + 1)),
    ],
)
def test_what_is_refused(field: str, value: str) -> None:
    with pytest.raises(WireError):
        read_claim_untrusted(Fields("example.com")._replace(**{field: value}), NOW)


def test_a_form_and_json_say_the_same() -> None:
    fields = Fields("example.com", "131279", "KP", "2026-01-15", "é & so")
    form = b"target=example.com&network=131279&country=KP&time=2026-01-15&note=%C3%A9+%26+so&more=x"
    json = '{"target":"example.com","network":131279,"country":"KP","time":"2026-01-15","note":"é & so"}'
    assert parse_form_untrusted(form) == parse_json_untrusted(json.encode()) == fields


@pytest.mark.parametrize(
    "body", [b"target=a&target=b", b"note=%ff", b"\xff", b"a=1&" * 30, b"a" * (MAX_BYTES + 1)]
)
def test_what_is_no_form(body: bytes) -> None:
    with pytest.raises(WireError):
        parse_form_untrusted(body)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"target": 1}', b"[" * 9000, b'{"target":"\xff"}'])
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(WireError):
        parse_json_untrusted(body)


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace")))
def test_no_bytes_break_the_parsers(body: bytes) -> None:
    for parse in (parse_form_untrusted, parse_json_untrusted):
        try:
            parse(body)
        except WireError:
            continue


@given(st.builds(Fields, *[st.text(max_size=60)] * 5))
def test_whatever_is_kept_is_clean(fields: Fields) -> None:
    try:
        claim = read_claim_untrusted(fields, NOW)
    except WireError:
        return
    assert clean(claim.note) == claim.note
    assert clean(claim.target) == claim.target
    assert claim.target == read_claim_untrusted(Fields(claim.target), NOW).target
