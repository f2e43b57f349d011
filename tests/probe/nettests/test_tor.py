"""The `tor` nettest."""

import json
from pathlib import Path
from typing import Any

import pytest

from banwatch.model.state import State
from banwatch.net.endpoint import parse_endpoint
from banwatch.net.memory import MemoryNet
from banwatch.probe.nettests.tor import DATA
from tests.net import servers
from tests.net.servers import Page
from tests.probe.nettests.running import run
from tests.probe.scenes import site

PLACES = DATA.servers
DIRECTORY = servers.http_site(Page(b"network-status-version 3\n" * 4000))


def tor_network() -> dict[tuple[str, int], Any]:
    """Every place, with a certificate that nobody knows."""
    relay = site("www.relay.example", issuer="Nobody")
    found: dict[tuple[str, int], Any] = {}
    for place in PLACES:
        endpoint = parse_endpoint(place.address)
        found[(endpoint.ip, endpoint.port)] = DIRECTORY if place.protocol == "dir_port" else relay
    return found


def count(protocol: str) -> int:
    return sum(place.protocol == protocol for place in PLACES)


def test_places_are_named_once() -> None:
    assert len({place.address for place in PLACES}) == len(PLACES)
    assert {place.protocol for place in PLACES} == {"dir_port", "or_port_dirauth", "obfs4"}
    assert not any(place.is_private for place in PLACES)


@pytest.mark.parametrize(
    ("line", "protocol"),
    [
        ("obfs4 93.184.216.99:4443 0123 cert=abc iat-mode=0", "obfs4"),
        ("Bridge obfs4 93.184.216.99:4443 0123", "obfs4"),
        ("93.184.216.99:4443 0123", "or_port"),
    ],
)
def test_a_bridge_that_a_person_names_is_written_down_nowhere(
    tmp_path: Path, line: str, protocol: str
) -> None:
    relay = site("www.relay.example", issuer="Nobody")
    for net, failure in (
        (MemoryNet(tcp={("93.184.216.99", 4443): relay}), None),
        (MemoryNet(), "generic_timeout_error"),
    ):
        [(measurement, _)] = run(net, "tor", tmp_path, line)
        assert "93.184.216.99" not in json.dumps(measurement)
        assert "4443" not in json.dumps(measurement["test_keys"])
        assert measurement["input"] is None
        [target] = measurement["test_keys"]["targets"].values()
        assert (target["target_protocol"], target["failure"]) == (protocol, failure)
        assert (target["target_address"], target["target_source"]) == ("[scrubbed]", "given")
        assert measurement["test_keys"][f"{protocol}_total"] == 1


def test_a_network_that_lets_tor_be(tmp_path: Path) -> None:
    [(measurement, state)] = run(MemoryNet(tcp=tor_network()), "tor", tmp_path)
    keys = measurement["test_keys"]
    assert state is State.OK
    for protocol in ("dir_port", "or_port_dirauth", "obfs4"):
        assert keys[f"{protocol}_total"] == keys[f"{protocol}_accessible"] == count(protocol)
    assert keys["or_port_total"] == 0
    assert set(keys["targets"]) == {place.address for place in PLACES}
    relay = next(one for one in keys["targets"].values() if one["target_protocol"] == "or_port_dirauth")
    assert relay["summary"] == {"connect": {"failure": None}, "handshake": {"failure": None}}
    [handshake] = relay["tls_handshakes"]
    assert (handshake["no_tls_verify"], handshake["server_name"]) == (True, "")
    directory = next(one for one in keys["targets"].values() if one["target_protocol"] == "dir_port")
    assert len(directory["requests"][0]["response"]["body"]) == 1 << 14
    assert directory["network_events"]
    assert {event["transaction_id"] for event in directory["network_events"]} == {
        directory["tcp_connect"][0]["transaction_id"]
    }


def test_a_network_that_blocks_tor(tmp_path: Path) -> None:
    [(measurement, state)] = run(MemoryNet(), "tor", tmp_path)
    keys = measurement["test_keys"]
    assert (keys["dir_port_accessible"], keys["or_port_dirauth_accessible"]) == (0, 0)
    assert {one["failure"] for one in keys["targets"].values()} == {"generic_timeout_error"}
    assert state is not State.OK
    places = tor_network()
    cut = servers.after_first_bytes(servers.reset)
    portal = servers.http_site(Page(b"no", status=403))
    places = {place: portal if handler is DIRECTORY else cut for place, handler in places.items()}
    [(measurement, _)] = run(MemoryNet(tcp=places), "tor", tmp_path)
    failures = {
        one["target_protocol"]: one["failure"] for one in measurement["test_keys"]["targets"].values()
    }
    assert failures == {
        "dir_port": "http_request_failed",
        "or_port_dirauth": "connection_reset",
        "obfs4": None,  # a connection came about, and nothing more is asked
    }
