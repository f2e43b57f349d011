"""Description of the refusals that routes for OONI's clients give, for `/openapi.json`."""

from typing import Any

from fastapi import FastAPI

_REFUSALS = {
    "400": "the question is malformed",
    "404": "there is no such measurement or incident",
    "422": "a parameter cannot be read",
}


def describe_refusals(app: FastAPI) -> None:
    """Put these refusals in the place of the one that FastAPI describes, which has another shape."""
    make = app.openapi

    def openapi() -> dict[str, Any]:
        described = make()
        for operations in described["paths"].values():
            for operation in operations.values():
                if "ooni" in operation.get("tags", ()):
                    for status, meaning in _REFUSALS.items():
                        content = {"application/json": {"schema": {"type": "object"}}}
                        operation["responses"][status] = {"description": meaning, "content": content}
        return described

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend its description
