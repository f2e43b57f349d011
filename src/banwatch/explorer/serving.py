"""The app, run on a port of this machine until it is interrupted."""

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI

from banwatch.explorer.app import create_app
from banwatch.net.listening import check_certificate, listen
from banwatch.store import Store

_MAX_CONNECTIONS = 1_000
"""Requests served at once; more are refused with status 503, so that memory stays bounded."""
_GRACE_S = 10
"""Time that open requests may take after the server was asked to end."""


def serve(
    store_path: str | Path,
    host: str = "127.0.0.1",
    port: int | None = None,
    *,
    recorded: bool = False,
    announce: Callable[[str], None] | None = None,
    extend: Callable[[FastAPI], None] | None = None,
    certificate: Path | None = None,
) -> None:
    """Serve the explorer until it is interrupted.

    Args:
        store_path: the database.
        host: address to listen on; by default nobody but this machine can reach it.
        port: None is the first free one from 8080 on.
        recorded: the measurements were replayed from a recording; every page says so.
        announce: called with the address once it is listened on.
        extend: adds routes of others to the app.
        certificate: PEM file with certificate and key, to serve with TLS.

    Raises:
        BanwatchError: the store cannot be opened, the certificate cannot be used, or there is no free port.
    """
    import uvicorn

    if certificate is not None:
        check_certificate(certificate)
    Store.open(Path(store_path), read_only=True).close()  # a clear message, before a server is started
    listening = listen(host, port)
    try:
        name = f"[{host}]" if ":" in host else host
        if announce:
            announce(f"http{'s' if certificate else ''}://{name}:{listening.getsockname()[1]}/")
        app = create_app(store_path, recorded=recorded)
        if extend:
            extend(app)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,  # readers' addresses and requests are not noted
            workers=1,
            limit_concurrency=_MAX_CONNECTIONS,
            timeout_graceful_shutdown=_GRACE_S,
            ssl_certfile=certificate,
        )
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        listening.close()
