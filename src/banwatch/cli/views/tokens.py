"""Tokens, one a line; a new one is its secret alone, so that a script can keep it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from banwatch.cli.views.json_lines import print_json_lines
from banwatch.cli.views.messages import note
from banwatch.explorer.tokens import Token
from banwatch.pages.wording.words import visible

_MAX_LETTERS = 1000
"""Letters of a line on the terminal; a longer note is cut."""


def show_new_token(token: Token, text: str, *, as_json: bool) -> None:
    """Print a token's text, which is shown nowhere else."""
    if as_json:
        print_json_lines([{"token": text, "token_id": token.token_id, "expires_at": token.expires_at}])
        return
    print(text)
    note(f"It holds until {token.expires_at:%Y-%m-%d}. Keep it now: it cannot be shown again.")


def show_tokens(tokens: Sequence[Token], *, as_json: bool) -> None:
    """Print what is known of tokens, without their secrets."""
    if as_json:
        print_json_lines(tokens)
        return
    now = datetime.now(UTC)
    for token in tokens:
        state = "revoked" if token.revoked_at else "holds" if token.holds(now) else "expired"
        line = f"{token.token_id}  {state:7}  until {token.expires_at:%Y-%m-%d}  {' '.join(token.scopes)}"
        print(visible(f"{line}  {token.note}".rstrip(), _MAX_LETTERS))
