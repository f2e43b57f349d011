"""Follow-ups: each settles something where there is a censor; none is made where there is none."""

import asyncio
import time
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import dns.rrset
import pytest

from banwatch.net.memory import Handler, MemoryNet, MemoryStream, Responder
from banwatch.probe.follow_ups.hops import find_hops, find_hops_upwards
from banwatch.probe.settings import Timeouts
from tests.net import servers
from tests.net.servers import Page
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
from tests.probe.test_session import followed_up, plain

ELSEWHERE = ("1.1.1.1", 443)
NAMES = {"other_name", "retry", "no_sni", "split_hello", "innocent_elsewhere", "name_elsewhere"}


def names_of(keys: dict[str, Any]) -> set[str]:
    return {
        tag.removeprefix("follow_up=")
        for name in ("queries", "tcp_connect", "tls_handshakes", "requests")
        for record in keys[name]
        for tag in record["tags"]
        if tag.startswith("follow_up=")
    }


def in_one_packet(name: str, handler: Handler) -> Handler:
    """A censor that resets on a name, where it sees it whole in one read; it sits three hops away."""
    return servers.sni_filter(handler, name, servers.reset)


def test_a_name_filter_is_looked_at_from_all_sides(tmp_path: Path) -> None:
    scene = Scene(
        tcp={
            (SITE, 443): in_one_packet("site.example", site("site.example")),
            ELSEWHERE: in_one_packet("site.example", site("one.example")),
        }
    )
    keys = measure_site(scene, tmp_path, thorough=True)["test_keys"]
    assert names_of(keys) == NAMES
    [where] = keys["x_localization"]
    assert (where["step"], where["address"]) == ("tls", f"{SITE}:443")
    told = {name: [one["failure"] for one in followed_up(keys["tls_handshakes"], name)] for name in NAMES}
    assert told == {
        "other_name": [None],
        "retry": ["connection_reset"],
        "no_sni": [None],
        "split_hello": [None],
        "innocent_elsewhere": [None],
        "name_elsewhere": ["connection_reset"],
    }
    [elsewhere] = followed_up(keys["tls_handshakes"], "name_elsewhere")
    assert (elsewhere["address"], elsewhere["server_name"]) == ("1.1.1.1:443", "site.example")


def test_a_filter_on_the_address_looks_the_same_for_every_name(tmp_path: Path) -> None:
    scene = Scene(tcp={(SITE, 443): servers.after_first_bytes(servers.reset), ELSEWHERE: site("one.example")})
    keys = measure_site(scene, tmp_path, thorough=True)["test_keys"]
    for name in ("other_name", "no_sni", "split_hello"):
        assert [one["failure"] for one in followed_up(keys["tls_handshakes"], name)] == [
            "connection_reset"
        ], name
    assert [one["failure"] for one in followed_up(keys["tls_handshakes"], "name_elsewhere")] == [None]


def test_where_all_is_well_nothing_is_followed_up(tmp_path: Path) -> None:
    assert names_of(measure_site(Scene(), tmp_path, thorough=True)["test_keys"]) == set()


def test_follow_ups_can_be_left_out(tmp_path: Path) -> None:
    scene = Scene(tcp={(SITE, 443): in_one_packet("site.example", site("site.example"))})
    keys = measure_site(scene, tmp_path, thorough=True, follow_ups=False)["test_keys"]
    assert names_of(keys) == set()


def test_brief_follow_ups_are_two(tmp_path: Path) -> None:
    scene = Scene(tcp={(SITE, 443): in_one_packet("site.example", site("site.example"))})
    assert names_of(measure_site(scene, tmp_path)["test_keys"]) == {"other_name", "retry"}


class Remembering:
    """A censor that resets everything to an address for a while after it has seen the name."""

    def __init__(self, handler: Handler, seconds: float) -> None:
        self.handler = handler
        self.seconds = seconds
        self.angry_until = 0.0

    async def __call__(self, stream: MemoryStream) -> None:
        clock = asyncio.get_running_loop().time
        first = await stream.read(65536)
        if b"site.example" in first:
            self.angry_until = clock() + self.seconds
        if clock() < self.angry_until:
            stream.abort()
            return
        stream._arrived.appendleft(first)
        await self.handler(stream)


def test_a_censor_that_remembers_is_given_time_to_forget(tmp_path: Path) -> None:
    def scene() -> Scene:
        return Scene(tcp={(SITE, 443): Remembering(site("site.example"), 0.15)})

    keys = measure_site(scene(), tmp_path)["test_keys"]
    assert [one["failure"] for one in followed_up(keys["tls_handshakes"], "other_name")] == [
        "connection_reset"
    ]
    keys = measure_site(scene(), tmp_path, rest_s=0.3)["test_keys"]
    assert [one["failure"] for one in followed_up(keys["tls_handshakes"], "other_name")] == [None]
    soon = followed_up(keys["tls_handshakes"], "other_name_soon")
    assert [one["failure"] for one in soon] == ["connection_reset"]


