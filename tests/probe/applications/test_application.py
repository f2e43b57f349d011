"""Nettests of applications."""

import asyncio
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509 import load_pem_x509_certificates

from banwatch.formats.ooni import decode_untrusted
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import Asn
from banwatch.net.memory import MemoryNet
from banwatch.probe.applications.application import ApplicationData
from banwatch.probe.nettests import facebook_messenger, instagram, signal, telegram, whatsapp
from banwatch.probe.session import Session
from tests.net import servers
from tests.net.servers import Page
from tests.probe.scenes import settings, site

DC = (
    "149.154.175.50",
    "149.154.167.51",
    "149.154.175.100",
    "149.154.167.91",
    "149.154.171.5",
    "95.161.76.100",
)


APPLICATIONS: Mapping[str, ApplicationData] = {
    module.NETTEST.name: module.DATA for module in (facebook_messenger, instagram, signal, telegram, whatsapp)
}


def measure(session: Session, name: str) -> bytes:
    async def collect() -> list[bytes]:
        return [line async for line in session.run_nettest(name)]

    [line] = asyncio.run(asyncio.wait_for(collect(), 20))
    return line


def run(net: MemoryNet, name: str, folder: Path) -> dict[str, Any]:
    line = measure(Session(net, settings(folder)), name)
    decode_untrusted(line)
    measurement: dict[str, Any] = json.loads(line)
    return measurement


def everything(name: str) -> MemoryNet:
    """A world in which all that an application needs works, each host on an address of its own."""
    app = APPLICATIONS[name]
    hosts = {h for group in app.endpoints for h in group.hosts} | {url.split("/")[2] for url in app.urls}
    named = sorted(host for host in {*hosts, *app.names} if host not in DC)
    addresses = {host: f"31.13.71.{number}" for number, host in enumerate(named, 1)}
    tcp: dict[tuple[str, int], Any] = {
        (ip, port): servers.http_site(Page()) for ip in DC for port in (80, 443)
    }
    for host, ip in addresses.items():
        tcp[(ip, 443)] = site(host)
        tcp[(ip, 5222)] = servers.hang_up
    return MemoryNet(names={host: (ip,) for host, ip in addresses.items()}, tcp=tcp)


@pytest.mark.parametrize("name", sorted(APPLICATIONS))
def test_an_application_that_works(tmp_path: Path, name: str) -> None:
    measurement = run(everything(name), name, tmp_path)
    keys = measurement["test_keys"]
    assert (measurement["test_name"], measurement["input"]) == (name, None)
    assert all(one["status"]["success"] for one in keys["tcp_connect"])
    assert all(one["failure"] is None for one in keys["tls_handshakes"])
    own = {key: value for key, value in keys.items() if key.startswith((name.split("_")[0], "registration"))}
    assert own
    assert "blocked" not in json.dumps([v for v in own.values() if isinstance(v, str)])
    assert not any(value is True for key, value in own.items() if key.endswith("_blocking"))


def test_telegram_without_its_data_centres(tmp_path: Path) -> None:
    net = everything("telegram")
    net.tcp = {place: handler for place, handler in net.tcp.items() if place[0] not in DC}
    keys = run(net, "telegram", tmp_path)["test_keys"]
    assert (keys["telegram_tcp_blocking"], keys["telegram_http_blocking"]) == (True, True)
    assert (keys["telegram_web_status"], keys["telegram_web_failure"]) == ("ok", None)
    one_left = everything("telegram")
    one_left.tcp = {p: h for p, h in one_left.tcp.items() if p[0] not in DC or p[0] == DC[0]}
    keys = run(one_left, "telegram", tmp_path)["test_keys"]
    assert (keys["telegram_tcp_blocking"], keys["telegram_http_blocking"]) == (False, False)


def test_whatsapp_with_a_filter_on_its_web(tmp_path: Path) -> None:
    net = everything("whatsapp")
    ip = net.names["web.whatsapp.com"][0]
    filtered = servers.sni_filter(site("web.whatsapp.com"), "web.whatsapp.com", servers.reset)
    net.tcp = {**net.tcp, (ip, 443): filtered}
    keys = run(net, "whatsapp", tmp_path)["test_keys"]
    assert (keys["whatsapp_web_status"], keys["whatsapp_web_failure"]) == ("blocked", "connection_reset")
    assert (keys["whatsapp_endpoints_status"], keys["registration_server_status"]) == ("ok", "ok")


def test_messenger_whose_names_do_not_resolve(tmp_path: Path) -> None:
    keys = run(MemoryNet(), "facebook_messenger", tmp_path)["test_keys"]
    assert (keys["facebook_dns_blocking"], keys["facebook_tcp_blocking"]) == (True, False)
    assert keys["facebook_star_reachable"] is None


def test_messenger_whose_names_resolve_into_another_network(tmp_path: Path) -> None:
    net = everything("facebook_messenger")
    star = net.names["star.c10r.facebook.com"][0]
    chosen = settings(tmp_path, asn_of=lambda ip: Asn(4134 if ip == star else 32934))
    line = measure(Session(net, chosen), "facebook_messenger")
    keys = json.loads(line)["test_keys"]
    assert (keys["facebook_star_dns_consistent"], keys["facebook_star_reachable"]) == (False, None)
    assert (keys["facebook_b_api_dns_consistent"], keys["facebook_b_api_reachable"]) == (True, True)
    assert (keys["facebook_dns_blocking"], keys["facebook_tcp_blocking"]) == (True, False)
    assert keys["facebook_stun_reachable"] is None


def test_signal_trusts_its_own_authority_and_not_anybodys(tmp_path: Path) -> None:
    further = files("banwatch.probe").joinpath("data/signal.pem").read_bytes()
    names = [one.subject.rfc4514_string() for one in load_pem_x509_certificates(further)]
    assert [name.split(",")[0] for name in names] == ["CN=TextSecure", "CN=Signal Messenger"]
    net = everything("signal")
    ip = net.names["chat.signal.org"][0]
    net.tcp = {**net.tcp, (ip, 443): site("chat.signal.org", issuer="Somebody")}
    measurement = run(net, "signal", tmp_path)
    keys = measurement["test_keys"]
    assert keys["signal_backend_status"] == "blocked"
    assert keys["signal_backend_failure"] == "ssl_unknown_authority"
    assert not any(one["no_tls_verify"] for one in keys["tls_handshakes"])


def test_signals_own_trouble_is_no_blocking(tmp_path: Path) -> None:
    net = everything("signal")
    net.names = {**net.names, "uptime.signal.org": "dns_nxdomain_error"}
    assert run(net, "signal", tmp_path)["test_keys"]["signal_backend_status"] == "ok"


def test_an_unknown_nettest_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BanwatchError, match="No nettest"):
        run(MemoryNet(), "myspace", tmp_path)
