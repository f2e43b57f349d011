"""Public log of decisions over HTTP, for readers and mirrors."""

from contextlib import suppress
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import Response

from banwatch.pipeline.trust.decisions import decisions_path


def add_decisions(app: FastAPI, archive: Path) -> None:
    """Add `GET /decisions.jsonl`: the log as it lies beside the archive; empty where nothing was decided."""
    path = decisions_path(archive)

    @app.get("/decisions.jsonl", include_in_schema=False)
    def decisions() -> Response:
        with suppress(FileNotFoundError):
            return Response(path.read_bytes(), media_type="application/x-ndjson")
        return Response(b"", media_type="application/x-ndjson")
