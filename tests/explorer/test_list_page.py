"""Lists of the API come a page at a time, and `Link` leads through all of them once."""

import re

import pytest
from fastapi import Request

from banwatch.explorer.app import create_app_over
from banwatch.explorer.list_page import cut_list
from banwatch.pages.not_found import NotFoundError
from tests.explorer.asgi_client import ask
from tests.pages.made_up_country import MadeUpReader


def asked(query: str) -> Request:
    scope = {"type": "http", "method": "GET", "path": "/api/incidents", "query_string": query.encode()}
    return Request({**scope, "headers": [(b"host", b"127.0.0.1")], "server": ("127.0.0.1", 80)})


@pytest.mark.parametrize("limit", [1, 2, 7, 1000])
def test_every_row_comes_once(limit: int) -> None:
    rows = [f"KP-2016-{number:04}" for number in range(7)]
    found: list[str] = []
    query: str | None = f"cc=KP&limit={limit}"
    while query is not None:
        after = re.search(r"after=([^&]+)", query)
        page, headers = cut_list(
            asked(query), rows, limit, after[1] if after else None, id_of=lambda row: row
        )
        assert 0 < len(page) <= limit
        found += page
        link = re.fullmatch(r'</api/incidents\?(cc=KP&.+)>; rel="next"', headers.get("Link", ""))
        query = link[1] if link else None
    assert found == rows


def test_a_cursor_that_no_page_gave() -> None:
    with pytest.raises(NotFoundError, match="no row"):
        cut_list(asked(""), ["a", "b"], 1, "c", id_of=lambda row: row)


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "after=nonsense"])
def test_limits_and_cursors_of_incidents_are_checked(query: str) -> None:
    assert ask(create_app_over(MadeUpReader()), "GET", f"/api/incidents?{query}").status in (400, 404, 422)
