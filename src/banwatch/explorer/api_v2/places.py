"""Countries, networks, targets and cells: verdicts counted by place and time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from banwatch import __version__
from banwatch.explorer.api_v2.described import documented
from banwatch.explorer.api_v2.forms import one_answer
from banwatch.explorer.api_v2.pages import (
    DEFAULT_ROWS,
    After,
    Format,
    Limit,
    aware,
    behind,
    page_answer,
    read_cursor,
)
from banwatch.model.cell import Cell
from banwatch.model.ids import CountryCode, TargetName
from banwatch.model.rollup import CountryTotal, DailyCell, NetworkTotal, TargetTotal
from banwatch.pages.reader import Reader
from banwatch.store import Store
from banwatch.store.counting import rolled_up

MAX_HOURS = 10_000
"""Hourly cells of one answer; a question that has more is refused, and says how to ask for fewer."""
Row = TypeVar("Row")


class Grain(StrEnum):
    """Time that one cell counts."""

    DAY = "day"
    HOUR = "hour"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Size and origin of the store's measurements, and versions."""

    version: str
    """Of Banwatch."""
    api: int
    """Of this API."""
    measurements: int
    labs: dict[str, int]
    """Number of measurements that each lab made; the empty name is the real world."""
    recorded: bool
    described_by: str
    """Path of the description of every route."""


def add_place_routes(
    app: FastAPI, store_of: Callable[[Request], Store], reader_of: Callable[[Request], Reader]
) -> None:
    """Add the routes."""

    @app.get("/api/v2", **documented(About, "about", is_list=False))
    def about(request: Request) -> Response:
        """Return the number of measurements, whether they were made in a lab, and versions."""
        labs = dict(reader_of(request).labs())
        return one_answer(
            About(
                version=__version__,
                api=2,
                measurements=sum(labs.values()),
                labs=labs,
                recorded=request.app.state.recorded,
                described_by="/openapi.json",
            )
        )

    @app.get("/api/v2/countries", **documented(CountryTotal, "countries"))
    def countries(
        request: Request, limit: Limit = DEFAULT_ROWS, after: After = None, format: Format = None
    ) -> Response:
        """Return the counts of every country, in order of their codes."""

        def key_of(row: CountryTotal) -> tuple[str]:
            return (row.probe_cc,)

        found = behind(rolled_up.countries(store_of(request)), read_cursor(after, tuple[str]), key_of)
        return page_answer(request, found, limit, CountryTotal, asked=format, key_of=key_of)

    @app.get("/api/v2/networks", **documented(NetworkTotal, "networks"))
    def networks(
        request: Request,
        cc: str | None = None,
        limit: Limit = DEFAULT_ROWS,
        after: After = None,
        format: Format = None,
    ) -> Response:
        """Return the counts of networks, of one country or of all, in order of country and AS number."""
        store = store_of(request)
        begin = read_cursor(after, tuple[str, int])
        found = _by_country(
            store,
            cc,
            begin,
            limit + 1,
            lambda country, last, left: rolled_up.networks(
                store, country, after=-1 if last is None else last, limit=left
            ),
        )
        return page_answer(
            request,
            found,
            limit,
            NetworkTotal,
            asked=format,
            key_of=lambda row: (row.probe_cc, row.probe_asn),
        )

    @app.get("/api/v2/targets", **documented(TargetTotal, "targets"))
    def targets(
        request: Request,
        cc: str | None = None,
        target: str | None = None,
        limit: Limit = DEFAULT_ROWS,
        after: After = None,
        format: Format = None,
    ) -> Response:
        """Return the counts of targets by country, in order of country and name; or those of one target."""
        store = store_of(request)
        begin = read_cursor(after, tuple[str, str])
        found: Sequence[TargetTotal]
        if target is not None:
            rows = rolled_up.countries_of_target(store, target)
            rows = [row for row in rows if cc in (None, row.probe_cc)]
            found = behind(rows, begin, lambda row: (row.probe_cc, row.target))
        else:
            found = _by_country(
                store,
                cc,
                begin,
                limit + 1,
                lambda country, last, left: rolled_up.targets(store, country, after=last or "", limit=left),
            )
        return page_answer(
            request, found, limit, TargetTotal, asked=format, key_of=lambda row: (row.probe_cc, row.target)
        )

    @app.get("/api/v2/cells", **documented(DailyCell, "cells", also=Cell))
    def cells(
        request: Request,
        cc: str,
        target: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        grain: Grain = Grain.DAY,
        limit: Limit = DEFAULT_ROWS,
        after: After = None,
        format: Format = None,
    ) -> Response:
        """Return verdicts counted by target, network, access tier and day; empty days are absent.

        With `grain=hour` they are counted by hour, kind of resolver and class of sources, too; such an answer
        is whole, and a question with more than 10,000 cells is refused.
        """
        wanted = [TargetName(target)] if target is not None else None
        since, until = aware(since), aware(until)
        if grain is Grain.HOUR:
            hours = reader_of(request).cells(
                probe_cc=CountryCode(cc),
                target=wanted[0] if wanted else None,
                since=since,
                until=until,
                limit=MAX_HOURS + 1,
            )
            if len(hours) > MAX_HOURS:
                said = (
                    f"more than {MAX_HOURS} cells: ask for one target, or for less time with since and until"
                )
                raise HTTPException(400, said)
            return page_answer(request, hours, MAX_HOURS, Cell, asked=format, key_of=lambda row: ())
        last = read_cursor(after, tuple[str, int, str, datetime])
        days = rolled_up.daily_cells(
            store_of(request),
            CountryCode(cc),
            targets=wanted,
            since=since,
            until=until,
            after=last,
            limit=limit + 1,
        )
        return page_answer(
            request,
            days,
            limit,
            DailyCell,
            asked=format,
            key_of=lambda row: (row.target, row.probe_asn, row.access_tier, row.day.astimezone(UTC)),
        )


def _by_country(
    store: Store,
    cc: str | None,
    begin: tuple[str, Any] | None,
    wanted: int,
    read: Callable[[CountryCode, Any, int], Sequence[Row]],
) -> list[Row]:
    """Read rows of one country after the other, behind a cursor, until there are enough."""
    countries = [CountryCode(cc)] if cc is not None else [row.probe_cc for row in rolled_up.countries(store)]
    found: list[Row] = []
    for country in countries:
        if begin is not None and country < begin[0]:
            continue
        last = begin[1] if begin is not None and country == begin[0] else None
        found += read(country, last, wanted - len(found))
        if len(found) >= wanted:
            break
    return found
