"""Older services that OONI's probes ask for: an account that identifies nobody, Tor's servers, and a look-up.

An account is a random name and a token made for the moment; neither is kept, and any token opens the list of
Tor's servers, which everybody may know.
"""

import ipaddress
import secrets
from datetime import timedelta
from functools import cache

import msgspec
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from banwatch.collector.intake import RefusedError, decode_request_untrusted
from banwatch.collector.receiver import Receiver, client_of
from banwatch.collector.routes import answer
from banwatch.model.errors import WireError
from banwatch.model.ids import UNKNOWN_ASN, UNKNOWN_COUNTRY, Asn, CountryCode
from banwatch.probe.nettests.registry import read_data
from banwatch.probe.nettests.tor import TorData
from banwatch.reference import load

_MAX_ASKED_BYTES = 1 << 16
_MAX_LOOKED_UP = 32
"""Addresses in one look-up; a probe asks about one or two."""
_TOKEN_DAYS = 7
_HEADERS = {"Cache-Control": "no-store"}


class _GeoLookup(msgspec.Struct, frozen=True):
    addresses: list[str]


def locate(address: str) -> tuple[CountryCode, Asn, str]:
    """Look up country, network and network name of an address; `ZZ`, 0 and nothing where it is unknown."""
    try:
        network = load().network_of(str(ipaddress.ip_address(address)))
    except ValueError:
        network = None
    if network is None:
        return UNKNOWN_COUNTRY, UNKNOWN_ASN, ""
    return network.country, network.asn, network.name


def add_older_services(app: FastAPI, receiver: Receiver) -> None:
    """Add the routes."""

    @app.post("/api/v1/register", include_in_schema=False)
    async def register(request: Request) -> Response:
        return await answer(lambda: _register(receiver, request))

    @app.post("/api/v1/login", include_in_schema=False)
    async def login(request: Request) -> Response:
        return await answer(lambda: _log_in(receiver, request))

    @app.get("/api/v1/test-list/tor-targets", include_in_schema=False)
    def tor_targets(request: Request) -> Response:
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return JSONResponse({"error": "a token of /api/v1/login is asked for"}, 401, _HEADERS)
        return JSONResponse(_tor_targets())

    @app.post("/api/v1/geolookup", include_in_schema=False)
    async def geolookup(request: Request) -> Response:
        return await answer(lambda: _look_up(receiver, request))


@cache
def _tor_targets() -> dict[str, dict[str, object]]:
    """List the servers of Tor that need no secret of a bridge; the keys are only labels."""
    servers = read_data("tor", TorData).servers
    return {
        f"{server.name}-{server.protocol}": {
            "address": server.address,
            "name": server.name,
            "params": {},
            "protocol": server.protocol,
            "source": "",
        }
        for server in servers
        if server.protocol != "obfs4"
    }


async def _register(receiver: Receiver, request: Request) -> dict[str, object]:
    async with receiver.body(request, _MAX_ASKED_BYTES):
        return {"client_id": secrets.token_hex(16)}


async def _log_in(receiver: Receiver, request: Request) -> dict[str, object]:
    async with receiver.body(request, _MAX_ASKED_BYTES):
        expires = receiver.now() + timedelta(days=_TOKEN_DAYS)
        return {"expire": f"{expires:%Y-%m-%dT%H:%M:%SZ}", "token": secrets.token_urlsafe(24)}


async def _look_up(receiver: Receiver, request: Request) -> dict[str, object]:
    """Look up addresses that the probe names, or its own; none is kept."""
    async with receiver.body(request, _MAX_ASKED_BYTES) as body:
        try:
            asked = decode_request_untrusted(body or b'{"addresses": []}', _GeoLookup)
        except WireError as error:
            raise RefusedError(400, f"no look-up: {error.reason}") from error
    if len(asked.addresses) > _MAX_LOOKED_UP:
        raise RefusedError(400, f"at most {_MAX_LOOKED_UP} addresses are looked up")
    found = {}
    for address in asked.addresses or [client_of(request)]:
        cc, asn, name = locate(address)
        found[address[:64]] = {"cc": cc, "asn": int(asn), "as_name": name}
    return {"v": 1, "geolocation": found}
