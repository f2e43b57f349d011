"""Services for OONI's probes before they measure: helpers, targets, and ids for their reports.

A probe gets back the country and network that it names itself. Where it names none, the address that it asks
from is looked up in the installed table of networks, and forgotten.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from banwatch.bans import load_bans
from banwatch.collector.intake import RefusedError, decode_request_untrusted
from banwatch.collector.receiver import Receiver, client_of
from banwatch.collector.routes import answer, parse_network_untrusted
from banwatch.collector.services.older_services import locate
from banwatch.formats.test_lists import read_category
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.ids import UNKNOWN_ASN, UNKNOWN_COUNTRY
from banwatch.reference import snapshots
from banwatch.reference.importing import read_sites

NETTESTS = (
    "dnscheck",
    "echcheck",
    "facebook_messenger",
    "http_header_field_manipulation",
    "http_invalid_request_line",
    "signal",
    "stunreachability",
    "telegram",
    "tor",
    "web_connectivity",
    "whatsapp",
)
"""Nettests that get a report id at check-in; a probe opens a report itself for any other."""
_MAX_ASKED_BYTES = 1 << 16
_MANUAL, _CHARGING, _ON_BATTERY = 9_999, 100, 20
"""Number of sites, as OONI's: for a manual run, for a charging probe, and for one on battery."""


@dataclass(frozen=True, slots=True)
class Site:
    """Site to measure."""

    url: str
    category_code: str
    country_code: str
    """Country of its list; `XX` is the list of all countries."""


FEATURES = {"webconnectivity_0.5": True}
"""Features of OONI's probes that are on: without this one they measure the web by their older way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestHelpers:
    """Addresses of the helpers that probes are given."""

    __test__ = False  # no test, whatever its name suggests to a runner of tests

    web: tuple[str, ...] = ()
    """Addresses of web helpers, `https://...`."""
    tcp_echo: tuple[str, ...] = ()
    """IP addresses that echo bytes at port 80."""
    headers: tuple[str, ...] = ()
    """Addresses that answer a request with its headers, `http://...`."""

    def listed(self) -> dict[str, list[dict[str, str]]]:
        """Return them as OONI's backend does; a kind without a server is left out."""
        kinds = (
            ("web-connectivity", "https", self.web),
            ("tcp-echo", "legacy", self.tcp_echo),
            ("http-return-json-headers", "legacy", self.headers),
        )
        return {
            name: [{"address": address, "type": kind} for address in addresses]
            for name, kind, addresses in kinds
            if addresses
        }


class _Chosen(msgspec.Struct, frozen=True, kw_only=True):
    category_codes: list[str] | str | None = None


class _CheckIn(msgspec.Struct, frozen=True, kw_only=True):
    probe_cc: str = "ZZ"
    probe_asn: str = "AS0"
    run_type: str = "timed"
    charging: bool = True
    web_connectivity: _Chosen | None = None


def listed_sites(cc: str) -> Sequence[Site]:
    """List the sites for a country: those in its bans, then its test list, then that of all countries."""
    return _listed_sites(cc if cc != "ZZ" else "")


@lru_cache(maxsize=64)
def _listed_sites(cc: str) -> Sequence[Site]:
    named = [
        Site(f"{scheme}://{target}/", "MISC", ban.country)
        for ban in load_bans().values()
        if ban.country == cc
        for target in ban.targets
        if "." in target
        for scheme in ("https", "http")  # block pages are met over HTTP only
    ]
    try:
        imported = [
            s for s in snapshots.list_imported(snapshots.default_data_dir()) if s.kind == "test-lists"
        ]
        listed = read_sites(snapshots.default_data_dir(), imported[-1]) if imported else []
    except (BanwatchError, OSError):
        listed = []
    listed = [site for site in listed if read_category(site.category)]  # a probe cannot judge another's risk
    own = [Site(s.url, s.category, cc) for s in listed if s.listed_for == cc]
    everywhere = [Site(s.url, s.category, "XX") for s in listed if s.listed_for == "GLOBAL"]
    found: dict[str, Site] = {}
    for site in (*named, *own, *everywhere):
        found.setdefault(site.url, site)
    return tuple(found.values())


