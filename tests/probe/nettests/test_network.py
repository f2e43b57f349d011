"""The `network` nettest."""

from pathlib import Path

from banwatch.net.memory import MemoryNet
from banwatch.probe.nettests.network import has_link, has_way_out
from tests.net import servers
from tests.probe.applications.test_application import run
from tests.probe.scenes import RESOLVER, SITE, site


def test_a_shutdown_is_written_down(tmp_path: Path) -> None:
    keys = run(MemoryNet(names={"example.org": "dns_temporary_failure"}), "network", tmp_path)["test_keys"]
    assert (keys["success"], keys["anchors_reached"], keys["resolvers_answering"]) == (False, 0, 0)
    assert keys["failure"] == "generic_timeout_error"
    net = MemoryNet(
        names={"example.org": (SITE,)},
        tcp={("9.9.9.9", 443): site("one.example")},
        udp={RESOLVER: servers.dns_server({"example.org": [SITE]})},
    )
    keys = run(net, "network", tmp_path)["test_keys"]
    assert (keys["success"], keys["anchors_reached"], keys["resolvers_answering"]) == (True, 1, 2)


def test_link_and_way_out_are_read_as_linux_tells_them(tmp_path: Path) -> None:
    assert has_link(tmp_path / "nowhere") is None
    for name, carrier in (("lo", "1"), ("eth0", "0")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "carrier").write_text(carrier)
    assert has_link(tmp_path) is False
    (tmp_path / "eth0" / "carrier").write_text("1\n")
    assert has_link(tmp_path) is True
    table = tmp_path / "route"
    assert has_way_out(table) is None
    table.write_text("Iface\tDestination\tGateway\tFlags\neth0\t0002A8C0\t00000000\t0001\n")
    assert has_way_out(table) is False
    table.write_text("Iface\tDestination\tGateway\tFlags\neth0\t00000000\t0102A8C0\t0003\n")
    assert has_way_out(table) is True
