"""Whole measurements in a world in memory: what is written of what happened."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from banwatch.net.memory import Handler, MemoryNet, MemoryStream
from tests.net import servers
from tests.net.servers import Page
from tests.probe.scenes import (
    CONTROL_OK,
    FORGED,
    RESOLVER,
    SECOND,
    SITE,
    Scene,
    measure,
    measure_site,
    settings,
    site,
)


def plain(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records of the plain measurement, without follow-ups."""
    return [one for one in records if not any(tag.startswith("follow_up=") for tag in one["tags"])]


def followed_up(records: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [one for one in records if f"follow_up={name}" in one["tags"]]


def test_a_site_that_works(tmp_path: Path) -> None:
    keys = measure_site(Scene(), tmp_path)["test_keys"]
    assert (keys["blocking"], keys["accessible"], keys["dns_consistency"]) == (False, True, "consistent")
    asked = Counter((query["engine"], query["query_type"]) for query in keys["queries"])
    assert asked == {("getaddrinfo", "ANY"): 1, ("udp", "A"): 1, ("udp", "AAAA"): 1}
    [handshake] = keys["tls_handshakes"]
    assert (handshake["failure"], handshake["server_name"]) == (None, "site.example")
    assert handshake["tls_version"] == "TLSv1.3"
    [request] = keys["requests"]
    assert (request["response"]["code"], request["alpn"]) == (200, "h2")
    assert "hello" in request["response"]["body"]
    assert keys["control"]["http_request"]["status_code"] == 200
    assert keys["x_control_request"]["tcp_connect"] == [f"{SITE}:443"]
    operations = {event["operation"] for event in keys["network_events"]}
    assert operations == {"connect", "read", "write", "tls_handshake_done", "http_transaction_done"}


def test_an_injected_answer_and_the_late_true_one_are_both_recorded(tmp_path: Path) -> None:
    resolver = servers.dns_server({"site.example": [SITE]}, forged={"site.example": FORGED})
    scene = Scene(names={"site.example": (FORGED,)}, resolver=resolver)
    keys = measure_site(scene, tmp_path)["test_keys"]
    first = next(q for q in keys["queries"] if (q["engine"], q["query_type"]) == ("udp", "A"))
    assert [answer["ipv4"] for answer in first["answers"]] == [FORGED]
    [late] = keys["x_dns_duplicate_responses"]
    assert [answer["ipv4"] for answer in late["answers"]] == [SITE]
    assert late["t"] > first["t"]
    assert late["resolver_address"] == "8.8.8.8:53"
    assert late["ip_ttl"] == 64
    assert (keys["blocking"], keys["dns_consistency"]) == ("dns", "inconsistent")


def test_an_answer_to_our_own_second_asking_is_no_duplicate(tmp_path: Path) -> None:
    answer = servers.dns_server({"site.example": [SITE]})
    calls = Counter[bytes]()

    def lose_the_first(data: bytes) -> list[tuple[float, bytes]]:
        calls[data] += 1
        later = [
            (0.11, payload) for _, payload in answer(data)
        ]  # the first reply comes after the second asking
        return later if calls[data] == 1 else list(answer(data))

    keys = measure_site(Scene(resolver=lose_the_first), tmp_path)["test_keys"]
    assert max(calls.values()) == 2
    assert [q["failure"] for q in keys["queries"] if q["query_type"] == "A"] == [None]
    assert keys["x_dns_duplicate_responses"] == []


@pytest.mark.parametrize(
    ("names", "resolver", "failure"),
    [
        ({}, servers.dns_server({}), "dns_nxdomain_error"),
        ({"site.example": "dns_temporary_failure"}, None, "dns_temporary_failure"),
    ],
)
def test_a_name_that_does_not_resolve(tmp_path: Path, names: Any, resolver: Any, failure: str) -> None:
    measurement = measure_site(Scene(names=names, resolver=resolver), tmp_path)
    keys = measurement["test_keys"]
    assert keys["dns_experiment_failure"] == failure
    assert keys["tcp_connect"] == []
    assert keys["blocking"] == "dns"
    udp = [q["failure"] for q in plain(keys["queries"]) if q["engine"] == "udp"]
    assert udp == [failure if resolver else "generic_timeout_error"] * 2


@pytest.mark.parametrize(
    ("act", "failure"),
    [
        (servers.reset, "connection_reset"),
        (servers.stall, "generic_timeout_error"),
        (servers.hang_up, "eof_error"),
        (servers.send_alert, "unknown_failure: remote error: tls: handshake failure"),
    ],
)
def test_a_filter_on_the_name_is_told_from_one_on_the_address(tmp_path: Path, act: Any, failure: str) -> None:
    filtered = servers.sni_filter(site("site.example"), "site.example", act)
    keys = measure_site(Scene(tcp={(SITE, 443): filtered}), tmp_path)["test_keys"]
    assert [one["failure"] for one in plain(keys["tls_handshakes"])] == [failure]
    [other] = followed_up(keys["tls_handshakes"], "other_name")
    assert (other["server_name"], other["failure"], other["no_tls_verify"]) == ("example.org", None, True)
    assert [one["failure"] for one in followed_up(keys["tls_handshakes"], "retry")] == [failure]
    assert keys["requests"] == []

    everything = servers.after_first_bytes(act)
    keys = measure_site(Scene(tcp={(SITE, 443): everything}), tmp_path)["test_keys"]
    assert [one["failure"] for one in followed_up(keys["tls_handshakes"], "other_name")] == [failure]


def test_an_address_that_does_not_answer_is_tried_once_more(tmp_path: Path) -> None:
    keys = measure_site(Scene(tcp={}), tmp_path)["test_keys"]
    failures = [one["status"]["failure"] for one in keys["tcp_connect"]]
    assert failures == ["generic_timeout_error"] * 2
    assert len(followed_up(keys["tcp_connect"], "retry")) == 1
    assert keys["blocking"] == "tcp_ip"


def test_a_refused_certificate_is_recorded_and_nothing_is_fetched(tmp_path: Path) -> None:
    forged = site("site.example", issuer="Nobody")
    keys = measure_site(Scene(tcp={(SITE, 443): forged}), tmp_path)["test_keys"]
    [handshake] = keys["tls_handshakes"]
    assert handshake["failure"] == "ssl_unknown_authority"
    assert handshake["peer_certificates"][0]["data"]
    assert keys["requests"] == []


def test_redirects_are_hops_of_their_own_and_the_latest_comes_first(tmp_path: Path) -> None:
    context = servers.make_context("site.example", "www.site.example")

    def answer(host: str, path: str) -> Page:
        if host == "site.example":
            cookie = ("Set-Cookie", "seen=1; Path=/")
            return Page(status=301, headers=(("Location", "https://www.site.example/home"), cookie))
        return Page()

    scene = Scene(
        names={"site.example": (SITE,), "www.site.example": (SECOND,)},
        resolver=servers.dns_server({"site.example": [SITE], "www.site.example": [SECOND]}),
        tcp={
            (SITE, 443): servers.https_site(answer, context),
            (SECOND, 443): servers.https_site(answer, context),
        },
    )
    keys = measure_site(scene, tmp_path)["test_keys"]
    urls = [one["request"]["url"] for one in keys["requests"]]
    assert urls == ["https://www.site.example/home", "https://site.example/"]
    assert ["depth=1" in one["tags"] for one in keys["requests"]] == [True, False]
    sent = keys["requests"][0]["request"]["headers"]
    assert (sent["Cookie"], sent["Referer"]) == ("seen=1", "https://site.example/")
    assert {q["hostname"] for q in keys["queries"]} == {"site.example", "www.site.example"}


def test_a_redirect_loop_ends(tmp_path: Path) -> None:
    loop = Page(status=302, headers=(("Location", "/again"),))
    keys = measure_site(Scene(tcp={(SITE, 443): site("site.example", page=loop)}), tmp_path)["test_keys"]
    assert len(keys["requests"]) == 11
    assert keys["requests"][0]["failure"] == "unknown_failure: stopped after too many redirects"


def test_a_redirect_to_nowhere_is_recorded(tmp_path: Path) -> None:
    nowhere = Page(status=302, headers=(("Location", "http://"),))
    keys = measure_site(Scene(tcp={(SITE, 443): site("site.example", page=nowhere)}), tmp_path)["test_keys"]
    assert keys["requests"][0]["failure"] == "http_invalid_redirect_location_host"


def test_a_body_that_stalls_is_kept_as_far_as_it_came(tmp_path: Path) -> None:
    async def stall_in_the_middle(stream: MemoryStream) -> None:
        await stream.read(65536)
        await stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await asyncio.Event().wait()

    scene = Scene(tcp={(SITE, 80): stall_in_the_middle})
    keys = measure_site(scene, tmp_path, "http://site.example/")["test_keys"]
    [request] = plain(keys["requests"])
    assert request["failure"] == "generic_timeout_error"
    assert request["response"]["body"] == "half"
    assert request["response"]["body_is_truncated"] is True


def test_without_a_helper_it_still_measures(tmp_path: Path) -> None:
    keys = measure_site(Scene(control=None), tmp_path, helper_url=None)["test_keys"]
    assert keys["control"] is None
    assert keys["control_failure"] == "unknown_failure: no helper was given"
    assert (keys["blocking"], keys["accessible"]) == (False, True)  # https with a good certificate


def test_a_helper_that_does_not_answer_is_recorded_as_such(tmp_path: Path) -> None:
    keys = measure_site(Scene(control=None), tmp_path)["test_keys"]
    assert keys["control_failure"] == "generic_timeout_error"
    refusing = {**Scene().tcp, ("185.199.108.153", 80): "connection_refused"}
    keys = measure_site(Scene(control=None, tcp=refusing), tmp_path)["test_keys"]
    assert keys["control_failure"] == "connection_refused"
    nonsense = {**Scene().tcp, ("185.199.108.153", 80): servers.http_site(Page(body=b"[1]"))}
    keys = measure_site(Scene(control=None, tcp=nonsense), tmp_path)["test_keys"]
    assert keys["control_failure"] == "json_parse_error"


def test_an_address_inside_somebodys_network_is_not_connected_to(tmp_path: Path) -> None:
    scene = Scene(names={"site.example": ("192.168.1.1", "127.0.0.1", "10.10.34.34")}, resolver=None)
    net = scene.net()
    [measurement] = measure(net, ["https://site.example/"], settings(tmp_path))
    answers = measurement["test_keys"]["queries"][0]["answers"]
    assert len(answers) == 3
    assert {ip for ip, _ in net.connected} == {"185.199.108.153"}


def test_without_ipv6_no_attempt_is_made_and_nothing_is_wrong(tmp_path: Path) -> None:
    v6 = "2606:2800:220:1::1"
    scene = Scene(
        names={"site.example": (v6, SITE)}, resolver=servers.dns_server({"site.example": [SITE, v6]})
    )
    keys = measure_site(scene, tmp_path)["test_keys"]
    assert {one["ip"] for one in keys["tcp_connect"]} == {SITE}
    assert any(answer.get("ipv6") == v6 for q in keys["queries"] for answer in q["answers"] or [])


class Crowd:
    """A site that counts how many are with it at the same time."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.now = self.most = 0

    async def __call__(self, stream: MemoryStream) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(0.01)
            await self.handler(stream)
        finally:
            self.now -= 1


def test_many_at_once_but_never_two_with_one_address_or_domain(tmp_path: Path) -> None:
    hosts = [f"site{number}.example" for number in range(12)]
    shared = Crowd(servers.http_site(Page()))
    alone = {host: Crowd(servers.http_site(Page())) for host in hosts}
    addresses = {host: f"93.184.217.{number}" for number, host in enumerate(hosts)}
    names = {host: (addresses[host],) for host in hosts}
    names |= {f"{sub}.one.example": (f"93.184.218.{number}",) for number, sub in enumerate("abc")}
    names |= {f"shared{number}.example": (SITE,) for number in range(4)}
    domain = Crowd(servers.http_site(Page()))
    net = MemoryNet(
        names=names,
        tcp={
            **{(addresses[host], 80): crowd for host, crowd in alone.items()},
            **{(f"93.184.218.{number}", 80): domain for number in range(3)},
            (SITE, 80): shared,
        },
        udp={RESOLVER: servers.dns_server({})},
    )
    chosen = settings(tmp_path, helper_url=None, parallelism=50)
    measurements = measure(net, [f"http://{name}/" for name in names], chosen)
    assert len(measurements) == len(names)
    assert all(m["test_keys"]["requests"][0]["response"]["code"] == 200 for m in measurements)
    assert (shared.most, domain.most) == (1, 1)
    # all of them at once, though each takes its time: the whole is hardly longer than one
    assert max(m["test_runtime"] for m in measurements) < 2


def test_what_is_no_url_is_left_out_and_the_rest_measured(tmp_path: Path) -> None:
    inputs = ["gopher://site.example/", "https://", "site.example", "http://[", "https://a b/"]
    [measurement] = measure(Scene().net(), inputs, settings(tmp_path))
    assert measurement["input"] == "site.example"


def test_a_session_can_be_left_early(tmp_path: Path) -> None:
    from banwatch.probe.session import Session

    async def first_only() -> int:
        session = Session(Scene().net(), settings(tmp_path, parallelism=2))
        results = session.run(["https://site.example/"] * 5)
        async for _ in results:
            break
        await results.aclose()  # type: ignore[attr-defined] # an async generator has it
        return len(asyncio.all_tasks())

    assert asyncio.run(first_only()) <= 2  # this one, and at most a server's end that is about to notice


def test_the_control_is_asked_for_what_this_network_answered(tmp_path: Path) -> None:
    keys = measure_site(Scene(names={"site.example": (SECOND,)}), tmp_path)["test_keys"]
    assert keys["x_control_request"]["tcp_connect"] == [f"{SECOND}:443", f"{SITE}:443"]
    assert keys["x_control_request"]["http_request"] == "https://site.example/"
    assert keys["control"]["dns"] == CONTROL_OK["dns"]
