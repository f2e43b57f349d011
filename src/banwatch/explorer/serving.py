"""Run the app on a port of this machine."""

import socket
import ssl
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from fastapi import FastAPI

from banwatch.explorer.app import create_app
from banwatch.model.errors import BanwatchError
from banwatch.store import Store

FIRST_PORT = 8080
_TRIES = 20
_MAX_CONNECTIONS = 1_000
_GRACE_S = 10
"""How long open requests may go on when it is to end."""


def listen(host: str, port: int | None) -> socket.socket:
    """Listen on the port that was asked for, or on the first free one from 8080 on.

    Args:
        host: the address to listen on.
        port: the port that was asked for; None is any.

    Raises:
        BanwatchError: it is taken, or this machine has no such address.
    """
    wanted = [port] if port is not None else list(range(FIRST_PORT, FIRST_PORT + _TRIES))
    error: OSError | None = None
    for candidate in wanted:
        try:
            return _listen(host, candidate)
        except OSError as caught:
            error = caught
    which = f"port {port}" if port is not None else f"no port from {FIRST_PORT} to {wanted[-1]}"
    said = f"{which} of {host} {'cannot' if port is not None else 'can'} be listened on"
    raise BanwatchError(
        f"{said} ({error.strerror if error else 'no reason given'})",
        "Give another one with --port N, or stop the program that holds it.",
    )


def find_port(host: str, port: int | None) -> int:
    """Find a port that can be listened on now; see `listen`.

    Raises:
        BanwatchError: it is taken, or this machine has no such address.
    """
    with closing(listen(host, port)) as bound:
        return int(bound.getsockname()[1])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
    except (OSError, OverflowError) as error:
        listening.close()
        if isinstance(error, OverflowError):
            raise OSError(0, "ports are numbers from 0 to 65535") from error
        raise
    return listening


def _check_certificate(certificate: Path | None) -> None:
    """Make sure, before anything is started, that TLS can be spoken.

    Raises:
        BanwatchError: the file cannot be used.
    """
    if certificate is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate)
    except (OSError, ssl.SSLError) as error:
        raise BanwatchError(
            f"Cannot use {certificate}: {error}", "Expected a PEM file with a certificate and its key."
        ) from error


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
        announce: told the address once it is listened on.
        extend: adds routes of others to the app.
        certificate: PEM file with certificate and key: it is served with TLS.

    Raises:
        BanwatchError: the store cannot be opened, or there is no free port.
    """
    import uvicorn

    _check_certificate(certificate)
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
            access_log=False,  # who reads is not noted
            workers=1,
            limit_concurrency=_MAX_CONNECTIONS,
            timeout_graceful_shutdown=_GRACE_S,
            ssl_certfile=certificate,
        )
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        listening.close()