def test_a_plain_request_that_is_cut_is_asked_for_another_host(tmp_path: Path) -> None:
    def filtered(name: bytes) -> Handler:
        async def serve(stream: MemoryStream) -> None:
            first = await stream.read(65536)
            if name in first:
                stream.abort()
                return
            stream._arrived.appendleft(first)
            await servers.http_site(Page())(stream)

        return serve

    by_host = measure_site(
        Scene(tcp={(SITE, 80): filtered(b"site.example")}), tmp_path, "http://site.example/"
    )
    keys = by_host["test_keys"]
    assert [one["failure"] for one in plain(keys["requests"])] == ["connection_reset"]
    assert keys["requests"][0] in plain(keys["requests"])  # readers of the format look at the first
    [other] = followed_up(keys["requests"], "other_host")
    assert (other["failure"], other["request"]["headers"]["Host"]) == (None, "example.org")
    everything = measure_site(Scene(tcp={(SITE, 80): filtered(b"GET")}), tmp_path, "http://site.example/")
    [other] = followed_up(everything["test_keys"]["requests"], "other_host")
    assert other["failure"] == "connection_reset"


def injector(zone: dict[str, list[str]], forbidden: str) -> Responder:
    """The path to a resolver on which somebody forges answers for a name and all below it."""

    def respond(data: bytes) -> list[tuple[float, bytes]]:
        query = dns.message.from_wire(data)
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        forged = {name: FORGED} if name.endswith(forbidden) else {}
        return servers.dns_server({name: zone[name]} if name in zone else {}, forged=forged)(data)

    return respond


def path_to_nobody(forbidden: str) -> Responder:
    """The path to an address without a resolver, on which the same injector sits."""

    def respond(data: bytes) -> list[tuple[float, bytes]]:
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
    [where] = keys["x_localization"]
    assert (where["step"], where["address"], where["hops"]) == ("dns", f"{SITE}:53", 1)


def test_a_lying_resolver_is_told_from_an_injector(tmp_path: Path) -> None:
    lying = servers.dns_server({"site.example": [FORGED]})
    net = MemoryNet(names={"site.example": (FORGED,)}, tcp=dict(Scene().net().tcp), udp={RESOLVER: lying})
    [measurement] = measure(net, ["https://site.example/"], settings(tmp_path, thorough=True))
    keys = measurement["test_keys"]
    [sibling] = followed_up(keys["queries"], "sibling")
    [nobody] = followed_up(keys["queries"], "no_resolver")
    assert sibling["failure"] == "dns_nxdomain_error"
    assert nobody["failure"] == "generic_timeout_error"
    assert keys["x_localization"] == []


def test_a_site_that_rotates_its_addresses_is_not_doubted(tmp_path: Path) -> None:
    other = "93.184.216.77"
    rotated = Scene(
        names={"site.example": (other,)},
        resolver=servers.dns_server({"site.example": [SITE]}),
        tcp={(other, 443): site("site.example"), (SITE, 443): site("site.example")},
    )
    assert names_of(measure_site(rotated, tmp_path, thorough=True)["test_keys"]) == set()


def test_a_name_that_is_gone_for_all_is_not_doubted(tmp_path: Path) -> None:
    gone = {**CONTROL_OK, "dns": {"failure": "dns_name_error", "addrs": []}}
    scene = Scene(names={}, resolver=servers.dns_server({}), control=gone)
    assert names_of(measure_site(scene, tmp_path, thorough=True)["test_keys"]) == set()


@pytest.mark.parametrize("true_hops", [1, 2, 5, 16, 31, 32])
def test_hops_are_found_by_halving(true_hops: int) -> None:
    async def answers(hops: int) -> bool:
        return hops >= true_hops

    hops, tried = asyncio.run(find_hops(answers))
    assert hops == true_hops
    assert len(tried) <= 7


def test_hops_are_not_claimed_where_nobody_answers_or_answers_waver() -> None:
    async def never(hops: int) -> bool:
        return False

    assert asyncio.run(find_hops(never)) == (None, [(32, False)])
    seen: list[int] = []

    async def wavering(hops: int) -> bool:
        seen.append(hops)
        return seen.count(hops) == 1

    assert asyncio.run(find_hops(wavering))[0] is None


