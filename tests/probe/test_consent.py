"""Consent: asked once, in the person's language, before anything is measured."""

import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from banwatch.cli.main import create_app
from banwatch.model.errors import BanwatchError
from banwatch.probe import consent


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
