"""Feeds of incidents, as Atom and JSON Feed: of all, of a country, a network, a target or a ban.

Wire: `/feeds/all.atom`, `/feeds/countries/KP.json`, `/feeds/networks/AS131279.atom`,
`/feeds/targets/youtube.com.atom`, `/feeds/bans/ID.json`. A feed of which
nothing is known yet is empty, so that it can be subscribed to.
"""

import re
from collections.abc import Callable, Sequence

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from banwatch.bans.compare import announced_targets
from banwatch.model.ids import render_asn
from banwatch.model.incident import Incident, IncidentKind
from banwatch.pages.links import LiveLinks
from banwatch.pages.reader import Reader
from banwatch.pages.views.feed import write_feed, write_json_feed

_LINKS = LiveLinks()
_TYPES = {"atom": "application/atom+xml", "json": "application/feed+json"}
_COUNTRY = re.compile(r"[A-Z]{2}")
_NETWORK = re.compile(r"AS[0-9]{1,10}")


def add_feeds(app: FastAPI, reader_of: Callable[[Request], Reader]) -> None:
    """Add the routes of feeds."""

    @app.get("/feeds/all.{form}", include_in_schema=False)
    def everything(request: Request, form: str) -> Response:
        return _answer(request, reader_of(request), form, "", lambda incident: True)

    @app.get("/feeds/{kind}/{name}.{form}", include_in_schema=False)
    def restricted(request: Request, kind: str, name: str, form: str) -> Response:
        reader = reader_of(request)
        chosen = _choose(reader, kind, name)
        if chosen is None:
            return JSONResponse({"error": "There is no such feed; see docs/alerts.md."}, 404)
        return _answer(request, reader, form, f"{kind}/{name}", chosen)


def _choose(reader: Reader, kind: str, name: str) -> Callable[[Incident], bool] | None:
    """Return what tells whether an incident is in a feed; None where there is no such feed."""
    if kind == "countries" and _COUNTRY.fullmatch(name):
        return lambda one: one.probe_cc == name
    if kind == "networks" and _NETWORK.fullmatch(name):
        return lambda one: any(render_asn(asn) == name for asn in one.asns)
    if kind == "targets" and len(name) <= 253:
        return lambda one: name in one.targets
    if kind == "bans" and name in reader.bans():
        ban = reader.bans()[name]
        targets = announced_targets(ban)
        return lambda one: (
            one.probe_cc == ban.country
            and (
                ban.shutdown if one.kind is IncidentKind.SHUTDOWN else any(t in targets for t in one.targets)
            )
        )
    return None


def _answer(
    request: Request, reader: Reader, form: str, about: str, is_chosen: Callable[[Incident], bool]
) -> Response:
    if form not in _TYPES:
        return JSONResponse({"error": "Feeds are to be had as .atom and .json."}, 404)
    incidents: Sequence[Incident] = [one for one in reader.incidents() if is_chosen(one)]
    base: str = request.app.state.public_url
    own = base + request.url.path
    address_of = {one.incident_id: base + _LINKS.incident(one.incident_id) for one in incidents}
    lab = any(reader.labs({one.probe_cc for one in incidents})) if incidents else False
    if form == "json":
        body = write_json_feed(
            incidents, address_of=address_of, own=own, home=base + "/", lab=lab, about=about
        )
    else:
        body = write_feed(incidents, address_of=address_of, own=own, lab=lab, about=about)
    return Response(body, media_type=_TYPES[form])
