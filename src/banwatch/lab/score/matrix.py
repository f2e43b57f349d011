"""Matrix of a score: mechanism × IP version × HTTP version × loss × innocent twin, as worlds and regimes.

Every case is a site that a rule names and a twin that no rule names. Twins share all that they can with their
site: the address where the rule looks at a name, the neighbouring address where it looks at the address.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import yaml

Json = dict[str, object] | list[object] | str | float | int | bool | None
"""Content of a YAML file; worlds and regimes of the matrix are read by the usual readers."""

LOSSES = (0.0, 0.02, 0.05)
"""Share of packets lost each way: a fibre, a busy mobile network, a bad one."""
FAMILIES = (4, 6)
VERSIONS = ("http", "h1", "h2", "h3")
"""Clear-text HTTP/1.1, and HTTPS by what the server offers."""
_ALPN = {"http": ["http/1.1"], "h1": ["http/1.1"], "h2": ["h2", "http/1.1"], "h3": ["h3", "h2", "http/1.1"]}

COUNTRY = "KR"
TWIN_URL = "https://www.speed-twin.net/"
"""Page whose speed is compared with a target's."""
_FIRST4, _FIRST6 = IPv4Address("151.101.128.10"), IPv6Address("2a04:4e42:200::10")
_VACANT4, _VACANT6 = "31.13.94.0/24", "2a03:2880:f10d::/48"
_IMPOSTOR4, _IMPOSTOR6 = "104.244.46.10", "2606:1f80:f000::10"
_INTERCEPTOR4, _INTERCEPTOR6 = "104.244.46.11", "2606:1f80:f000::11"
_BLOCKPAGE4, _BLOCKPAGE6 = "121.189.57.83", "2001:e60:1::83"
_CLIENT = ["121.128.0.10", "2001:e60::10"]
_RESOLVER = "168.126.63.1"

_THROTTLED_PAGE_BYTES = 30_000
"""Two seconds and more at the 130 kbit/s that Twitter had in Russia in 2021: enough to see a rate."""

_CLIENT_HELLO = "16 03 01"
"""First bytes of every TLS client (RFC 8446, section 5.1)."""

_PAGE = (
    "<html><head><title>Warning</title></head><body><h1>Access to this site is prohibited.</h1></body></html>"
)


@dataclass(frozen=True, slots=True)
class Method:
    """Method of censoring a site, as parts of a rule."""

    key: str
    mechanism: str
    looks_at: str
    """`name` in DNS, `sni`, `host`, `quic` (SNI in an Initial), `address`, or `hello` (any ClientHello)."""
    action: Json
    versions: tuple[str, ...]
    """Versions of HTTP that it affects."""
    on_path: bool = False


