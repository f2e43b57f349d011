"""Follow-ups of doubtful answers, in memory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import dns.rrset

from banwatch.net.memory import Handler, MemoryNet, MemoryStream, Responder
from tests.net import servers
from tests.probe.follow_ups.test_connection import names_of
from tests.probe.scenes import (
    CONTROL_OK,
    FORGED,
    RESOLVER,
    SITE,
    Scene,
    measure,
    measure_site,
    settings,
    site,
)
from tests.probe.test_session import followed_up


def answering(keys: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Who was found to answer questions: (step, address that was asked, hops)."""
    found = [(where["step"], where["address"], where["hops"]) for where in keys["x_localization"]]
    return [one for one in found if one[0] in ("dns", "resolver")]


def injector(zone: dict[str, list[str]], forbidden: str) -> Responder:
    """The path to a resolver on which somebody forges answers for a name and all below it."""

    def respond(data: bytes) -> Sequence[tuple[float, bytes]]:
        query = dns.message.from_wire(data)
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        forged = {name: FORGED} if name.endswith(forbidden) else {}
        return servers.dns_server({name: zone[name]} if name in zone else {}, forged=forged)(data)

    return respond


def path_to_nobody(forbidden: str) -> Responder:
    """The path to an address without a resolver, on which the same injector sits."""

    def respond(data: bytes) -> Sequence[tuple[float, bytes]]:
        query = dns.message.from_wire(data)
        if not query.question[0].name.to_text(omit_final_dot=True).lower().endswith(forbidden):
            return []
        response = dns.message.make_response(query)
        response.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", FORGED))
        return [(0.0, response.to_wire())]

    return respond


def doh_site(zone: dict[str, list[str]]) -> Handler:
    """A resolver inside HTTPS that can be asked in HTTP/1.1."""
    context = servers.make_context("8.8.8.8", alpn=("http/1.1",))

    async def serve(stream: MemoryStream) -> None:
        tls = servers.ServerTls(stream, context)
        await tls.handshake()
        data = await tls.read(65536)
        question = data.partition(b"\r\n\r\n")[2]
        [(_, answer)] = servers.dns_server(zone)(question)
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer)}\r\n\r\n".encode()
        await tls.write(head + answer)

    return serve


def test_an_injector_answers_for_what_is_not_there(tmp_path: Path) -> None:
    zone = {"site.example": [SITE]}
    net = MemoryNet(
        names={"site.example": (FORGED,)},
        tcp={("8.8.8.8", 443): doh_site(zone), **Scene().net().tcp},
        udp={RESOLVER: injector(zone, "site.example"), (SITE, 53): path_to_nobody("site.example")},
    )
    [measurement] = measure(net, ["https://site.example/"], settings(tmp_path, thorough=True))
    keys = measurement["test_keys"]

    def answers(name: str) -> list[str]:
        [query] = followed_up(keys["queries"], name)
        return [answer["ipv4"] for answer in query["answers"] or []]

    assert answers("sibling") == [FORGED]
    assert answers("mixed_case") == [FORGED]
    assert answers("no_resolver") == [FORGED]
    assert answers("doh") == [SITE]
    [private] = followed_up(keys["queries"], "sibling_doh")
    assert private["failure"] == "dns_nxdomain_error"
    assert answering(keys) == [
        ("dns", f"{SITE}:53", 1),
        ("dns", "8.8.8.8:53", 1),
        ("resolver", "8.8.8.8:53", 1),
    ]


def test_a_lying_resolver_is_told_from_an_injector(tmp_path: Path) -> None:
    lying = servers.dns_server({"site.example": [FORGED]})
    net = MemoryNet(names={"site.example": (FORGED,)}, tcp=dict(Scene().net().tcp), udp={RESOLVER: lying})
    [measurement] = measure(net, ["https://site.example/"], settings(tmp_path, thorough=True))
    keys = measurement["test_keys"]
    [sibling] = followed_up(keys["queries"], "sibling")
    [nobody] = followed_up(keys["queries"], "no_resolver")
    assert sibling["failure"] == "dns_nxdomain_error"
    assert nobody["failure"] == "generic_timeout_error"
    assert answering(keys) == [("dns", "8.8.8.8:53", 1), ("resolver", "8.8.8.8:53", 1)]


def test_a_site_that_rotates_its_addresses_is_not_doubted(tmp_path: Path) -> None:
    other = "93.184.216.77"
    rotated = Scene(
        names={"site.example": (other,)},
        resolver=servers.dns_server({"site.example": [SITE]}),
        tcp={(other, 443): site("site.example"), (SITE, 443): site("site.example")},
    )
    assert names_of(measure_site(rotated, tmp_path, thorough=True)["test_keys"]) == set()


def test_a_name_that_is_gone_for_all_is_not_doubted(tmp_path: Path) -> None:
    withdrawn = {**CONTROL_OK, "dns": {"failure": "dns_name_error", "addrs": []}}
    scene = Scene(names={}, resolver=servers.dns_server({}), control=withdrawn)
    assert names_of(measure_site(scene, tmp_path, thorough=True)["test_keys"]) == set()


def test_without_a_helper_resolvers_inside_https_are_asked(tmp_path: Path) -> None:
    zone = {"site.example": [SITE]}
    net = MemoryNet(
        names={"site.example": (FORGED,)},
        tcp={("8.8.8.8", 443): doh_site(zone), (SITE, 443): site("site.example")},
        udp={RESOLVER: servers.dns_server({"site.example": [FORGED]})},
    )
    chosen = settings(tmp_path, helper_url=None, doh_resolvers=("8.8.8.8",))
    [measurement] = measure(net, ["https://site.example/"], chosen)
    keys = measurement["test_keys"]
    doh = {q["query_type"]: q for q in keys["queries"] if q["engine"] == "doh"}
    assert [answer["ipv4"] for answer in doh["A"]["answers"]] == [SITE]
    assert doh["AAAA"]["failure"] == "dns_no_answer"
    assert doh["A"]["resolver_address"] == "https://8.8.8.8/dns-query"
    assert keys["requests"][0]["address"] == f"{SITE}:443"
    forged = {**net.tcp, ("8.8.8.8", 443): site("8.8.8.8", issuer="Nobody")}
    net = MemoryNet(names=net.names, tcp=forged, udp=net.udp)
    [measurement] = measure(net, ["https://site.example/"], chosen)
    failures = {q["failure"] for q in measurement["test_keys"]["queries"] if q["engine"] == "doh"}
    assert failures == {"ssl_unknown_authority"}


def test_a_resolver_that_refuses_one_name_is_told_from_a_broken_one(tmp_path: Path) -> None:
    def refuse(only: str) -> Responder:
        def respond(data: bytes) -> Sequence[tuple[float, bytes]]:
            query = dns.message.from_wire(data)
            if query.question[0].name.to_text(omit_final_dot=True).endswith(only):
                refusal = dns.message.make_response(query)
                refusal.set_rcode(dns.rcode.REFUSED)
                return [(0.0, refusal.to_wire())]
            return list(servers.dns_server({"example.org": [SITE]})(data))

        return respond

    for only, failure in (("site.example", None), ("", "dns_refused_error")):
        keys = measure_site(Scene(resolver=refuse(only)), tmp_path)["test_keys"]
        [innocent] = followed_up(keys["queries"], "innocent_name")
        assert (innocent["engine"], innocent["hostname"]) == ("udp", "example.org")
        assert innocent["failure"] == failure
