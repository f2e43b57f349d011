"""Listening: a free port is found, and a taken one is said to be taken."""

import socket
from contextlib import closing

import pytest

from banwatch.model.errors import BanwatchError
from banwatch.net import listening
from banwatch.net.listening import find_port


def test_a_taken_port_is_said_to_be_taken() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            BanwatchError, match=rf"port {port} of 127.0.0.1 cannot be listened on .* --port N"
        ):
            find_port("127.0.0.1", port)


def test_without_a_wish_the_first_free_port_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        monkeypatch.setattr(listening, "FIRST_PORT", taken.getsockname()[1])
        found = find_port("127.0.0.1", None)
        assert taken.getsockname()[1] < found < taken.getsockname()[1] + 20


def test_no_free_port_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        monkeypatch.setattr(listening, "FIRST_PORT", taken.getsockname()[1])
        monkeypatch.setattr(listening, "_TRIES", 1)
        with pytest.raises(BanwatchError, match="no port from"):
            find_port("127.0.0.1", None)


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70000), ("203.0.113.1", None), ("not a host", 80)])
def test_impossible_addresses(host: str, port: int | None) -> None:
    with pytest.raises(BanwatchError):
        find_port(host, port)