_ALL, _TLS, _CLEAR = ("http", "h1", "h2", "h3"), ("h1", "h2", "h3"), ("http",)
METHODS = (
    Method(
        "dns-bogon", "dns.injection.bogon", "name", {"forge_dns": {"a": ["127.0.0.1"], "aaaa": ["::1"]}}, _ALL
    ),
    Method(
        "dns-other",
        "dns.injection.other",
        "name",
        {"forge_dns": {"a": [_VACANT4], "aaaa": [_VACANT6]}},
        _ALL,
        on_path=True,
    ),
    Method(
        "dns-blockpage",
        "dns.injection.blockpage",
        "name",
        {"forge_dns": {"a": [_BLOCKPAGE4], "aaaa": [_BLOCKPAGE6]}},
        _ALL,
    ),
    Method("dns-nxdomain", "dns.nxdomain", "name", {"forge_dns": {"rcode": "nxdomain"}}, _ALL),
    Method("dns-refused", "dns.refused", "name", {"forge_dns": {"rcode": "refused"}}, _ALL),
    Method("dns-servfail", "dns.servfail", "name", {"forge_dns": {"rcode": "servfail"}}, _ALL),
    Method("dns-drop", "dns.timeout", "name", "drop", _ALL),
    Method("ip-icmp", "ip.unreachable", "address", {"icmp": {"code": 1}}, _ALL),
    Method("tcp-drop", "tcp.timeout", "address", "drop", _ALL),
    Method("tcp-refuse", "tcp.refused", "address", {"reset": {"to": "client"}}, _ALL),
    Method("tcp-reset", "tcp.reset", "address", {"reset": {"count": 2, "after_handshake": True}}, _ALL),
    Method("sni-reset", "tls.reset.sni", "sni", {"reset": {"count": 3}}, _TLS),
    Method("sni-drop", "tls.timeout.sni", "sni", "drop", _TLS),
    Method("hello-reset", "tls.reset.other", "hello", {"reset": {"count": 3}}, _TLS),
    Method("hello-drop", "tls.timeout.other", "hello", "drop", _TLS),
    Method("sni-alert", "tls.alert", "sni", {"tls_alert": {"description": 40}}, _TLS),
    Method("sni-fin", "tls.eof", "sni", "fin", _TLS),
    Method("tls-mitm", "tls.mitm.self_signed", "address", {"divert": {"to": [_IMPOSTOR4, _IMPOSTOR6]}}, _TLS),
    Method(
        "tls-mitm-ca",
        "tls.mitm.ca_signed",
        "address",
        {"divert": {"to": [_INTERCEPTOR4, _INTERCEPTOR6]}},
        _TLS,
    ),
    Method(
        "sni-shape",
        "tls.throttle.sni",
        "sni",
        {"throttle": {"kbit_s": 130, "shaping": True}},
        _TLS,
    ),
    Method("sni-throttle", "tls.throttle.sni", "sni", {"throttle": {"kbit_s": 130}}, _TLS),
    Method("quic-drop", "quic.timeout", "quic", "drop", ("h3",)),
    Method("quic-refuse", "quic.reset", "quic", {"icmp": {"code": 3}}, ("h3",)),
    Method(
        "http-page",
        "http.blockpage",
        "host",
        {"http_page": {"status": 200, "headers": {"Content-Type": "text/html"}, "body": _PAGE}},
        _CLEAR,
    ),
    Method(
        "http-redirect",
        "http.redirect",
        "host",
        {"http_page": {"status": 302, "headers": {"Location": "http://warning.or.kr/"}}},
        _CLEAR,
    ),
    Method("http-error", "http.error", "host", {"http_page": {"status": 503, "body": ""}}, _CLEAR),
    Method("http-reset", "http.reset.host", "host", {"reset": {"count": 3}}, _CLEAR),
    Method("http-drop", "http.timeout", "host", "drop", _CLEAR),
    Method("http-fin", "http.eof", "host", "fin", _CLEAR),
    Method(
        "http-throttle",
        "http.throttle.host",
        "host",
        {"throttle": {"kbit_s": 130}},
        _CLEAR,
    ),
    Method(
        "http-shape",
        "http.throttle.host",
        "host",
        {"throttle": {"kbit_s": 130, "shaping": True}},
        _CLEAR,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A site that a rule names, and its twin."""

    method: Method
    version: str
    site: str
    twin: str
    address: IPv4Address | IPv6Address
    twin_address: IPv4Address | IPv6Address

    @property
    def urls(self) -> tuple[str, str]:
        """Return the site's URL and its twin's."""
        scheme = "http" if self.version == "http" else "https"
        return f"{scheme}://{self.site}/", f"{scheme}://{self.twin}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """Square of the matrix, one lab: a family and a loss, with every method and version in it."""

    family: int
    loss: float
    cases: tuple[Case, ...]

    @property
    def tier(self) -> str:
        """Return its name, which is its access tier's too, so that truths of squares stay apart."""
        return f"ipv{self.family}-loss{round(self.loss * 100)}"

    @property
    def urls(self) -> tuple[str, ...]:
        """Return the URLs to measure."""
        return tuple(url for case in self.cases for url in case.urls)


def lay_out(
    families: Iterable[int] = FAMILIES,
    losses: Iterable[float] = LOSSES,
    methods: Sequence[Method] = METHODS,
    versions: Sequence[str] = VERSIONS,
) -> list[Square]:
    """Make the squares of the matrix."""
    losses = tuple(losses)
    return [
        Square(family=family, loss=loss, cases=tuple(_cases(family, methods, versions)))
        for family in families
        for loss in losses
    ]


def _cases(family: int, methods: Sequence[Method], versions: Sequence[str]) -> Iterable[Case]:
    first: IPv4Address | IPv6Address = _FIRST4 if family == 4 else _FIRST6
    number = 0
    for method in methods:
        for version in versions:
            if version in method.versions:
                name = f"{method.key}-{version}"
                address = first + 2 * number
                yield Case(
                    method=method,
                    version=version,
                    site=f"www.{name}.net",
                    twin=f"www.{name}-twin.net",
                    address=address,
                    twin_address=address + 1 if method.looks_at in ("address", "hello") else address,
                )
                number += 1


def write_world(square: Square, path: Path) -> None:
    """Write the square's world file."""
    sites: list[Json] = [
        {
            "hostname": name,
            "addresses": [str(address)],
            "alpn": list(_ALPN[case.version]),
            "title": f"The site {name}",
            "size_bytes": _THROTTLED_PAGE_BYTES if "throttle" in case.method.mechanism else 6_000,
        }
        for case in square.cases
        for name, address in ((case.site, case.address), (case.twin, case.twin_address))
    ]
    impostor = {"hostname": "impostor.example.net", "certificate": "self_signed", "alpn": ["http/1.1"]}
    sites.append({**impostor, "addresses": [_IMPOSTOR4, _IMPOSTOR6], "title": "Not it"})
    interceptor = {"hostname": "gateway.example.net", "certificate": "untrusted", "alpn": ["http/1.1"]}
    sites.append({**interceptor, "addresses": [_INTERCEPTOR4, _INTERCEPTOR6], "title": "Not it either"})
    blockpage = {"hostname": "blocked.example.net", "addresses": [_BLOCKPAGE4, _BLOCKPAGE6]}
    sites.append({**blockpage, "title": "Blocked", "size_bytes": 900})
    innocent = {"hostname": "example.org", "addresses": ["23.220.75.232"], "title": "Example Domain"}
    warning = {"hostname": "warning.or.kr", "addresses": ["121.189.57.82"], "ports": [80], "size_bytes": 900}
    twin = {
        "hostname": "www.speed-twin.net",
        "addresses": ["151.101.131.10"],
        "size_bytes": _THROTTLED_PAGE_BYTES,
    }
    world: Json = {
        "name": square.tier,
        "countries": {COUNTRY: ["121.128.0.0/10", "2001:e60::/32"]},
        "vacant": [_VACANT4, _VACANT6],
        "helper": {"hostname": "helper.banwatch-lab.net", "address": "185.199.108.153", "step_timeout_s": 6},
        "resolvers": [
            {"hostname": "kns.kornet.net", "addresses": [_RESOLVER], "isp": True, "dot": False, "doh": False},
            {"hostname": "dns.google", "addresses": ["8.8.8.8", "2001:4860:4860::8888"]},
            {"hostname": "one.one.one.one", "addresses": ["1.1.1.1", "2606:4700:4700::1111"]},
            {"hostname": "dns.quad9.net", "addresses": ["9.9.9.9"]},
        ],
        "inputs": [{"url": url, "category": "CTRL"} for url in square.urls],
        "sites": [*sites, innocent, warning, twin],
    }
    path.write_text(yaml.safe_dump(world, sort_keys=False), encoding="utf-8")


def write_fingerprints(path: Path) -> None:
    """Write the fingerprints of the matrix: the addresses of its block pages."""
    heading = "name,scope,location_found,pattern_type,pattern,confidence_no_fp,expected_countries,source"
    rows = (
        f"matrix.{number},nat,dns,full,{address},5,{COUNTRY},the matrix"
        for number, address in enumerate((_BLOCKPAGE4, _BLOCKPAGE6))
    )
    path.write_text("\n".join((heading, *rows, "")), encoding="utf-8")


def write_regime(square: Square, path: Path) -> None:
    """Write the square's regime file."""
    regime: Json = {
        "name": f"matrix-{square.tier}",
        "title": f"Every mechanism, IPv{square.family}, {square.loss:.0%} loss",
        "country": COUNTRY,
        "about": "Made by `banwatch lab score`: one rule for every case, and none for its twin.",
        "tiers": {
            square.tier: {
                "asn": 4766,
                "network_name": "Korea Telecom",
                "kind": "fixed",
                "client_address": _CLIENT if square.family == 6 else _CLIENT[0],
                "resolver": _RESOLVER,
                "helper_path": "out-of-band",
                "path": {"loss": square.loss},
            }
        },
        "rules": [_rule(case) for case in square.cases],
    }
    path.write_text(yaml.safe_dump(regime, sort_keys=False), encoding="utf-8")


def _rule(case: Case) -> Json:
    method = case.method
    names: Json = [case.site]
    match: dict[str, Json] = {
        "name": {"dns": {"names": names}},
        "sni": {"tls": {"sni": names}},
        "host": {"http": {"host": names}},
        "quic": {"quic": {"sni": names}},
        "address": {"to": [str(case.address)]},
        "hello": {"to": [str(case.address)], "bytes": {"patterns": [_CLIENT_HELLO]}},
    }
    return {
        "id": f"{method.key}-{case.version}",
        "match": match[method.looks_at],
        "action": method.action,
        "mechanism": method.mechanism,
        "placement": "on-path" if method.on_path else "in-path",
    }
