"""Connection to a ClickHouse server over HTTP, and the address that names it."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pyarrow as pa

from banwatch.model.errors import BanwatchError, UnavailableError

SETTINGS: Mapping[str, int | str] = {
    "final": 1,  # rows of the same key count once, merged or not
    "join_use_nulls": 1,  # a missing right side is null, as in every other engine
    "session_timezone": "UTC",
    "mutations_sync": 2,
    "lightweight_deletes_sync": 2,
}


@dataclass(frozen=True, slots=True)
class Address:
    """Address of a ClickHouse store: `clickhouse://user@host:port/database?archive=FOLDER&secure=1`."""

    host: str
    port: int
    user: str
    database: str
    archive: str
    secure: bool

    @property
    def location(self) -> str:
        """Address for messages, without options."""
        return f"clickhouse://{self.user}@{self.host}:{self.port}/{self.database}"


def parse_address(text: str) -> Address:
    """Parse the address of a store; a slash that `Path` removed is put back.

    Raises:
        BanwatchError: the text is no such address.
    """
    parts = urlsplit(re.sub(r"^clickhouse:/+", "clickhouse://", text))
    options = parse_qs(parts.query)
    database = parts.path.strip("/")
    secure = options.get("secure", ["0"])[0] == "1"
    try:
        port = parts.port or (8443 if secure else 8123)
    except ValueError:
        port = 0
    if not parts.hostname or not port or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", database):
        raise BanwatchError(
            f"{text!r} is no address of a store", "Write it as clickhouse://user@host/database"
        )
    user = unquote(parts.username or "default")
    archive = options.get("archive", [f"{database}.archive"])[0]
    return Address(parts.hostname, port, user, database, archive, secure)


class HttpTransport:
    """`Transport` over ClickHouse's HTTP interface, through clickhouse-connect."""

    def __init__(self, address: Address) -> None:
        """Connect, and create the database where there is none.

        Raises:
            BanwatchError: the client is not installed, or the server does not answer.
        """
        try:
            import clickhouse_connect
            from clickhouse_connect.driver.exceptions import ClickHouseError
        except ImportError as error:
            raise BanwatchError(
                "a store in ClickHouse needs clickhouse-connect", "Install banwatch[clickhouse]"
            ) from error
        self.location = address.location
        self._errors: type[Exception] = ClickHouseError
        try:
            self._client: Any = clickhouse_connect.get_client(
                host=address.host,
                port=address.port,
                username=address.user,
                password=os.environ.get("CLICKHOUSE_PASSWORD", ""),
                secure=address.secure,
                settings=dict(SETTINGS),
            )
            self._client.command(f'CREATE DATABASE IF NOT EXISTS "{address.database}"')
            self._client.database = address.database
        except (ClickHouseError, OSError) as error:
            raise UnavailableError(
                f"{self.location} does not answer: {str(error).splitlines()[0][:200]}",
                "Check the address; the password is read from CLICKHOUSE_PASSWORD",
            ) from error

    def command(self, sql: str) -> None:
        """Execute a statement that returns no rows."""
        with self._explained():
            self._client.command(sql)

    def query(self, sql: str) -> pa.Table:
        """Return the rows of a query."""
        with self._explained():
            return self._client.query_arrow(sql, use_strings=True)

    def stream(self, sql: str) -> Iterator[pa.Table]:
        """Return any number of rows of a query, some at once."""
        with self._explained(), self._client.query_arrow_stream(sql, use_strings=True) as blocks:
            for block in blocks:
                yield block if isinstance(block, pa.Table) else pa.Table.from_batches([block])

    def insert(self, table: str, rows: pa.Table) -> None:
        """Add rows."""
        with self._explained():
            self._client.insert_arrow(table, rows)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Convert errors of the server and of the connection to `UnavailableError`."""
        try:
            yield
        except (self._errors, OSError) as error:
            message = (str(error).splitlines() or [type(error).__name__])[0][:300]
            raise UnavailableError(
                f"{self.location} failed: {message}",
                "Look at the server, then run the same command again: what was done is kept",
            ) from error

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
