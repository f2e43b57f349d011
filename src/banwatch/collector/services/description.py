"""Description of the collector's routes for `/openapi.json`: bodies, and every status with its answer.

Only what callers send and get; what it means is in docs/collector.md.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

_Schema = Mapping[str, Any]
_TEXT: _Schema = {"type": "string"}
_LIST: _Schema = {"type": "array"}
_OBJECT: _Schema = {"type": "object"}
_ERROR: _Schema = {
    "type": "object",
    "anyOf": [{"required": ["error"]}, {"required": ["detail"]}],
    "properties": {"error": _TEXT, "detail": {"type": "object", "required": ["error", "message"]}},
}
"""Reason of a refusal: `error`, or for credentials `detail`, as OONI's backend has it."""
_MEANINGS = {
    200: "done",
    400: "the request is malformed",
    401: "a token is asked for",
    403: "the proof or credential does not hold, or a page of another site asks",
    404: "there is no such report or manifest",
    408: "the body came too slowly",
    413: "the body is too long",
    415: "the body is packed in a way that is not read",
    422: "the body is no measurement, or does not fit its report; the reason is kept in quarantine",
    429: "too much came from one place: wait, as `Retry-After` says",
    503: "there is no room: wait, as `Retry-After` says",
}
_BODY = (400, 403, 408, 413, 429, 503)
"""Refusals of any route that reads a body."""
_MEASUREMENT = (*_BODY, 404, 415, 422)
_CREDENTIAL = (*_BODY, 404)


def _object(**properties: _Schema) -> _Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


_JSON_MEASUREMENT = _object(
    test_name=_TEXT, probe_cc=_TEXT, probe_asn=_TEXT, measurement_start_time=_TEXT, test_keys=_OBJECT
)
_SUBMISSION = {"type": "object", "properties": {"format": {"enum": ["json"]}, "content": _JSON_MEASUREMENT}}
_OPENING = _object(
    probe_asn=_TEXT,
    probe_cc=_TEXT,
    software_name=_TEXT,
    software_version=_TEXT,
    test_name=_TEXT,
    test_version=_TEXT,
)
_CHECK_IN = {
    "type": "object",
    "properties": {
        "probe_cc": _TEXT,
        "probe_asn": _TEXT,
        "run_type": _TEXT,
        "charging": {"type": "boolean"},
        "web_connectivity": {
            "type": "object",
            "properties": {"category_codes": {"type": "array", "items": _TEXT}},
        },
    },
}


def _post(summary: str, body: _Schema, answer: _Schema, refusals: tuple[int, ...]) -> _Schema:
    content = {"content": {"application/json": {"schema": body}}}
    return {"post": {**_operation(summary, answer, refusals), "requestBody": content}}


def _operation(summary: str, answer: _Schema, refusals: tuple[int, ...] = ()) -> dict[str, Any]:
    answers = {200: answer, **dict.fromkeys(refusals, _ERROR)}
    return {
        "summary": summary,
        "tags": ["probes"],
        "responses": {
            str(status): {
                "description": _MEANINGS[status],
                "content": {"application/json": {"schema": schema}},
            }
            for status, schema in answers.items()
        },
    }


def _with_bytes(method: str, summary: str, answer: _Schema, refusals: tuple[int, ...]) -> _Schema:
    content = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
    return {method: {**_operation(summary, answer, refusals), "requestBody": content}}


_IDS = _object(measurement_uid=_TEXT)
_ACCEPTED = _object(accepted={"type": "boolean"})
PATHS: Mapping[str, _Schema] = {
    "/api/v1/sealed/{sealed_id}": _with_bytes("put", "Submit a sealed measurement", _ACCEPTED, _MEASUREMENT),
    "/report": _post("Open a report", _OPENING, _object(report_id=_TEXT), _BODY),
    "/report/{report_id}": _post("Submit a measurement of a report", _SUBMISSION, _IDS, _MEASUREMENT),
    "/report/{report_id}/close": {"post": _operation("Close a report", _object(status=_TEXT), (403, 404))},
    "/measurement": _post("Submit a measurement", _SUBMISSION, _IDS, _MEASUREMENT),
    "/api/v1/submit_measurement": _post("Submit a measurement", _SUBMISSION, _IDS, _MEASUREMENT),
    "/api/v1/submit_measurement/{report_id}": _post(
        "Submit a measurement of a report", _SUBMISSION, _IDS, _MEASUREMENT
    ),
    "/api/v1/submit_measurement/{cc}/{asn}": _post("Submit a measurement", _SUBMISSION, _IDS, _MEASUREMENT),
    "/api/v1/bundles": _with_bytes("post", "Submit a file of measurements", _ACCEPTED, _BODY),
    "/api/v1/collector": {
        "get": _operation(
            "Key, limits and counts",
            _object(public_key=_TEXT, signing_key=_TEXT, words=_TEXT, hand_overs=_LIST),
        )
    },
    "/api/v1/manifest": {"get": _operation("Manifest of anonymous credentials", _OBJECT)},
    "/api/v1/sign_credential": _post(
        "Issue a credential",
        _object(manifest_version=_TEXT, credential_sign_request=_TEXT),
        _OBJECT,
        _CREDENTIAL,
    ),
    "/api/v1/update_credential": _post(
        "Update a credential",
        _object(manifest_version=_TEXT, credential_update_request=_TEXT),
        _OBJECT,
        _CREDENTIAL,
    ),
    "/api/v1/test-helpers": {"get": _operation("Helpers of nettests", _OBJECT)},
    "/api/v1/collectors": {"get": _operation("Addresses of collectors", _LIST)},
    "/api/v1/test-list/urls": {
        "get": {
            **_operation("Sites to measure", _object(metadata=_OBJECT, results=_LIST), (400,)),
            "parameters": [
                {"name": name, "in": "query", "schema": {"type": kind}}
                for name, kind in (
                    ("country_code", "string"),
                    ("probe_cc", "string"),
                    ("category_codes", "string"),
                    ("limit", "integer"),
                )
            ],
        }
    },
    "/api/v1/check-in": _post("Ask what to measure", _CHECK_IN, _object(tests=_OBJECT), _BODY),
    "/api/v1/register": _post("Register", _OBJECT, _object(client_id=_TEXT), _BODY),
    "/api/v1/login": _post("Log in", _OBJECT, _object(token=_TEXT, expire=_TEXT), _BODY),
    "/api/v1/test-list/tor-targets": {"get": _operation("Servers of Tor", _OBJECT, (401,))},
    "/api/v1/geolookup": _post(
        "Country and network of addresses",
        {"type": "object", "properties": {"addresses": {"type": "array", "items": _TEXT}}},
        _object(geolocation=_OBJECT),
        _BODY,
    ),
}
"""Operations by path and method, as OpenAPI 3.1 writes them."""


def describe_collector(app: FastAPI) -> None:
    """Add the collector's routes to the description of the API."""
    make = app.openapi

    def openapi() -> dict[str, Any]:
        described = make()
        for path, operations in PATHS.items():
            names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
            parameters = [
                {"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names
            ]
            for method, operation in operations.items():
                whole = {**operation, "parameters": [*parameters, *operation.get("parameters", ())]}
                described["paths"].setdefault(path, {})[method] = whole
        return described

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend its description
