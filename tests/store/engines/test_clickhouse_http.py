"""Addresses of ClickHouse stores, and servers that do not answer."""

from pathlib import Path

import pytest

from banwatch.model.errors import BanwatchError
from banwatch.store import Store
from banwatch.store.engines.clickhouse_http import parse_address


def test_a_server_that_does_not_answer_is_said() -> None:
    pytest.importorskip("clickhouse_connect", reason="clickhouse-connect is not installed")
    with pytest.raises(BanwatchError, match="does not answer"):
        Store.open("clickhouse://someone@127.0.0.1:9/banwatch")


def test_addresses() -> None:
    plain = parse_address("clickhouse://host/db")
    assert (plain.host, plain.port, plain.user, plain.database, plain.archive) == (
        "host",
        8123,
        "default",
        "db",
        "db.archive",
    )
    swallowed = parse_address(str(Path("clickhouse://me@host:9000/db?secure=1")))
    assert (swallowed.user, swallowed.port, swallowed.secure) == ("me", 9000, True)
    for wrong in ("clickhouse://", "clickhouse://host", "clickhouse://host/a;b", "clickhouse://host:x/db"):
        with pytest.raises(BanwatchError, match="no address"):
            parse_address(wrong)
