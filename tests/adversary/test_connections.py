"""Connections that say nothing, or never end their head, keep nobody out and fill no log."""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import uvicorn

from banwatch.explorer.app import create_app_over
from banwatch.explorer.connections import ConnectionTable, RepeatedLines, protocol_over
from banwatch.net.http.clients import Proxies
from banwatch.net.listening import listen
from tests.pages.made_up_country import MadeUpReader


@contextmanager
def serving(table: ConnectionTable) -> Iterator[int]:
    listening = listen("127.0.0.1", 0)
    config = uvicorn.Config(
        create_app_over(MadeUpReader()), http=protocol_over(table), ws="none", log_config=None
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


def ask(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /static/style.css HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        with connection.makefile("rb") as answer:
            return answer.readline()


def test_unfinished_heads_keep_nobody_out() -> None:
    table = ConnectionTable(Proxies(), max_connections=30, max_of_client=1_000, head_s=60)
    with serving(table) as port, ExitStack() as siege:
        for number in range(60):
            held = siege.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            held.sendall(b"GET / HTTP/1.1\r\nX-Half: " if number % 2 else b"")
            if number % 10 == 9:
                assert ask(port).startswith(b"HTTP/1.1 200")


def test_a_head_has_a_deadline_however_it_drips() -> None:
    table = ConnectionTable(Proxies(), head_s=0.5)
    with serving(table) as port, socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        began = time.monotonic()
        with pytest.raises(OSError):  # noqa: PT011  # reset or broken, as the system has it
            while time.monotonic() - began < 8:
                connection.sendall(b"G")
                time.sleep(0.05)
        assert time.monotonic() - began < 8


def test_one_client_has_a_share_of_the_connections() -> None:
    table = ConnectionTable(Proxies(["10.0.0.1"]), max_connections=100, max_of_client=2)
    assert [table.admit(n, "192.0.2.1") for n in range(4)] == [True, True, False, False]
    assert table.admit(10, "192.0.2.2")
    assert all(table.admit(20 + n, "10.0.0.1") for n in range(10))  # a proxy speaks for many
    found = [table.admit(100 + n, f"2a00:0:0:{n:x}00::1") for n in range(12)]
    assert sum(found) == 8  # a /48 has four shares, however many /56 it uses
    table.leave(0)
    assert table.admit(4, "192.0.2.1")


def test_what_is_no_http_is_answered_with_the_policies() -> None:
    with serving(ConnectionTable(Proxies())) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(b"\0\1\2 nonsense\r\n\r\n")
            with connection.makefile("rb") as answer:
                text = answer.read()
        assert text.startswith(b"HTTP/1.1 400")
        assert b"Content-Security-Policy: default-src 'none'" in text


def test_log_lines_of_a_kind_are_few_and_have_no_traceback() -> None:
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = Kept()
    handler.addFilter(RepeatedLines(lambda: 0.0))
    log = logging.getLogger("tests.adversary.flood")
    log.addHandler(handler)
    log.propagate = False
    for number in range(1_000):
        try:
            raise OSError(number)
        except OSError:
            log.exception("no place for a connection")
    log.error("something else")
    assert len(lines) == 6
    assert "Traceback" not in "".join(lines)
    assert "left out" in lines[4]
