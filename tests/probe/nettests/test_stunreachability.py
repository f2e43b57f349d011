"""The `stunreachability` nettest."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banwatch.model.errors import WireError
from banwatch.model.state import State
from banwatch.net.memory import MemoryNet
from banwatch.net.real import RealNet
from banwatch.probe.nettests.stunreachability import parse_binding_response_untrusted, render_binding_request
from banwatch.probe.session import Session
from tests.probe.nettests.running import run
from tests.probe.scenes import SECOND, SITE, settings


def stun_server(kind: int, *, deaf_to: int = 0) -> Any:
    """A STUN server; tells the address that it sees, as all of them do."""
    heard: list[bytes] = []

    def respond(data: bytes) -> list[tuple[float, bytes]]:
        heard.append(data)
        if len(heard) <= deaf_to:
            return []
        mapped = b"\x00\x01\x00\x08\x00\x01\x30\x39\xc6\x33\x64\x07"
        reply = kind.to_bytes(2, "big") + len(mapped).to_bytes(2, "big") + data[4:20] + mapped
        return [(0.0, b"nonsense"), (0.0, reply)]

    return respond


STUN = "stun://stun.example:3478"


def test_a_stun_server_answers_the_second_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("banwatch.probe.nettests.stunreachability._FIRST_WAIT_S", 0.02)
    net = MemoryNet(
        names={"stun.example": (SECOND, SITE)}, udp={(SITE, 3478): stun_server(0x0101, deaf_to=1)}
    )
    [(measurement, state)] = run(net, "stunreachability", tmp_path, STUN)
    keys = measurement["test_keys"]
    assert (keys["endpoint"], keys["failure"], state) == ("stun.example:3478", None, State.OK)
    assert [e["operation"] for e in keys["network_events"] if e["address"] == f"{SITE}:3478"] == [
        "connect",
        "write",
        "write",
        "read",
    ]
    assert "198.51.100.7" not in json.dumps(measurement)


def test_a_stun_server_that_does_not_answer(tmp_path: Path) -> None:
    names = {"stun.example": (SITE,)}
    [(measurement, state)] = run(MemoryNet(names=names), "stunreachability", tmp_path, STUN)
    assert measurement["test_keys"]["failure"] == "generic_timeout_error"
    assert state is not State.OK
    refusing = MemoryNet(names=names, udp={(SITE, 3478): stun_server(0x0111)})
    [(measurement, _)] = run(refusing, "stunreachability", tmp_path, STUN)
    assert measurement["test_keys"]["failure"] == "unknown_failure: stun: error response"
    [(measurement, _)] = run(MemoryNet(), "stunreachability", tmp_path, STUN)
    assert measurement["test_keys"]["failure"] == "dns_nxdomain_error"


@given(st.binary(max_size=60))
def test_no_stun_message_does_more_harm_than_a_wire_error(data: bytes) -> None:
    transaction = b"t" * 12
    with pytest.raises(WireError):
        parse_binding_response_untrusted(data, transaction)
    with pytest.raises(WireError):
        parse_binding_response_untrusted(render_binding_request(transaction), transaction)


def test_a_stun_server_on_this_machine(tmp_path: Path) -> None:
    respond = stun_server(0x0101)

    class Server(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            for _, reply in respond(data):
                self.transport.sendto(reply, addr)

    async def measure() -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
        try:
            port = transport.get_extra_info("sockname")[1]
            session = Session(RealNet(), settings(tmp_path, measure_private=True))
            inputs = [f"stun://127.0.0.1:{port}"]
            [line] = [one async for one in session.run_nettest("stunreachability", inputs)]
            measurement: dict[str, Any] = json.loads(line)
            return measurement
        finally:
            transport.close()

    keys = asyncio.run(asyncio.wait_for(measure(), 10))["test_keys"]
    assert keys["failure"] is None
    assert [event["operation"] for event in keys["network_events"]] == ["connect", "write", "read"]
