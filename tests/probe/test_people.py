"""What the probe owes the people who run it: consent, caution, and plain words."""

import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banwatch.cli.main import create_app
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.ids import CountryCode
from banwatch.probe import consent
from banwatch.probe.inputs.inputs import Input, only_categories, parse_list_untrusted
from banwatch.probe.inputs.risk import leave_out_risky
from banwatch.probe.quantities import parse_duration_s, parse_size_bytes


def run_cli(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        create_app()(list(arguments))
    return int(ended.value.code or 0)


def test_nothing_is_measured_before_somebody_agrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setattr("banwatch.net.real.RealNet.open_tcp", lambda *a, **k: pytest.fail("it measured"))
    monkeypatch.setattr("banwatch.net.real.RealNet.resolve", lambda *a, **k: pytest.fail("it measured"))
    with pytest.raises(BanwatchError, match="Nobody has agreed"):
        create_app()(["probe", "https://site.example/"])
    assert "이 컴퓨터에서" in capsys.readouterr().err
    assert not consent.has_consented(consent.default_path())


def test_consent_is_remembered_until_more_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deep" / "consent.json"
    assert not consent.has_consented(path)
    consent.give_consent(path, datetime(2016, 4, 1, tzinfo=UTC))
    assert consent.has_consented(path)
    monkeypatch.setattr(consent, "CONSENT_VERSION", consent.CONSENT_VERSION + 1)
    assert not consent.has_consented(path)
    path.write_bytes(b"rubbish")
    assert not consent.has_consented(path)


def test_every_word_of_the_question_is_translated() -> None:
    for text in (*consent.QUESTION, consent.ASK):
        translated = consent.translate(text, "ko")
        assert re.search("[가-힣]", translated), text
        assert consent.translate(text, "en") == text
        assert consent.translate(text, "xx") == text


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LC_ALL": "POSIX", "LANG": "ko"}, "ko"),
        ({"LANGUAGE": "ko:en"}, "ko"),
        ({"LANG": "!!"}, "en"),
        ({}, "en"),
    ],
)
def test_the_language_is_the_persons(environment: dict[str, str], language: str) -> None:
    assert consent.language_of(environment) == language


def test_risky_kinds_are_left_out_unless_chosen() -> None:
    listed = [Input("a", "NEWS"), Input("b", "PORN"), Input("c", ""), Input("d", "GMB")]

    def kept(cc: str, *opted_in: str) -> str:
        return "".join(one.url for one in leave_out_risky(listed, CountryCode(cc), opted_in)[0])

    assert kept("FR") == "ac"
    assert kept("KP") == "c"
    assert kept("FR", "PORN") == "abc"
    assert kept("KP", "NEWS", "GMB") == "acd"


def test_lists_are_read_in_both_forms() -> None:
    head = b"\xef\xbb\xbfurl,category_code,category_description\r\n"
    citizen_lab = head + b"https://a.example/,NEWS,News\r\nbad url,X,\r\n"
    inputs, unusable = parse_list_untrusted(citizen_lab)
    assert (inputs, unusable) == ([Input("https://a.example/", "NEWS")], 1)
    assert only_categories(inputs, {"GMB"}) == []
    plain = b"# mine\nhttps://a.example/\n\nb.example\nhttps://a.example/\n"
    assert [one.url for one in parse_list_untrusted(plain)[0]] == ["https://a.example/", "b.example"]


@given(st.binary(max_size=300))
def test_no_list_does_more_harm_than_a_wire_error(data: bytes) -> None:
    for start in (b"", b"url,category_code\n"):
        try:
            inputs, _ = parse_list_untrusted(start + data)
        except WireError:
            continue
        assert len({one.url for one in inputs}) == len(inputs)


def test_amounts_are_read_as_people_write_them() -> None:
    assert [parse_duration_s(text) for text in ("90", "90s", "15m", "6h", "1.5d")] == [
        90,
        90,
        900,
        21600,
        129600,
    ]
    assert [parse_size_bytes(text) for text in ("10", "5kB", "200MB", "1 GiB")] == [
        10,
        5000,
        200_000_000,
        1 << 30,
    ]
    for bad in ("", "h", "6 weeks", "-5s", "1e9"):
        with pytest.raises(BanwatchError):
            parse_duration_s(bad)
        with pytest.raises(BanwatchError):
            parse_size_bytes(bad)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["probe"], "Nothing to measure"),
        (["probe", "ftp://x/"], "Cannot measure"),
        (["probe", "--list", "/no/such/file"], "Cannot read the list"),
        (["probe", "--ban", "no-such-ban"], "No ban"),
        (["probe", "https://a.example/", "--cc", "Korea"], "No country"),
        (["probe", "https://a.example/", "--asn", "x"], "No network"),
        (["probe", "https://a.example/", "--resolver", "dns.google"], "No resolver"),
        (["probe", "https://a.example/", "--budget", "much"], "No size"),
        (["spool", "ls", "--spool", "/no/such/folder"], "No spool"),
        (["helper", "--resolver", "x", "--port", "0"], "No resolver"),
    ],
)
def test_mistakes_get_one_clear_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with pytest.raises(BanwatchError, match=message):
        create_app()(arguments)


def test_a_spool_from_the_command_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from banwatch.probe.spool.spool import Spool

    assert run_cli("spool", "keys", str(tmp_path / "private")) == 0
    public = capfd.readouterr().out.strip()
    Spool(tmp_path / "spool", public).put(b'{"input": "https://a.example/"}')
    folder = ["--spool", str(tmp_path / "spool")]
    assert run_cli("spool", "ls", "--json", *folder) == 0
    assert capfd.readouterr().out == '{"measurements": 1, "size_bytes": 4144}\n'
    assert run_cli("spool", "export", str(tmp_path / "b.zip"), *folder) == 0
    capfd.readouterr()
    assert (
        run_cli("spool", "open", str(tmp_path / "private"), str(tmp_path / "b.zip"), str(tmp_path / "b.zip"))
        == 0
    )
    assert capfd.readouterr().out == '{"input": "https://a.example/"}\n'
    with pytest.raises(BanwatchError, match="Cannot write"):
        create_app()(["spool", "keys", str(tmp_path / "private")])
    assert run_cli("spool", "wipe", "--yes", *folder) == 0
    assert not (tmp_path / "spool").exists()
