"""ClickHouse's engine for tests, in this process through chDB or behind its HTTP interface.

chDB is ClickHouse as a library. It has one session a process, in which every store gets its own database.
"""

import itertools
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.feather as feather

from banwatch.store import Store
from banwatch.store.engines.clickhouse import ClickHouseEngine
from banwatch.store.engines.clickhouse_http import SETTINGS

_numbers = itertools.count()


class Embedded:
    """Transport to chDB in this process."""

    def __init__(self, session: Any, scratch: Path) -> None:
        self.location = f"chdb:{scratch}"
        self._session = session
        self._scratch = scratch
        self._database = f"store_{next(_numbers)}"
        self.command(f"CREATE DATABASE {self._database}")
        self.command(f"USE {self._database}")
        for name, value in SETTINGS.items():
            self.command(f"SET {name} = '{value}'")

    def command(self, sql: str) -> None:
        """Execute a statement that returns no rows."""
        self._session.query(sql)

    def query(self, sql: str) -> pa.Table:
        """Return the rows of a query."""
        self.command(f"USE {self._database}")
        return self._session.query(sql, "ArrowTable")

    def stream(self, sql: str) -> Iterator[pa.Table]:
        """Return the rows of a query, all at once."""
        yield self.query(sql)

    def insert(self, table: str, rows: pa.Table) -> None:
        """Add rows, by way of a file."""
        self.command(f"USE {self._database}")
        path = self._scratch / f"{next(_numbers)}.arrow"
        feather.write_feather(rows, str(path), compression="uncompressed")
        self.command(f"INSERT INTO \"{table}\" SELECT * FROM file('{path}', Arrow)")
        path.unlink()

    def close(self) -> None:
        """Leave the session to the next store."""


def open_embedded(session: Any, folder: Path) -> Store:
    """Open a new store in chDB, its archive in a folder."""
    return Store.over(ClickHouseEngine(Embedded(session, folder)), folder / "chdb.archive")


@contextmanager
def served(session: Any, scratch: Path) -> Iterator[int]:
    """Serve ClickHouse's HTTP interface on a loopback port with chDB, and return the port."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: object) -> None:
            """Log nothing."""

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or self._chunks())

        def _chunks(self) -> bytes:
            parts = []
            while self.headers.get("Transfer-Encoding") == "chunked":
                size = int(self.rfile.readline(), 16)
                parts.append(self.rfile.read(size))
                self.rfile.readline()
                if not size:
                    break
            return b"".join(parts)

        def _answer(self, body: bytes) -> None:
            options = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
            query = options.get("query", "")
            if not query:
                query, body = body.decode(), b""
            status, answer = 200, b""
            # a server keeps temporary tables by session; the engine in this process has but one
            session_id = re.sub(r"\W", "", options.get("session_id", ""))
            query = re.sub(r"\b(wanted|heard)\b", rf"\1_{session_id}", query)
            with lock:
                try:
                    answer = _carry_out(session, scratch, query, body, options.get("database", ""))
                except Exception as error:  # whatever it is, the client must hear of it
                    status, answer = 500, str(error).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.send_header("X-ClickHouse-Summary", "{}")
            self.send_header("X-ClickHouse-Timezone", "UTC")
            self.end_headers()
            self.wfile.write(answer)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _carry_out(session: Any, scratch: Path, query: str, body: bytes, database: str) -> bytes:
    """Execute one HTTP request."""
    if database:
        session.query(f"USE {database}")
    for name, value in SETTINGS.items():
        session.query(f"SET {name} = '{value}'")
    if body:  # an insert: the rows follow the statement
        statement, _, form = query.rpartition("FORMAT")
        path = scratch / f"{next(_numbers)}.wire"
        path.write_bytes(body)
        session.query(f"{statement} SELECT * FROM file('{path}', {form.strip()})")
        path.unlink()
        return b""
    statement, _, form = query.strip().rstrip(";").rpartition("FORMAT")
    if not statement or len(form.split()) != 1:
        statement, form = query, "TabSeparated"
    return bytes(session.query(statement, form.strip()).bytes() or b"")
