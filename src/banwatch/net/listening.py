"""Listening on a TCP port of this machine, for the explorer and for the helper."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from banwatch.model.errors import BanwatchError

FIRST_PORT = 8080
"""First port that is tried where none was asked for: the usual one of web servers without privileges."""
_TRIES = 20
"""Ports tried from `FIRST_PORT` on; more taken ports than these are a sign of something else."""
_BACKLOG = 128
"""Connections that may wait to be accepted."""


def listen(host: str, port: int | None) -> socket.socket:
    """Listen on the port that was asked for, or on the first free one from 8080 on.

    Args:
        host: the address to listen on.
        port: the port that was asked for; None is any.

    Raises:
        BanwatchError: the port is taken, or this machine has no such address.
    """
    candidates = [port] if port is not None else list(range(FIRST_PORT, FIRST_PORT + _TRIES))
    error: OSError | None = None
    for candidate in candidates:
        try:
            return _listen(host, candidate)
        except OSError as caught:
            error = caught
    which = f"port {port}" if port is not None else f"no port from {FIRST_PORT} to {candidates[-1]}"
    said = f"{which} of {host} {'cannot' if port is not None else 'can'} be listened on"
    raise BanwatchError(
        f"{said} ({error.strerror if error else 'no reason given'})",
        "Give another one with --port N, or stop the program that holds it.",
    )


def find_port(host: str, port: int | None) -> int:
    """Find a port that can be listened on now; see `listen`.

    Raises:
        BanwatchError: the port is taken, or this machine has no such address.
    """
    with closing(listen(host, port)) as bound:
        return int(bound.getsockname()[1])


def check_certificate(certificate: Path) -> None:
    """Load a certificate with its key, to find before a server starts that TLS cannot be spoken with it.

    Raises:
        BanwatchError: the file cannot be used.
    """
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate)
    except (OSError, ssl.SSLError) as error:
        raise BanwatchError(
            f"Cannot use {certificate}: {error}", "Expected a PEM file with a certificate and its key."
        ) from error


async def serve_streams(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    host: str,
    port: int,
    *,
    ssl_context: ssl.SSLContext | None,
    backlog: int,
    read_limit_bytes: int,
    handshake_timeout_s: float,
) -> asyncio.Server:
    """Serve every connection to a port by a coroutine, in the running event loop.

    Args:
        serve: is called with each connection.
        host: the address to listen on.
        port: 0 is any free one.
        ssl_context: TLS is spoken where it is given.
        backlog: connections that may wait to be accepted.
        read_limit_bytes: what is read ahead; the rest of what a client sends stays with the system.
        handshake_timeout_s: deadline of a TLS handshake.

    Raises:
        OSError: the address cannot be listened on.
    """
    return await asyncio.start_server(
        serve,
        host,
        port,
        ssl=ssl_context,
        backlog=backlog,
        limit=read_limit_bytes,
        ssl_handshake_timeout=handshake_timeout_s if ssl_context else None,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        if isinstance(error, OverflowError):
            raise OSError(0, "ports are numbers from 0 to 65535") from error
        raise
    return listening
