"""Pages of lists in the API: a list stays a list, and the next page is in the header `Link` (RFC 8288)."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from fastapi import Request

from banwatch.pages.not_found import NotFoundError

Row = TypeVar("Row")
MAX_LIST = 1_000
"""Rows of one answer: some megabytes of JSON at most."""


def cut_list(
    request: Request, rows: Sequence[Row], limit: int, after: str | None, *, id_of: Callable[[Row], str]
) -> tuple[Sequence[Row], dict[str, str]]:
    """Return a page of rows, and the headers that name the next one.

    A cursor is the id of a page's last row; a row that comes before it later shifts nothing.

    Args:
        request: that asked.
        rows: all of them, in their order.
        limit: rows of a page.
        after: id of the last row of the page before.
        id_of: gives the id of a row.

    Raises:
        NotFoundError: no row has the id that the request names.
    """
    begin = 0
    if after is not None:
        found = next((place for place, row in enumerate(rows) if id_of(row) == after), None)
        if found is None:
            raise NotFoundError("`after` is no row of this list.")
        begin = found + 1
    page = rows[begin : begin + limit]
    if begin + limit >= len(rows):
        return page, {}
    query = str(request.url.include_query_params(after=id_of(page[-1])).query)
    return page, {"Link": f'<{request.url.path}?{query}>; rel="next"'}
