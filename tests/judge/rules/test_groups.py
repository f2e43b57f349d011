"""Groups of endpoints: any of them, all of them, most of them; the share that failed is said."""

from collections.abc import Sequence
from typing import Any

import pytest

from banwatch.model.state import State
from tests.judge.judging import judge_line, weigh_line
from tests.judge.nettest_lines import (
    DC,
    TIMEOUT,
    connect,
    dnscheck,
    line,
    request,
    signal,
    telegram,
    whatsapp,
)

CENTRES = (*DC, "95.161.76.100")


def tor(failures: dict[str, Sequence[str | None]]) -> dict[str, Any]:
    """Targets by protocol, each with the failure of its endpoints in turn."""
    targets, number = {}, 0
    for protocol, endings in failures.items():
        for failure in endings:
            number += 1
            targets[f"t{number}"] = {
                "failure": failure,
                "target_address": f"128.31.0.{number}:9101",
                "target_protocol": protocol,
                "tcp_connect": [connect(f"128.31.0.{number}", 9101, failure)],
            }
    return {"targets": targets}


def telegram_partly(failed: int, failure: str = TIMEOUT) -> dict[str, Any]:
    keys = telegram(None, None)
    bad, good = CENTRES[:failed], CENTRES[failed:]
    keys["tcp_connect"] = [connect(ip, port, failure) for ip in bad for port in (80, 443)]
    keys["tcp_connect"] += [connect(ip, port) for ip in good for port in (80, 443)]
    keys["tcp_connect"].append(connect("149.154.167.99"))
    keys["requests"] = [request("https://web.telegram.org/")]
    keys["requests"] += [request(f"http://{ip}:80/", failure, 501) for ip in bad]
    keys["requests"] += [request(f"http://{ip}:80/", None, 501) for ip in good]
    return keys


def whatsapp_partly(failed: int) -> dict[str, Any]:
    keys = whatsapp(None, None)
    for entry in keys["tcp_connect"]:
        last = int(entry["ip"].rpartition(".")[2])
        if last <= failed:
            entry["status"] = {"success": False, "failure": TIMEOUT}
    return keys


T = TIMEOUT
CASES: dict[str, tuple[str, dict[str, Any], State, tuple[str, ...], str]] = {
    # nettest, keys, state, mechanisms, words in the sentence
    "tor, 31 of 35 time out": (
        "tor",
        tor(
            {
                "or_port_dirauth": [T] * 8 + [None] * 2,
                "obfs4": [T] * 14 + [None],
                "dir_port": [T] * 9 + [None],
            }
        ),
        State.LIKELY_BLOCKED,
        ("tcp.timeout",),
        "or_port_dirauth: 8 of 10",
    ),
    "tor, old bridges": (
        "tor",
        tor({"or_port_dirauth": [None] * 10, "obfs4": [T] * 14 + [None], "dir_port": [None] * 6}),
        State.OK,
        (),
        "obfs4: 14 of 15",
    ),
    "tor, one authority in repair": (
        "tor",
        tor({"or_port_dirauth": ["connection_refused"] + [None] * 9, "obfs4": [None] * 15}),
        State.OK,
        (),
        "or_port_dirauth: 1 of 10",
    ),
    "tor, half of the authorities": (
        "tor",
        tor({"or_port_dirauth": [T] * 5 + [None] * 5, "obfs4": [None] * 5}),
        State.IMPAIRED,
        (),
        "or_port_dirauth: 5 of 10",
    ),
    "tor, nine of ten authorities refused by certificate": (
        "tor",
        tor({"or_port_dirauth": ["ssl_unknown_authority"] * 9 + [None]}),
        State.OK,
        (),
        "",
    ),
    "telegram, four of six centres": (
        "telegram",
        telegram_partly(4),
        State.IMPAIRED,
        (),
        "access points: 4 of 6",
    ),
    "telegram, one of six centres": ("telegram", telegram_partly(1), State.OK, (), "access points: 1 of 6"),
    "telegram, all but one of six reset": (
        "telegram",
        telegram_partly(5, "connection_reset"),
        State.IMPAIRED,  # six are too few to tell an outage
        (),
        "access points: 5 of 6",
    ),
    "telegram, all of six": ("telegram", telegram_partly(6), State.LIKELY_BLOCKED, ("tcp.timeout",), ""),
    "telegram, none": ("telegram", telegram_partly(0), State.OK, (), ""),
    "whatsapp, 15 of 16 endpoints": (
        "whatsapp",
        whatsapp_partly(15),
        State.LIKELY_BLOCKED,
        ("tcp.timeout",),
        "endpoints: 15 of 16",
    ),
    "whatsapp, 10 of 16 endpoints": (
        "whatsapp",
        whatsapp_partly(10),
        State.IMPAIRED,
        (),
        "endpoints: 10 of 16",
    ),
    "whatsapp, 3 of 16 endpoints": ("whatsapp", whatsapp_partly(3), State.OK, (), "endpoints: 3 of 16"),
    "signal needs each of its names": (
        "signal",
        signal("connection_reset"),
        State.LIKELY_BLOCKED,
        ("tls.reset",),
        "",
    ),
    "signal, all well": ("signal", signal(None), State.OK, (), ""),
    "dnscheck, three of four ways": (
        "dnscheck",
        dnscheck(T, T, T, None),
        State.IMPAIRED,
        (),
        "resolver: 3 of 4",
    ),
    "dnscheck, one of four ways": (
        "dnscheck",
        dnscheck(T, None, None, None),
        State.OK,
        (),
        "resolver: 1 of 4",
    ),
}


DECIDING = {
    "tor, 31 of 35 time out": "service.mostly_cut",
    "whatsapp, 15 of 16 endpoints": "service.mostly_cut",
    "tor, half of the authorities": "service.partly",
    "telegram, four of six centres": "service.partly",
    "telegram, all but one of six reset": "service.partly",
    "whatsapp, 10 of 16 endpoints": "service.partly",
    "dnscheck, three of four ways": "service.partly",
}
"""Rule that decides where a part failed; of the other cases neither of the two holds."""


@pytest.mark.parametrize("name", CASES)
def test_the_share_decides_and_is_said(name: str) -> None:
    test_name, keys, state, mechanisms, words = CASES[name]
    verdict = judge_line(line(test_name, keys))
    assert (verdict.state, verdict.mechanisms) == (state, mechanisms), verdict
    assert words in verdict.sentence
    assert verdict.rules[0] == DECIDING.get(name, verdict.rules[0])
    partly = {"service.partly", "service.mostly_cut"} & set(verdict.rules)
    assert bool(partly) is (name in DECIDING), verdict.rules


def test_columns_hold_the_counts() -> None:
    evidence = weigh_line(line("telegram", telegram_partly(4)))
    assert evidence.groups_partly == ("access points: 4 of 6",)
    assert evidence.groups_partly_fate == ("tcp.timeout",)
    assert evidence.endpoints_lost_share == pytest.approx(4 / 6)
    assert evidence.endpoints_lost_of == 6
    assert weigh_line(line("telegram", telegram_partly(0))).groups_partly == ()