def slow_page(size: int, pause_s: float) -> Handler:
    """A page that drips, four kilobytes at a time."""

    async def serve(stream: MemoryStream) -> None:
        await stream.read(65536)
        await stream.write(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
        for _ in range(size // 4096):
            await stream.write(b"x" * 4096)
            await asyncio.sleep(pause_s)

    return serve


TWIN = "93.184.216.88"


def speed_keys(folder: Path, size: int, pause_s: float) -> dict[str, Any]:
    scene = Scene(tcp={(SITE, 80): slow_page(size, pause_s), (TWIN, 80): slow_page(size, 0.0)})
    keys: dict[str, Any] = measure_site(
        scene, folder, "http://site.example/", twin_url=f"http://{TWIN}/", timeouts=SLOW_PAGES
    )["test_keys"]
    return keys


SLOW_PAGES = Timeouts(dns_s=0.2, dns_late_s=0.1, tcp_s=0.2, tls_s=0.2, http_s=0.8, control_s=0.5)


@pytest.mark.parametrize("pause_s", [0.05, 0.2])
def test_a_page_that_drips_is_compared_with_its_twin(tmp_path: Path, pause_s: float) -> None:
    keys = speed_keys(tmp_path, 40960, pause_s)
    arrivals = [e for e in keys["network_events"] if e["operation"] == "bytes_received_cumulative"]
    ours = [e for e in arrivals if "fetch_body=true" in e["tags"]]
    twins = [e for e in arrivals if "follow_up=throughput_other" in e["tags"]]
    sizes = [e["num_bytes"] for e in ours]
    assert sizes == sorted(sizes)
    assert twins[-1]["num_bytes"] >= 32768

    def rate(events: list[dict[str, Any]]) -> float:
        seconds: float = events[-1]["t"] - events[0]["t"]
        return (events[-1]["num_bytes"] - events[0]["num_bytes"]) / max(seconds, 1e-6)

    assert rate(twins) > 5 * rate(ours)


def test_a_page_that_comes_quickly_has_no_twin(tmp_path: Path) -> None:
    assert "throughput_other" not in names_of(speed_keys(tmp_path, 40960, 0.0))


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


def test_hops_are_found_from_below_by_one_trigger_only() -> None:
    asked: list[int] = []

    async def grudge(hops: int) -> bool | None:
        asked.append(hops)
        return hops >= 3

    assert asyncio.run(find_hops_upwards(grudge)) == (3, [(1, False), (2, False), (3, True)])
    assert asked == [1, 2, 3]

    async def cannot_ask(hops: int) -> bool | None:
        return None if hops > 1 else False

    assert asyncio.run(find_hops_upwards(cannot_ask)) == (None, [(1, False)])


def test_a_resolver_that_refuses_one_name_is_told_from_a_broken_one(tmp_path: Path) -> None:
    def refuse(only: str) -> Responder:
        def respond(data: bytes) -> list[tuple[float, bytes]]:
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


def test_a_time_out_of_a_slow_machine_is_tested_again_with_patience(tmp_path: Path) -> None:
    """The handshake takes longer than its time-out, and so does all else: nobody is to be accused."""

    def late(handler: Handler) -> Handler:
        async def serve(stream: MemoryStream) -> None:
            first = await stream.read(65536)
            time.sleep(0.12)  # noqa: ASYNC251 # the whole machine stands still
            await asyncio.sleep(0.3)
            stream._arrived.appendleft(first)
            await handler(stream)

        return serve

    slow = Scene(tcp={(SITE, 443): late(site("site.example"))})
    keys = measure_site(slow, tmp_path)["test_keys"]
    assert keys["x_probe_lag_s"] >= 0.05
    assert [one["failure"] for one in plain(keys["tls_handshakes"])] == ["generic_timeout_error"]
    assert [one["failure"] for one in followed_up(keys["tls_handshakes"], "retest")] == [None]

    silent = Scene(tcp={(SITE, 443): servers.after_first_bytes(servers.stall)})
    keys = measure_site(silent, tmp_path, timeouts=PATIENT)["test_keys"]
    assert followed_up(keys["tls_handshakes"], "retest") == []
    assert [one["failure"] for one in followed_up(keys["tls_handshakes"], "retry")] == [
        "generic_timeout_error"
    ]


PATIENT = Timeouts(dns_s=0.2, dns_late_s=0.1, tcp_s=1, tls_s=1, http_s=1, control_s=2)
"""Long enough for a busy machine not to count as slow."""


def test_an_address_that_fails_over_ipv6_is_compared_with_another_there(tmp_path: Path) -> None:
    v6, innocent = "2606:2800:220:1::1", "2606:4700:4700::1111"
    scene = Scene(names={"site.example": (v6,)}, resolver=servers.dns_server({"site.example": [v6]}))
    for listening in ({(innocent, 443): site("one.example")}, {}):
        net = scene.net()
        net.has_ipv6 = True
        net.tcp = {**listening, ("185.199.108.153", 80): net.tcp[("185.199.108.153", 80)]}
        [measurement] = measure(net, ["https://site.example/"], settings(tmp_path))
        [compared] = followed_up(measurement["test_keys"]["tcp_connect"], "innocent_elsewhere")
        assert compared["ip"] == innocent
        assert compared["status"]["success"] is bool(listening)
