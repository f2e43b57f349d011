"""Schemas of msgspec structs in `/openapi.json`; FastAPI describes dataclasses by itself."""

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import FastAPI

_REFERENCE = "#/components/schemas/{name}"


def response_of(noun: type[Any]) -> Mapping[int | str, dict[str, Any]]:
    """Describe a successful answer that holds a noun, for a route's `responses`."""
    (schema,), _ = msgspec.json.schema_components([noun], ref_template=_REFERENCE)
    return {200: {"content": {"application/json": {"schema": schema}}}}


def add_schemas(app: FastAPI, noun: type[Any]) -> None:
    """Add the schemas that a noun refers to, beside those that FastAPI made."""
    make = app.openapi
    _, components = msgspec.json.schema_components([noun], ref_template=_REFERENCE)

    def openapi() -> dict[str, Any]:
        described = make()
        schemas = described.setdefault("components", {}).setdefault("schemas", {})
        for name, schema in components.items():
            schemas.setdefault(name, schema)
        return described

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend its description
