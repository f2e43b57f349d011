"""Tokens are shown once, kept as hashes, end by themselves or by a word, and cover their scopes alone."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banwatch.explorer.tokens import TokenBook, TokenScope
from banwatch.model.errors import BanwatchError

NOW = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.fixture
def book(tmp_path: Path) -> TokenBook:
    return TokenBook(tmp_path / "s.duckdb.tokens.jsonl")


def test_a_token_holds_until_its_end_or_its_revocation(book: TokenBook) -> None:
    made, text = book.make([TokenScope.WRITE], note="for IODA's script", days=2, now=NOW)
    other, other_text = book.make([TokenScope.MODERATE], note="", days=2, now=NOW)
    assert book.check(text, NOW) == made
    assert book.check(text, NOW + timedelta(days=2)) is None
    assert book.revoke(made.token_id, NOW).revoked_at == NOW
    assert book.check(text, NOW) is None
    assert book.check(other_text, NOW) == other
    assert [token.token_id for token in book.tokens()] == [made.token_id, other.token_id]


def test_the_file_holds_no_secret_and_is_its_owners(book: TokenBook) -> None:
    _, text = book.make([TokenScope.WRITE], note="", days=1, now=NOW)
    assert text.rpartition("_")[2] not in book.path.read_text()
    assert stat.S_IMODE(book.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("wrong", ["", "bw", "bw__", "bw_{id}_", "bw_{id}_no", "xx_{id}_{secret}", "{id}"])
def test_what_is_no_token_does_not_hold(book: TokenBook, wrong: str) -> None:
    made, text = book.make([TokenScope.WRITE], note="", days=1, now=NOW)
    secret = text.split("_", 2)[2]
    assert book.check(wrong.format(id=made.token_id, secret=secret), NOW) is None


@given(st.text(max_size=80))
def test_no_text_breaks_the_check(text: str) -> None:
    assert TokenBook(Path("/nonexistent/none.tokens.jsonl")).check(text, NOW) is None


def test_a_line_that_a_crash_cut_short_is_no_token(book: TokenBook) -> None:
    made, text = book.make([TokenScope.WRITE], note="", days=1, now=NOW)
    whole = book.path.read_bytes()
    book.path.write_bytes(whole + whole[:-20])
    later, later_text = book.make([TokenScope.WRITE], note="", days=1, now=NOW)
    assert book.check(text, NOW) == made
    assert book.check(later_text, NOW) == later


@pytest.mark.parametrize(("scopes", "days"), [([], 1), ([TokenScope.WRITE], 0), ([TokenScope.WRITE], 4_000)])
def test_no_token_without_scope_or_end(book: TokenBook, scopes: list[TokenScope], days: int) -> None:
    with pytest.raises(BanwatchError):
        book.make(scopes, note="", days=days, now=NOW)
    with pytest.raises(BanwatchError, match="no token is called"):
        book.revoke("none", NOW)
