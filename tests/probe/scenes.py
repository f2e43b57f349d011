"""A little world in memory for probe tests: sites, resolvers, a helper, and who stands in between."""

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from banwatch.model.ids import Asn, CountryCode
from banwatch.net.memory import Handler, MemoryNet, Responder
from banwatch.probe.session import Session
from banwatch.probe.settings import Settings, Timeouts
from tests.net import servers
from tests.net.servers import NOW, Page

SITE = "93.184.216.34"
SECOND = "93.184.216.35"
FORGED = "8.7.198.46"
RESOLVER = ("8.8.8.8", 53)
HELPER = ("185.199.108.153", 80)
FAST = Timeouts(dns_s=0.2, dns_late_s=0.1, tcp_s=0.2, tls_s=0.2, http_s=0.3, control_s=0.5)

CONTROL_OK: Mapping[str, Any] = {
    "tcp_connect": {f"{SITE}:443": {"status": True, "failure": None}},
    "tls_handshake": {f"{SITE}:443": {"server_name": "site.example", "status": True, "failure": None}},
    "quic_handshake": {},
    "http_request": {
        "body_length": 39,
        "discovered_h3_endpoint": "",
        "failure": None,
        "title": "A page",
        "headers": {"Content-Type": "text/html"},
        "status_code": 200,
    },
    "http3_request": None,
    "dns": {"failure": None, "addrs": [SITE]},
    "ip_info": {SITE: {"asn": 15133, "flags": 11}},
}


A_PAGE = Page()


def site(*names: str, page: Page = A_PAGE, **certificate: Any) -> Handler:
    """A site inside TLS with a certificate for these names."""
    return servers.https_site(page, servers.make_context(*names, **certificate))


@dataclass
class Scene:
    """What exists; the defaults are a site that works."""

    names: Mapping[str, tuple[str, ...] | str] = field(default_factory=lambda: {"site.example": (SITE,)})
    tcp: Mapping[tuple[str, int], Handler | str] = field(
        default_factory=lambda: {(SITE, 443): site("site.example")}
    )
    resolver: Responder | None = field(default_factory=lambda: servers.dns_server({"site.example": [SITE]}))
    control: Mapping[str, Any] | None = field(default_factory=lambda: CONTROL_OK)

    def net(self) -> MemoryNet:
        tcp = dict(self.tcp)
        if self.control is not None:
            body = json.dumps(self.control).encode()
            tcp[HELPER] = servers.http_site(Page(body=body))
        return MemoryNet(names=self.names, tcp=tcp, udp={RESOLVER: self.resolver} if self.resolver else {})


def settings(folder: Path, **changes: Any) -> Settings:
    """Settings for a test, with the test authority trusted."""
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(servers.make_issuer(servers.AUTHORITY).pem)
    given: dict[str, Any] = {
        "probe_cc": CountryCode("KP"),
        "probe_asn": Asn(131279),
        "probe_network_name": "Star JV",
        "helper_url": "http://185.199.108.153/",
        "ca_file": ca_file,
        "timeouts": FAST,
        "now": lambda: NOW,
        "rng": random.Random(1),
        "resolvers": ("8.8.8.8:53",),  # one of each thing is enough, but where a test says otherwise
        "tcp_resolvers": (),
        "dot_resolvers": (),
        "doh_resolvers": (),
        "http3": "never",
    }
    return Settings(**(given | changes))


def measure(net: MemoryNet, inputs: Sequence[str], chosen: Settings) -> list[dict[str, Any]]:
    """Run a session to its end; its measurements, decoded."""

    async def collect() -> list[bytes]:
        return [line async for line in Session(net, chosen).run(inputs)]

    lines = asyncio.run(asyncio.wait_for(collect(), 20))
    return [json.loads(line) for line in lines]


def measure_site(
    scene: Scene, folder: Path, url: str = "https://site.example/", **changes: Any
) -> dict[str, Any]:
    """Measure one URL in a scene; the measurement."""
    [measurement] = measure(scene.net(), [url], settings(folder, **changes))
    return measurement
