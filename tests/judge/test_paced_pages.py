"""Pages of OONI's own probe that are held back at one rate, told by the other pages of their report."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from banwatch.judge import judge
from banwatch.judge.reports import mark_report
from banwatch.model.evidence import Evidence
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.judge.judging import weigh_line
from tests.judge.scenario import Page, Scenario

SIZE = 30_000
TITLE = "Example News: today in the world"
LONG = Page(body=f"<html><head><title>{TITLE}</title></head><body>{'a' * SIZE}</body></html>", title=TITLE)
SAMPLE_S = 0.25
"""Seconds between two notes of OONI's probe."""
SHAKEN = 5_000
"""Bytes of the handshake, which the notes of a connection count too."""
Notes = Iterable[tuple[float, float]]


def evenly(seconds: float) -> Notes:
    """Shares of the time and of the bytes, as a limit of the rate leaves them."""
    count = max(int(seconds / SAMPLE_S), 1)
    return [(n / count, n / count) for n in range(1, count + 1)]


WAITS = [(0.25, 0.0), (0.5, 0.0), (0.75, 0.0), (0.95, 0.0), (1.0, 1.0)]
"""Notes of a page that its server makes slowly, and then sends at once."""
HEAPS = [(0.02, 0.4), (0.3, 0.4), (0.6, 0.4), (0.98, 0.5), (1.0, 1.0)]
"""Notes of a page whose head is sent at once, and the rest when a database has answered."""


def measured(
    number: int,
    seconds: float,
    notes: Notes | None = None,
    *,
    address: str = "151.101.1.{}",
    scenario: Scenario | None = None,
) -> bytes:
    """Line of a report: one site, whose page took so long."""
    ip, host = address.format(10 + number), f"www.site{number}.example{number}.net"
    scenario = (scenario or Scenario(page=LONG)).but(host=host)
    value: dict[str, Any] = json.loads(
        scenario.to_line(f"20260401000000.{number:06}_KP_webconnectivity_{number:016x}").replace(
            b"151.101.1.164", ip.encode()
        )
    )
    keys = value["test_keys"]
    keys["control"]["http_request"]["body_length"] = len(LONG.body)
    request = keys["requests"][0]
    request.update(t0=0.4, t=0.4 + seconds)
    shaken = [{"operation": "bytes_received_cumulative", "num_bytes": SHAKEN, "t": 0.39, "transaction_id": 1}]
    later = [
        {
            "operation": "bytes_received_cumulative",
            "num_bytes": SHAKEN + int(share * SIZE),
            "t": 0.4 + at * seconds,
            "transaction_id": 1,
        }
        for at, share in (evenly(seconds) if notes is None else notes)
    ]
    keys["network_events"] = [*shaken, *later]
    return json.dumps({**value, "report_id": "one report"}).encode()


def rows_of(lines: Iterable[bytes]) -> list[Evidence]:
    return [weigh_line(line) for line in lines]


def verdicts_of(rows: Sequence[Evidence]) -> list[Verdict]:
    return [judge(row) for row in mark_report(rows)]


HELD = (1.8, 2.0, 2.1)
FAST = measured(9, 0.05)


def held(seconds: Iterable[float] = HELD, **changes: Any) -> list[bytes]:
    return [measured(number, took, **changes) for number, took in enumerate(seconds)]


@pytest.mark.parametrize(
    ("scheme", "mechanism"), [("https", "tls.throttle.sni"), ("http", "http.throttle.host")]
)
def test_three_sites_held_at_one_rate_beside_a_fast_neighbour(scheme: str, mechanism: str) -> None:
    rows = rows_of([*held(scenario=Scenario(page=LONG, scheme=scheme)), FAST])
    assert all(judge(row).state is State.OK for row in rows)  # one measurement shows nothing of it
    *slow, fast = verdicts_of(rows)
    for verdict in slow:
        assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, (mechanism,))
        assert verdict.rules[0] == "http.paced"
    assert fast.state is State.OK


def test_over_ipv6_too() -> None:
    lines = [*held(address="2a04:4e42::{}"), measured(9, 0.05, address="2a04:4e42:0:1::{}")]
    assert [verdict.state.accuses for verdict in verdicts_of(rows_of(lines))] == [True, True, True, False]


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)], ids=["forwards", "backwards"])
def test_the_order_does_not_matter(order: slice) -> None:
    rows = rows_of([*held(), FAST])[order]
    assert sum(verdict.state.accuses for verdict in verdicts_of(rows)) == len(HELD)


def test_marking_twice_is_marking_once() -> None:
    rows = mark_report(rows_of([*held(), FAST]))
    assert mark_report(rows) == rows


INNOCENT = {
    "a slow server waits": [*held(notes=WAITS), FAST],
    "a slow server sends in heaps": [*held(notes=HEAPS), FAST],
    "a slow line": [*held(), measured(9, 2.0)],
    "a neighbour that is not much faster": [*held(), measured(9, 0.4)],
    "fast sites elsewhere alone": [*held(), measured(9, 0.05, address="104.16.120.{}")],
    "slow sites, each at a rate of its own": [*held((1.2, 2.5, 5.2)), FAST],
    "slow, but pages load": [*held((0.9, 0.95, 1.0)), FAST],
    "short pages": [*held(scenario=Scenario(), notes=()), FAST],
    "one slow origin": [*held((2.0,)), FAST],
    "two slow origins": [*held((2.0, 2.1)), FAST],
    "the same site three times": [*[measured(1, took) for took in HELD], FAST],
    "nothing noted": [*held(notes=()), FAST],
}


@pytest.mark.parametrize("name", INNOCENT)
def test_slow_innocents_are_ok(name: str) -> None:
    assert {verdict.state for verdict in verdicts_of(rows_of(INNOCENT[name]))} == {State.OK}


def test_one_slow_page_beside_a_fast_neighbour_leaves_a_trace() -> None:
    slow, fast = verdicts_of(rows_of([*held((2.0,)), FAST]))
    assert (slow.state, slow.rules[0], slow.mechanisms) == (State.OK, "http.slow_beside", ())
    assert "http.slow_beside" not in fast.rules


def test_a_failed_page_has_no_pace() -> None:
    """A page that did not come whole is judged by its failure."""
    cut = Scenario(page=Page(status=None, failure="generic_timeout_error"))
    assert not any(row.page_prefix for row in rows_of(held(scenario=cut)))


def test_an_error_is_not_called_ok_by_its_pace() -> None:
    error = Page(status=503, body=LONG.body, title="Unavailable", headers=())
    verdicts = verdicts_of(rows_of([*held((2.0,), scenario=Scenario(page=error, scheme="http")), FAST]))
    assert verdicts[0].state is not State.OK
