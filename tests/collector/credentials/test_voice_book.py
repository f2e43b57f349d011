"""Voices grow by days, measurements and places, and their keys are thrown away."""

from pathlib import Path

import pytest

from banwatch.collector.credentials.voice_book import (
    GROWN_AGE_DAYS,
    GROWN_MEASUREMENTS,
    KEY_LIFE_DAYS,
    KEY_STEP_DAYS,
    VOICES_PER_PLACE,
    VoiceBook,
)
from banwatch.model.errors import BanwatchError


class Days:
    day = 2_461_400

    def __call__(self) -> int:
        return self.day


def grow(book: VoiceBook, days: Days, nym: str, address: str, *, agrees: bool | None = True) -> bool:
    """Let a voice be heard for as long as it takes."""
    grown = False
    for _ in range(GROWN_AGE_DAYS + 1):
        for _ in range(GROWN_MEASUREMENTS // GROWN_AGE_DAYS + 1):
            grown = book.hear(nym, address, origin_agrees=agrees).grown
        days.day += 1
    return grown


def test_voice_grows_in_days_not_in_measurements() -> None:
    days = Days()
    book = VoiceBook(None, days)
    assert not any(book.hear("nym", "192.0.2.1", origin_agrees=True).grown for _ in range(10_000))
    assert grow(book, days, "nym", "192.0.2.1")
    days.day += GROWN_AGE_DAYS
    assert not any(book.hear("rare", "192.0.2.2", origin_agrees=True).grown for _ in range(10_000))


def test_two_days_far_apart_are_not_enough() -> None:
    days = Days()
    book = VoiceBook(None, days)
    for day in (0, GROWN_AGE_DAYS + 3):
        days.day = Days.day + day
        assert not any(book.hear("nym", "192.0.2.1", origin_agrees=True).grown for _ in range(100))


@pytest.mark.parametrize("agrees", [False, None])
def test_voice_from_elsewhere_never_grows(agrees: bool | None) -> None:
    days = Days()
    assert not grow(VoiceBook(None, days), days, "nym", "192.0.2.1", agrees=agrees)
    assert not grow(VoiceBook(None, days), days, "nym", "", agrees=True)


def test_place_has_few_voices_however_many_pseudonyms() -> None:
    """An attacker with one network registers hundreds of pseudonyms and ages them all together."""
    days = Days()
    book = VoiceBook(None, days)
    grown: set[str] = set()
    for _ in range(GROWN_AGE_DAYS + 1):
        for _ in range(GROWN_MEASUREMENTS // GROWN_AGE_DAYS + 1):
            for number in range(40):
                if book.hear(f"nym{number}", f"192.0.2.{number}", origin_agrees=True).grown:
                    grown.add(f"nym{number}")
        days.day += 1
    assert len(grown) == VOICES_PER_PLACE
    assert grow(book, days, "neighbour", "192.0.3.1")  # another network has voices of its own


def test_shares_fall_within_a_provider() -> None:
    book = VoiceBook(None, Days())
    for address, most in (("2001:db8:{:x}::1", 8 * VOICES_PER_PLACE), ("198.51.{}.1", 8 * VOICES_PER_PLACE)):
        for number in range(200):
            book.hear(f"{address}{number}", address.format(number), origin_agrees=True)
        assert sum(f"{address}{n}" in heard(book) for n in range(200)) == 0  # no pseudonym is written
        assert len(book._voices) <= most
        book._voices.clear()


def heard(book: VoiceBook) -> str:
    return str(book._voices)


def test_key_is_thrown_away_and_who_comes_again_is_not_forgotten(tmp_path: Path) -> None:
    days = Days()
    path = tmp_path / "s.voices.json"
    book = VoiceBook(path, days)
    assert grow(book, days, "faithful", "192.0.2.1")
    assert grow(book, days, "silent", "198.51.100.1")
    before = book.hear("faithful", "192.0.2.1", origin_agrees=True).voice
    first_key = book._keys[0].secret
    days.day = Days.day + KEY_STEP_DAYS
    moved = book.hear("faithful", "192.0.2.1", origin_agrees=True)
    assert moved.grown
    assert moved.voice != before
    days.day = Days.day + KEY_LIFE_DAYS
    assert book.hear("faithful", "192.0.2.1", origin_agrees=True).grown
    assert not book.hear("silent", "198.51.100.1", origin_agrees=True).grown
    assert first_key not in [key.secret for key in book._keys]
    assert book._keys[-1].since - book._keys[0].since <= KEY_LIFE_DAYS
    book.close()
    text = path.read_text()
    assert "faithful" not in text
    assert "192.0.2" not in text
    assert path.stat().st_mode & 0o077 == 0


def test_book_is_there_after_a_restart(tmp_path: Path) -> None:
    days = Days()
    path = tmp_path / "s.voices.json"
    book = VoiceBook(path, days)
    grow(book, days, "nym", "192.0.2.1")
    book.close()
    assert VoiceBook(path, days).hear("nym", "192.0.2.1", origin_agrees=True).grown
    path.chmod(0o644)
    with pytest.raises(BanwatchError, match="by others"):
        VoiceBook(path, days)
    path.chmod(0o600)
    path.write_text("{}")
    with pytest.raises(BanwatchError, match="no voice book"):
        VoiceBook(path, days)
