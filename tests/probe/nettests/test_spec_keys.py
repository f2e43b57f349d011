"""What OONI's specifications want of each nettest, whether all works or nothing does."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from banwatch.formats.ooni import decode_untrusted
from banwatch.net.memory import MemoryNet
from banwatch.probe.nettests.registry import load_nettests
from banwatch.probe.session import Session
from tests.net import servers
from tests.probe.applications.test_application import APPLICATIONS, everything
from tests.probe.nettests.test_dnscheck import resolver
from tests.probe.nettests.test_echcheck import ech_site
from tests.probe.nettests.test_http_header_field_manipulation import TELLER, teller
from tests.probe.nettests.test_http_invalid_request_line import HELPER, echo
from tests.probe.nettests.test_tor import tor_network
from tests.probe.scenes import SITE, settings
from tests.probe.test_written_records import STEPS, TOP_LEVEL

BOOL, TEXT, NONE, LIST, MAP, NUMBER = "bool", "str", "NoneType", "list", "dict", "int"
COMMON = {
    "agent": {TEXT},
    "failed_operation": {TEXT, NONE},
    "failure": {TEXT, NONE},
    "network_events": {LIST},
    "queries": {LIST},
    "requests": {LIST},
    "tcp_connect": {LIST},
    "tls_handshakes": {LIST},
}
STATUS, FAILURE, MAYBE_BOOL = {TEXT}, {TEXT, NONE}, {BOOL, NONE}
MESSENGER = ("b_api", "b_graph", "edge", "external_cdn", "scontent_cdn", "star", "stun")
TOR = ("dir_port", "obfs4", "or_port", "or_port_dirauth")
TAMPERING = {
    "total": {BOOL},
    "request_line_capitalization": {BOOL},
    "header_name_capitalization": {BOOL},
    "header_field_value": {BOOL},
    "header_field_number": {BOOL},
    "header_name_diff": {LIST},
}
SPEC: Mapping[str, Mapping[str, set[str]]] = {
    "telegram": COMMON
    | {
        "telegram_http_blocking": {BOOL},
        "telegram_tcp_blocking": {BOOL},
        "telegram_web_failure": FAILURE,
        "telegram_web_status": STATUS,
    },
    "whatsapp": COMMON
    | {
        "registration_server_failure": FAILURE,
        "registration_server_status": STATUS,
        "whatsapp_endpoints_blocked": {LIST},
        "whatsapp_endpoints_dns_inconsistent": {LIST},
        "whatsapp_endpoints_status": STATUS,
        "whatsapp_web_failure": FAILURE,
        "whatsapp_web_status": STATUS,
    },
    "signal": COMMON | {"signal_backend_failure": FAILURE, "signal_backend_status": STATUS},
    "facebook_messenger": COMMON
    | {"socksproxy": {NONE}, "facebook_dns_blocking": {BOOL}, "facebook_tcp_blocking": {BOOL}}
    | {f"facebook_{name}_dns_consistent": {BOOL} for name in MESSENGER}
    | {f"facebook_{name}_reachable": MAYBE_BOOL for name in MESSENGER},
    "instagram": COMMON | {"instagram_endpoints": {MAP}},
    "tor": {"targets": {MAP}}
    | {f"{one}_{what}": {NUMBER} for one in TOR for what in ("total", "accessible")},
    "dnscheck": {
        "domain": {TEXT},
        "bootstrap": {MAP, NONE},
        "bootstrap_failure": FAILURE,
        "lookups": {MAP},
    },
    "stunreachability": {
        "endpoint": {TEXT},
        "failure": FAILURE,
        "network_events": {LIST},
        "queries": {LIST},
    },
    "echcheck": {"tls_handshakes": {LIST}, "queries": {LIST}, "network_events": {LIST}},
    "http_invalid_request_line": {"sent": {LIST}, "received": {LIST}, "tampering": {BOOL}},
    "http_header_field_manipulation": {
        "agent": {TEXT},
        "requests": {LIST},
        "socksproxy": {NONE},
        "tampering": {MAP},
    },
}
TOR_TARGET = {
    "agent": {TEXT},
    "failure": FAILURE,
    "network_events": {LIST, NONE},
    "queries": {LIST, NONE},
    "requests": {LIST, NONE},
    "summary": {MAP},
    "target_address": {TEXT},
    "target_name": {TEXT},
    "target_protocol": {TEXT},
    "target_source": {TEXT},
    "tcp_connect": {LIST, NONE},
    "tls_handshakes": {LIST, NONE},
}
LOOKUP = {
    key: kinds | {NONE} if kinds == {LIST} else kinds for key, kinds in COMMON.items()
}  # ts-027, which may leave lists null


def in_order() -> dict[str, MemoryNet]:
    """For each nettest, a world in which all is well."""
    names = ("dns.google", "one.one.one.one", "cloudflare-dns.com", "dns.quad9.net")
    answers = {"example.org": ["93.184.216.34"]}
    ech = ech_site(None, site_names=("cloudflare-ech.com", "cloudflare.com"))
    return {
        **{name: everything(name) for name in APPLICATIONS},
        "tor": MemoryNet(tcp=tor_network()),
        "dnscheck": MemoryNet(
            names=dict.fromkeys(names, (SITE,)),
            tcp={(SITE, port): resolver("dns.google", answers) for port in (443, 853)},
        ),
        "stunreachability": MemoryNet(names={"stun.l.google.com": (SITE,)}),
        "echcheck": MemoryNet(names={"cloudflare-ech.com": (SITE,)}, tcp={(SITE, 443): ech}),
        "http_invalid_request_line": MemoryNet(tcp={HELPER: echo}),
        "http_header_field_manipulation": MemoryNet(tcp={TELLER: teller()}),
    }


def broken(net: MemoryNet) -> MemoryNet:
    """The same world, where every connection is reset after the first bytes."""
    cut = servers.after_first_bytes(servers.reset)
    return MemoryNet(names=net.names, tcp=dict.fromkeys(net.tcp, cut))


def check(found: Mapping[str, Any], wanted: Mapping[str, set[str]]) -> None:
    for key, kinds in wanted.items():
        assert key in found, key
        assert type(found[key]).__name__ in kinds, (key, found[key])


def records(keys: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in STEPS:
        for record in keys.get(name) or ():
            yield name, record


@pytest.mark.parametrize("world", ["in order", "broken", "empty"])
@pytest.mark.parametrize("name", sorted(SPEC))
def test_every_key_of_the_specification_is_there(tmp_path: Path, name: str, world: str) -> None:
    whole = in_order()[name]
    net = {"in order": whole, "broken": broken(whole), "empty": MemoryNet()}[world]

    async def collect() -> list[bytes]:
        session = Session(net, settings(tmp_path))
        return [line async for line in session.run_nettest(name)]

    lines = asyncio.run(asyncio.wait_for(collect(), 20))
    assert lines
    for line in lines:
        decode_untrusted(line)
        measurement = json.loads(line)
        assert set(measurement) >= TOP_LEVEL
        assert measurement["test_name"] == name
        keys = measurement["test_keys"]
        check(keys, SPEC[name])
        parts = [keys, *(keys.get("targets") or keys.get("lookups") or {}).values()]
        for target in (keys.get("targets") or {}).values():
            check(target, TOR_TARGET)
        for lookup in (keys.get("lookups") or {}).values():
            check(lookup, LOOKUP)
        if isinstance(keys.get("tampering"), dict):
            check(keys["tampering"], TAMPERING)
        for part in parts:
            for kind, record in records(part):
                assert STEPS[kind] <= set(record), (kind, STEPS[kind] - set(record))


def test_no_nettest_is_left_out() -> None:
    assert {*SPEC, "network", "web_connectivity"} == set(load_nettests())
