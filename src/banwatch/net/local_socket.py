"""Unix-domain sockets: a stream between two processes of one user on one machine."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

CONNECT_S = 2.0
"""How long a connect may take; the listener is on this machine."""
_JOIN_S = 5.0
Answer = Callable[[BinaryIO], None]
"""Converse on one connection, in a thread of its own."""


@contextmanager
def connect_local(path: Path) -> Iterator[BinaryIO | None]:
    """Connect to a socket file: gives a stream to read and write, None where nobody listens."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(CONNECT_S)
        try:
            connection.connect(_short_name(path))
        except OSError:
            yield None
            return
        connection.settimeout(None)
        with connection.makefile("rwb") as stream:
            yield cast(BinaryIO, stream)


@contextmanager
def serve_local(path: Path, answer: Answer) -> Iterator[bool]:
    """Listen at a socket file while the block lasts, for processes of the same user only.

    Args:
        path: the socket file; whatever is left there is replaced, so that the caller must be its only user.
        answer: is called with each connection; a peer that goes away ends it.

    Yields:
        Whether the socket is listened at: some file systems have no sockets.
    """
    with socket.socket(socket.AF_UNIX) as listening:
        try:
            path.unlink(missing_ok=True)
            listening.bind(_short_name(path))
            os.chmod(path, 0o600)
            listening.listen()
        except OSError:
            yield False
            return
        thread = threading.Thread(target=_accept, args=(listening, answer), name="local", daemon=True)
        thread.start()
        try:
            yield True
        finally:
            path.unlink(missing_ok=True)
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
            thread.join(timeout=_JOIN_S)


def _accept(listening: socket.socket, answer: Answer) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_converse, args=(connection, answer), daemon=True).start()


def _converse(connection: socket.socket, answer: Answer) -> None:
    with suppress(ConnectionError), connection, connection.makefile("rwb") as stream:
        answer(cast(BinaryIO, stream))


def _short_name(path: Path) -> str:
    """Name a socket in as few bytes as possible: its address holds about 100."""
    return min(str(path.absolute()), os.path.relpath(path), key=len)
