"""Pages of lists by key: a cursor is the key of a page's last row, so a page deep in a list costs no more."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import Query, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from banwatch.explorer.api_v2.forms import Form, form_of, rows_answer

Row = TypeVar("Row")
Key = TypeVar("Key")
MAX_ROWS = 1_000
"""Rows of one page at most: some megabytes."""
DEFAULT_ROWS = 100
_LONGEST_CURSOR = 2_000
_FIRST_YEAR, _LAST_YEAR = 1970, 9000
"""Years that a time in a request may lie in, so that every engine can compare it."""

Limit = Annotated[int, Query(ge=1, le=MAX_ROWS, description="Rows of one page.")]
After = Annotated[
    str | None, Query(max_length=_LONGEST_CURSOR, description="What the page before said under `next`.")
]
Format = Annotated[Form | None, Query(description="Form of the rows; without it `Accept` decides.")]


def write_cursor(key: Sequence[Any]) -> str:
    """Write the key of a row as a cursor, which clients hand back as it is."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def read_cursor(text: str | None, kind: type[Key]) -> Key | None:
    """Read a cursor.

    Raises:
        HTTPException: it is none that `write_cursor` wrote for such a list (400).
    """
    if text is None:
        return None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        return msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=kind)
    except (ValueError, binascii.Error, msgspec.DecodeError, RecursionError):
        raise HTTPException(400, "`after` is not what a page said under `next`") from None


def page_answer(
    request: Request,
    found: Sequence[Row],
    limit: int,
    noun: type[Any],
    *,
    asked: Form | None,
    key_of: Callable[[Row], Sequence[Any]],
    shape: Callable[[Row], Any] = lambda row: row,
) -> Response:
    """Answer with a page of rows.

    Args:
        request: that asked.
        found: rows in order, one more than the page needs where there are more.
        limit: rows on the page.
        noun: type of a row as it is written.
        asked: form that the request names.
        key_of: gives the key of a row, for the cursor.
        shape: makes the written row.
    """
    following = write_cursor(key_of(found[limit - 1])) if len(found) > limit else None
    headers: Mapping[str, str] = {}
    if following is not None:
        query = request.url.include_query_params(after=following).query
        headers = {"Link": f'<{request.url.path}?{query}>; rel="next"'}
    rows = [shape(row) for row in found[:limit]]
    return rows_answer(rows, noun, form_of(request, asked), headers, following)


def behind(rows: Sequence[Row], key: Any, key_of: Callable[[Row], Any]) -> Sequence[Row]:
    """Return the rows behind a key, of rows that are sorted by it; all of them where there is none."""
    return rows if key is None else [row for row in rows if key_of(row) > key]


def aware(at: datetime | None) -> datetime | None:
    """Return a time with its zone; one without a zone is UTC.

    Raises:
        HTTPException: nothing can have been measured at that time.
    """
    if at is None:
        return None
    if not _FIRST_YEAR <= at.year < _LAST_YEAR:
        raise HTTPException(400, f"times lie between the years {_FIRST_YEAR} and {_LAST_YEAR}")
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
