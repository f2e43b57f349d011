"""Descriptions of the routes in `/openapi.json`: schemas of the nouns, every form of an answer, examples."""

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import FastAPI

from banwatch.explorer.api_v2.examples import EXAMPLES
from banwatch.explorer.api_v2.forms import MEDIA_TYPES, Form

PREFIX = "/api/v2"
_REFERENCE = "#/components/schemas/{name}"
_NOUNS: set[type[Any]] = set()
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string", "description": "What is wrong, as a sentence."}},
}
_PROBLEMS = {
    400: ("A parameter is malformed.", "limit: Input should be less than or equal to 1000"),
    401: ("No token came with the request, or one that does not hold.", "This needs a token."),
    403: ("The token's scopes do not cover this.", "This token may not moderate."),
    404: ("There is no such thing.", "There is no incident of this id."),
    408: ("The body did not come in whole, in time.", "It did not come in whole"),
    413: ("The body is too long.", "It is too long"),
    415: ("The body is of another media type.", "It is sent as application/json"),
    406: ("The request accepts none of the forms.", "answers come as application/json, text/csv"),
    429: ("Too much was sent lately.", "Too many reports came in this hour; try again later"),
    503: ("It cannot be kept at the moment.", "It cannot be kept here at the moment"),
}


def documented(
    noun: type[Any],
    tag: str,
    *,
    is_list: bool = True,
    also: type[Any] | None = None,
    status: int = 200,
    problems: tuple[int, ...] = (400, 404, 406),
) -> dict[str, Any]:
    """Describe a route, as arguments of FastAPI's decorators.

    Args:
        noun: type of a row, or of the one thing.
        tag: name of its example, and of its group of routes.
        is_list: whether it gives rows, in every form.
        also: another noun that its rows may be of.
        status: of a successful answer.
        problems: statuses of the errors that it may answer with.
    """
    nouns = [noun, *([also] if also is not None else [])]
    _NOUNS.update(nouns)
    schemas, _ = msgspec.json.schema_components(nouns, ref_template=_REFERENCE)
    schema: dict[str, Any] = {"anyOf": list(schemas)} if also is not None else dict(schemas[0])
    example = EXAMPLES[tag]
    content: dict[str, Any] = {MEDIA_TYPES[Form.JSON]: {"schema": schema, "example": example}}
    if is_list:
        page = {
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": {"type": "array", "items": schema},
                "next": {"type": ["string", "null"], "description": "Give this as `after`."},
            },
        }
        content = {
            MEDIA_TYPES[Form.JSON]: {"schema": page, "example": {"items": [example], "next": None}},
            MEDIA_TYPES[Form.CSV]: {"schema": {"type": "string"}},
            MEDIA_TYPES[Form.JSONL]: {"schema": {"type": "string"}},
            MEDIA_TYPES[Form.PARQUET]: {"schema": {"type": "string", "format": "binary"}},
        }
    responses: dict[int, Any] = {status: {"description": "Found.", "content": content}}
    for code in problems:
        said, error = _PROBLEMS[code]
        responses[code] = {
            "description": said,
            "content": {"application/json": {"schema": _ERROR, "example": {"error": error}}},
        }
    return {"responses": responses, "status_code": status, "response_model": None, "tags": [f"v2 {tag}"]}


def describe(app: FastAPI) -> None:
    """Add the nouns' schemas to the description, and take out answers that this API never gives."""
    make = app.openapi

    def openapi() -> dict[str, Any]:
        described = make()
        _, components = msgspec.json.schema_components(
            sorted(_NOUNS, key=lambda noun: noun.__name__), ref_template=_REFERENCE
        )
        parts = described.setdefault("components", {})
        schemas = parts.setdefault("schemas", {})
        for name, schema in components.items():
            schemas.setdefault(name, schema)
        parts.setdefault("securitySchemes", {})["token"] = {"type": "http", "scheme": "bearer"}
        for path, methods in described["paths"].items():
            if path.startswith(PREFIX):
                for method in methods.values():
                    _tidy(method)
        return described

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend its description


def _tidy(method: Mapping[str, Any]) -> None:
    """Take out 422, in whose place this API answers 400, and what says nothing about a body."""
    responses = method["responses"]
    responses.pop("422", None)
    for answer in responses.values():
        answer.get("content", {}).pop("", None)
