"""Names of services that resolve into networks that are not the service's, and tools that say nothing."""

from typing import Any

import pytest

from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.judge.judging import judge_line
from tests.judge.nettest_lines import connect, line, lookup, request, shake, telegram

FOREIGN = "151.101.1.164"
REFUSED = "connection_refused"


def messenger(name: str, *ips: str, failure: str | None = None) -> Verdict:
    """Judge Facebook Messenger where one name resolves somewhere, and the others to Meta."""
    others = ("b-api.facebook.com", "edge-mqtt.facebook.com")
    keys = {
        "queries": [lookup(name, *ips), *(lookup(other, f"157.240.1.{n}") for n, other in enumerate(others))],
        "tcp_connect": [connect(ips[0], failure=failure), *(connect(f"157.240.1.{n}") for n in (0, 1))],
    }
    return judge_line(line("facebook_messenger", keys))


def test_a_connect_to_somebody_elses_address_is_not_the_service() -> None:
    """ts-019: addresses in another AS are not consistent; a block page's server takes connections, too."""
    for failure in (None, REFUSED):
        verdict = messenger("star.c10r.facebook.com", FOREIGN, failure=failure)
        assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("dns.injection.other",))


@pytest.mark.parametrize(
    ("name", "ips"),
    [
        ("star.c10r.facebook.com", ("157.240.1.35",)),
        ("star.c10r.facebook.com", (FOREIGN, "157.240.1.35")),
        ("scontent.xx.fbcdn.net", (FOREIGN,)),
        ("star.c10r.facebook.com", ("64:ff9b::9df0:123",)),
    ],
    ids=["its own", "its own too", "a cache at a provider", "translated"],
)
def test_the_services_own_addresses_and_caches_are(name: str, ips: tuple[str, ...]) -> None:
    assert messenger(name, *ips).state is State.OK


def whatsapp(ip: str, failure: str | None) -> dict[str, Any]:
    return {
        "queries": [lookup("e1.whatsapp.net", ip), lookup("v.whatsapp.net", "157.240.1.60")],
        "tcp_connect": [connect(ip, failure=failure), connect("157.240.1.60")],
        "tls_handshakes": [shake("157.240.1.60", "v.whatsapp.net")],
        "requests": [request("https://v.whatsapp.net/v2/register")],
    }


def test_whatsapp_was_at_softlayer_until_2018() -> None:
    """No forgery: its own addresses of those years; one failed connect names nobody."""
    for failure in (None, REFUSED):
        verdict = judge_line(line("whatsapp", whatsapp("169.45.71.1", failure)))
        assert not verdict.state.accuses, verdict
    assert judge_line(line("whatsapp", whatsapp(FOREIGN, REFUSED))).mechanisms == ("dns.injection.other",)


def test_telegrams_name_at_somebody_elses_address() -> None:
    keys = telegram(None, None)
    keys["queries"] = [lookup("web.telegram.org", FOREIGN)]
    keys["tcp_connect"][-1] = connect(FOREIGN, failure=REFUSED)
    keys["tls_handshakes"], keys["requests"][0] = [], request("https://web.telegram.org/", REFUSED)
    verdict = judge_line(line("telegram", keys))
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("dns.injection.other",))


@pytest.mark.parametrize("name", ["vanilla_tor", "torsf", "psiphon"])
def test_tools_that_were_stopped_or_say_nothing(name: str) -> None:
    for keys in ({}, {"success": None}, {"failure": "interrupted", "success": False, "bootstrap_time": 0}):
        assert judge_line(line(name, keys)).state is State.INSUFFICIENT
    failed = judge_line(line(name, {"failure": "generic_timeout_error", "bootstrap_time": 0}))
    assert failed.state is State.IMPAIRED
    assert judge_line(line(name, {"failure": None, "bootstrap_time": 3.5})).state is State.OK
