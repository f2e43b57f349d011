"""Reading by OONI's API: its clients, OONI's Explorer among them, read from here (docs/ooni-api.md).

*asked*: parameters as clients send them. *scores*: states as OONI's flags. *measurements*: lists and single
ones. *aggregation*: counts. *analysis*: newer routes. *findings*: incidents. *landing*: what the pages of
OONI's Explorer ask for besides. *cross_origin*: pages of other sites may read.
"""

from collections.abc import Callable

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from banwatch.explorer.ooni_api.aggregation import add_aggregation_route
from banwatch.explorer.ooni_api.analysis import add_analysis_routes
from banwatch.explorer.ooni_api.asked import AskedError
from banwatch.explorer.ooni_api.findings import add_finding_routes
from banwatch.explorer.ooni_api.landing import add_landing_routes
from banwatch.explorer.ooni_api.measurements import add_measurement_routes
from banwatch.explorer.ooni_api.refusals import describe_refusals
from banwatch.pages.reader import Reader
from banwatch.store import Store


def add_ooni_api(
    app: FastAPI, store_of: Callable[[Request], Store], reader_of: Callable[[Request], Reader]
) -> None:
    """Add every route of OONI's reading API.

    Args:
        app: to add the routes to.
        store_of: the store that a request is about.
        reader_of: the reader that a request is about.
    """

    @app.exception_handler(AskedError)
    async def refused(request: Request, error: AskedError) -> Response:
        return JSONResponse(dict(error.content), error.status)

    add_measurement_routes(app, store_of)
    add_aggregation_route(app, store_of)
    add_analysis_routes(app, store_of)
    add_finding_routes(app, reader_of)
    add_landing_routes(app, store_of)
    describe_refusals(app)