def choose(sites: Iterable[Site], categories: Sequence[str], limit: int) -> list[Site]:
    """Choose sites of some categories, or of all where none is named."""
    chosen = [s for s in sites if not categories or s.category_code in categories]
    return chosen[:limit]


def add_probe_services(
    app: FastAPI,
    receiver: Receiver,
    helpers: TestHelpers,
    sites_for: Callable[[str], Sequence[Site]] = listed_sites,
) -> None:
    """Add the routes.

    Args:
        app: to add the routes to.
        receiver: issues ids of reports.
        helpers: addresses of test helpers.
        sites_for: lists the sites for a country.
    """
    named = helpers.listed()

    @app.get("/api/v1/test-helpers", include_in_schema=False)
    def test_helpers() -> Response:
        return JSONResponse(named)

    @app.get("/api/v1/collectors", include_in_schema=False)
    def collectors(request: Request) -> Response:
        address: str = getattr(request.app.state, "public_url", "")
        return JSONResponse([{"type": address.partition(":")[0], "address": address}] if address else [])

    @app.get("/api/v1/test-list/urls", include_in_schema=False)
    def test_list(
        country_code: str = "", probe_cc: str = "", category_codes: str = "", limit: int = 1_000
    ) -> Response:
        wanted = [code for code in category_codes.split(",") if code]
        found = choose(
            sites_for((country_code or probe_cc or "ZZ").upper()[:2]), wanted, max(0, min(limit, _MANUAL))
        )
        return JSONResponse(
            {
                "metadata": {
                    "count": len(found),
                    "current_page": -1,
                    "limit": -1,
                    "next_url": "",
                    "pages": 1,
                },
                "results": [msgspec.to_builtins(site) for site in found],
            }
        )

    @app.post("/api/v1/check-in", include_in_schema=False)
    async def check_in(request: Request) -> Response:
        return await answer(lambda: _check_in(receiver, request, named, sites_for))


async def _check_in(
    receiver: Receiver,
    request: Request,
    helpers: dict[str, list[dict[str, str]]],
    sites_for: Callable[[str], Sequence[Site]],
) -> dict[str, object]:
    async with receiver.body(request, _MAX_ASKED_BYTES) as body:
        try:
            check_in = decode_request_untrusted(body or b"{}", _CheckIn)
        except WireError as error:
            raise RefusedError(400, f"no check-in: {error.reason}") from error
    cc, asn = parse_network_untrusted(check_in.probe_cc, check_in.probe_asn)
    name = ""
    if cc == UNKNOWN_COUNTRY or asn == UNKNOWN_ASN:
        found_cc, found_asn, name = locate(client_of(request))
        cc = found_cc if cc == UNKNOWN_COUNTRY else cc
        asn = found_asn if asn == UNKNOWN_ASN else asn
    codes = check_in.web_connectivity.category_codes if check_in.web_connectivity else None
    wanted = codes.split(",") if isinstance(codes, str) else codes or []
    limit = _MANUAL if check_in.run_type == "manual" else _CHARGING if check_in.charging else _ON_BATTERY
    now = receiver.now()
    tests: dict[str, dict[str, object]] = {
        name: {"report_id": receiver.reports.give(name, cc, asn, now)} for name in NETTESTS
    }
    found = choose(sites_for(cc), [code for code in wanted if code], limit)
    tests["web_connectivity"]["urls"] = [msgspec.to_builtins(site) for site in found]
    return {
        "v": 1,
        "probe_cc": cc,
        "probe_asn": f"AS{asn}",
        "probe_network_name": name or None,
        "utc_time": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "conf": {"features": FEATURES, "test_helpers": helpers},
        "tests": tests,
    }
