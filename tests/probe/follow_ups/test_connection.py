"""Follow-ups: each settles something where there is a censor; none is made where there is none."""

import asyncio
import time
from pathlib import Path
from typing import Any

from banwatch.net.memory import Handler, MemoryStream
from banwatch.probe.settings import Timeouts
from tests.net import servers
from tests.net.servers import Page
from tests.probe.scenes import (
    SITE,
    Scene,
    measure,
    measure_site,
    settings,
    site,
)
from tests.probe.test_session import followed_up, plain

ELSEWHERE = ("1.1.1.1", 443)
NAMES = {
    "other_name",
    "retry",
    "resets_ignored",
    "no_sni",
    "split_hello",
    "innocent_elsewhere",
    "name_elsewhere",
}


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
    assert [(where["step"], where["address"]) for where in keys["x_localization"]] == [
        ("tcp", f"{SITE}:443"),
        ("tls", f"{SITE}:443"),
    ]
    failures = {name: [one["failure"] for one in followed_up(keys["tls_handshakes"], name)] for name in NAMES}
    assert failures == {
        "other_name": [None],
        "retry": ["connection_reset"],
        "resets_ignored": ["eof_error"],
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
