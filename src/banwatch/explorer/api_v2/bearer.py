"""Bearers of tokens: requests that write or moderate name one in `Authorization: Bearer bw_...`."""

from datetime import datetime
from typing import Any

from fastapi import Request
from starlette.exceptions import HTTPException

from banwatch.explorer.tokens import TokenBook, TokenScope

SECURED: dict[str, Any] = {"security": [{"token": []}]}
"""What the description of such a route says besides."""
_LONGEST = 200


def require_token(request: Request, book: TokenBook, scope: TokenScope, now: datetime) -> None:
    """Let a request pass whose token holds and covers what it does.

    Raises:
        HTTPException: no token came, or it does not hold (401), or its scopes do not cover this (403).
    """
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    token = book.check(text.strip()[:_LONGEST], now) if kind.lower() == "bearer" else None
    if token is None:
        said = "this needs a token that holds: `banwatch tokens new` makes one"
        raise HTTPException(401, said, {"WWW-Authenticate": "Bearer"})
    if scope not in token.scopes:
        raise HTTPException(403, f"this needs the scope {scope}, which this token does not have")
