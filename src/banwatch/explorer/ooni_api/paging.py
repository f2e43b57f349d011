"""Pages of a list in OONI's shape: `metadata` with the address of the next page, and `results`."""

import base64
import binascii
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import Request

from banwatch.explorer.ooni_api.asked import Asked, AskedError, malformed
from banwatch.model.verdict import Verdict
from banwatch.store import Store
from banwatch.store.counting.flagged import Selection, count_selected, selected_verdicts

DEFAULT_ROWS = 100
MAX_ROWS = 1_000_000
"""Largest limit that is accepted, as OONI's."""
MOST_ROWS = 5_000
"""Rows of one page at most, whatever limit is asked for; `next_url` leads on."""
MAX_OFFSET = 1_000_000_000
MOST_SKIPPED = 100_000
"""Rows passed over at most for an offset that did not come from a `next_url`, which costs nothing."""
_CURSOR = "cursor"
_TOTAL = re.compile(r"[0-9]{1,15}", re.ASCII)


def origin_of(request: Request) -> str:
    """Return the address under which the site was asked, or its public one; without a slash at its end."""
    public: str = getattr(request.app.state, "public_url", "")
    return public or f"{request.url.scheme}://{request.url.netloc}"


def read_page(
    request: Request,
    store: Store,
    chosen: Selection,
    show: Callable[[Sequence[Verdict]], list[Any]],
    *,
    most_rows: int = MOST_ROWS,
) -> dict[str, Any]:
    """Read one page of a list of verdicts: `order`, `limit`, `offset` and the cursor of a `next_url`.

    Args:
        request: the question.
        store: the verdicts.
        chosen: verdicts of the whole list.
        show: makes the rows of an answer.
        most_rows: rows of one page at most, whatever limit is asked for.

    Raises:
        AskedError: a parameter is malformed, or the offset leads too far without a cursor.
    """
    began = time.monotonic()
    asked = Asked(request)
    newest_first = (asked.choice("order", ("asc", "desc")) or "desc") == "desc"
    limit = min(asked.number("limit", DEFAULT_ROWS, most=MAX_ROWS), most_rows)
    offset, after = asked.number("offset", 0, most=MAX_OFFSET), _read_cursor(asked)
    if after is None and offset > MOST_SKIPPED:
        raise AskedError(400, {"detail": f"Offsets above {MOST_SKIPPED} are reached by next_url only."})
    total = count_selected(store, chosen) if after is None else after.total
    found: Sequence[Verdict] = (
        selected_verdicts(
            store,
            chosen,
            newest_first=newest_first,
            limit=limit,
            offset=offset if after is None else 0,
            after=None if after is None else after.row,
        )
        if limit
        else []
    )
    metadata = _metadata_of(
        request,
        rows=len(found),
        total=total,
        limit=limit,
        offset=offset,
        last=(found[-1].measurement_start_time, found[-1].measurement_uid) if found else None,
        query_time_s=time.monotonic() - began,
    )
    return page(metadata, show(found))


@dataclass(frozen=True, slots=True)
class _Cursor:
    """Place in a list at which a page begins."""

    row: tuple[datetime, str]
    """Time and measurement of the last row before it."""
    total: int
    """Rows of the whole list, as its first page counted them."""


def _read_cursor(asked: Asked) -> _Cursor | None:
    """Read the place in a list at which a page begins; None where the page is named by its offset alone."""
    text = asked.text(_CURSOR)
    if text is None:
        return None
    try:
        moment, total, uid = base64.urlsafe_b64decode(text.encode()).decode().split("~", 2)
        if not _TOTAL.fullmatch(total):
            raise ValueError
        return _Cursor((datetime.fromisoformat(moment).astimezone(UTC), uid), int(total))
    except (ValueError, binascii.Error, OverflowError):
        raise malformed(_CURSOR, "not the cursor of a next_url") from None


def _metadata_of(
    request: Request,
    *,
    rows: int,
    total: int,
    limit: int,
    offset: int,
    last: tuple[datetime, str] | None,
    query_time_s: float,
) -> dict[str, Any]:
    """Make `metadata`; `count` and `pages` are those of the first page, which `next_url` carries on.

    Args:
        request: the question.
        rows: rows of this page.
        total: rows of the whole list.
        limit: rows of a full page.
        offset: rows before this page.
        last: time and measurement of the page's last row.
        query_time_s: seconds that the store took.
    """
    following = None
    if rows and limit and offset + rows < total and last is not None:
        text = f"{last[0].astimezone(UTC).isoformat()}~{total}~{last[1]}"
        cursor = base64.urlsafe_b64encode(text.encode()).decode()
        kept = [
            (k, v) for k, v in request.query_params.multi_items() if k not in ("offset", "limit", _CURSOR)
        ]
        query = urlencode([*kept, ("limit", limit), ("offset", offset + rows), (_CURSOR, cursor)])
        following = f"{origin_of(request)}{request.url.path}?{query}"
    return {
        "count": total,
        "current_page": offset // limit + 1 if limit else 1,
        "limit": limit,
        "next_url": following,
        "offset": offset,
        "pages": -(-total // limit) if limit else 0,
        "query_time": round(query_time_s, 6),
    }


def page(metadata: dict[str, Any], results: Sequence[Any]) -> dict[str, Any]:
    """Put a page together."""
    return {"metadata": metadata, "results": results}
