"""Banwatch's own API, second version: `/api/v2` (docs/api.md).

*forms*: rows as JSON, CSV, JSON Lines or Parquet. *pages*: pages of lists, by the key of their last row.
*places*: countries, networks, targets, cells. *findings*: incidents with evidence, bans with comparison.
*measured*: verdicts and single measurements. *told*: readers' reports, signals of others,
accuracy. *bearer*: who may write. *described*: what `/openapi.json` says. *moved*: paths without a number.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import FastAPI, Request

from banwatch.explorer.api_v2.described import describe
from banwatch.explorer.api_v2.findings import add_finding_routes
from banwatch.explorer.api_v2.measured import add_measured_routes
from banwatch.explorer.api_v2.moved import add_moved_routes
from banwatch.explorer.api_v2.places import add_place_routes
from banwatch.explorer.api_v2.statements import TakeReport, add_statement_routes
from banwatch.explorer.kept_files import KeptFiles
from banwatch.pages.reader import Reader
from banwatch.store import Store


def add_api_v2(
    app: FastAPI,
    store_of: Callable[[Request], Store],
    reader_of: Callable[[Request], Reader],
    kept: KeptFiles | None,
    take_report: TakeReport | None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Add every route under `/api/v2`, and redirects from the first version.

    Args:
        app: to add the routes to.
        store_of: the store that a request is about.
        reader_of: the reader that a request is about.
        kept: files beside the store; None where nothing is taken or told.
        take_report: takes a reader's report.
        now: the present.
    """
    add_place_routes(app, store_of, reader_of)
    add_finding_routes(app, reader_of)
    add_measured_routes(app, reader_of)
    if kept is not None and take_report is not None:
        add_statement_routes(app, kept, take_report, now)
    add_moved_routes(app)
    describe(app)
