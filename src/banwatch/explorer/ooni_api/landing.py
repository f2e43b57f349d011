"""Totals, countries, networks and domains for the pages of OONI's Explorer, and the account nobody has."""

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import FastAPI, Request
from fastapi.responses import Response

from banwatch.explorer.ooni_api.asked import Asked, AskedError
from banwatch.explorer.ooni_api.categories import category_of_domain
from banwatch.explorer.ooni_api.measurements import json_answer
from banwatch.pages.wording import words
from banwatch.store import Store
from banwatch.store.counting.overview import count_by, count_months, first_day, network_names, totals

_MAX_LISTED = 20_000
"""Networks or domains in one answer, those with the most measurements."""
_UNKNOWN = "Unknown"


def add_landing_routes(app: FastAPI, store_of: Callable[[Request], Store]) -> None:
    """Add the routes under `/api/_/`, which are OONI's for its own Explorer."""

    @app.get("/api/_/countries", tags=["ooni"])
    def countries(request: Request) -> Response:
        """List the countries with measurements."""
        rows = count_by(store_of(request), "probe_cc", limit=1_000)
        return json_answer(
            {"countries": [{"alpha_2": cc, "count": n, "name": words.country(cc)} for cc, n in sorted(rows)]}
        )

    @app.get("/api/_/country_overview", tags=["ooni"])
    def country_overview(request: Request) -> Response:
        """Return the first day, the measurements and the networks of a country."""
        cc = next(iter(Asked(request).countries()), "")
        store = store_of(request)
        found = totals(store, cc)
        first = first_day(store, cc) or datetime(datetime.now(UTC).year, 1, 1, tzinfo=UTC)
        return json_answer(
            {
                "first_bucket_date": f"{first:%Y-%m-%d}",
                "measurement_count": found.measurements,
                "network_count": found.networks,
            }
        )

    @app.get("/api/_/global_overview", tags=["ooni"])
    def global_overview(request: Request) -> Response:
        """Count the measurements, the countries and the networks."""
        found = totals(store_of(request))
        return json_answer(
            {
                "country_count": found.countries,
                "measurement_count": found.measurements,
                "network_count": found.networks,
            }
        )

    @app.get("/api/_/global_overview_by_month", tags=["ooni"])
    def global_overview_by_month(request: Request) -> Response:
        """Count the measurements, the countries and the networks of each month."""
        months = count_months(store_of(request))
        return json_answer(
            {
                f"{name}_by_month": [
                    {"date": f"{month:%Y-%m-01}T00:00:00+00:00", "value": getattr(found, name)}
                    for month, found in months
                ]
                for name in ("countries", "networks", "measurements")
            }
        )

    @app.get("/api/_/networks", tags=["ooni"])
    def networks(request: Request) -> Response:
        """List the networks with measurements, with their names."""
        rows = count_by(store_of(request), "probe_asn", limit=_MAX_LISTED)
        names = network_names(store_of(request))
        results = [
            {"cnt": n, "org_name": names.get(asn, _UNKNOWN), "probe_asn": asn} for asn, n in rows if asn
        ]
        return json_answer({"results": results, "v": 0})

    @app.get("/api/_/domains", tags=["ooni"])
    def domains(request: Request) -> Response:
        """List the domains with measurements of the web."""
        rows = count_by(store_of(request), "target", limit=_MAX_LISTED, test_name="web_connectivity")
        return json_answer(
            {
                "results": [
                    {"category_code": category_of_domain(name), "domain_name": name, "measurement_count": n}
                    for name, n in rows
                    if name
                ],
                "v": 0,
            }
        )

    @app.get("/api/_/domain_metadata", tags=["ooni"])
    def domain_metadata(request: Request) -> Response:
        """Return the category of a domain."""
        domain = (Asked(request).text("domain") or "").lower()
        return json_answer({"canonical_domain": domain, "category_code": category_of_domain(domain)})

    @app.get("/api/_/asnmeta", tags=["ooni"])
    def asnmeta(request: Request) -> Response:
        """Return the name of a network."""
        asn = next(iter(Asked(request).networks("asn")), 0)
        return json_answer({"org_name": network_names(store_of(request), asn).get(asn, _UNKNOWN)})

    @app.get("/api/_/account_metadata", tags=["ooni"])
    def account_metadata() -> Response:
        """Say that nobody is logged in: reading is anonymous here."""
        return json_answer({"logged_in": False, "role": ""})

    @app.get("/api/_/measurement_feedback/{measurement_uid}", tags=["ooni"])
    def measurement_feedback(measurement_uid: str) -> Response:
        """Say that nobody gave feedback on a measurement: readers' reports are kept otherwise here."""
        return json_answer({"summary": {}})

    @app.post("/api/_/measurement_feedback", include_in_schema=False)
    @app.post("/api/v1/user_register", include_in_schema=False)
    @app.get("/api/v1/user_login", include_in_schema=False)
    @app.get("/api/v1/user_refresh_token", include_in_schema=False)
    def no_accounts() -> Response:
        raise AskedError(403, {"error": "There are no accounts here: reading needs none."})
