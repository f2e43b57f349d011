"""Gateways without a known mark, told by all sites of one report answering alike."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from banwatch.judge import judge
from banwatch.judge.reports import mark_report
from banwatch.model.evidence import Evidence
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.judge.judging import weigh_line
from tests.judge.scenario import Lookup, Page, Scenario

HOSTS = tuple(f"www.site{n}.example{n}.net" for n in range(9))
ASK_TO_PAY = Page(
    body="<html><title>Your bundle is used up</title><p>Choose another for www.site0.example0.net</p></html>",
    title="Your bundle is used up",
    headers=(("content-type", "text/html"),),
)
WALL = Scenario(scheme="http", page=ASK_TO_PAY)
SENT = Scenario(
    scheme="http",
    redirects=(Page(302, body="", title=None, headers=(), location="http://notice.operator.com/page"),),
    page=ASK_TO_PAY,
)
TIMEOUT = "generic_timeout_error"
UNANSWERED = Scenario(tcp={"*": TIMEOUT}, page=Page(None, TIMEOUT))
OWN_ADDRESS = UNANSWERED.but(system=Lookup(("10.0.0.1",)), plain=Lookup(("10.0.0.1",)), encrypted=None)


def measured(scenario: Scenario, number: int, **changes: Any) -> bytes:
    """Line of a report, one site each; gateways write down which site was asked for."""
    host = HOSTS[number]
    if scenario.page is ASK_TO_PAY:
        body = ASK_TO_PAY.body.replace(HOSTS[0], host) if ASK_TO_PAY.body else ""
        scenario = scenario.but(page=Page(body=body, title=ASK_TO_PAY.title, headers=ASK_TO_PAY.headers))
    uid = f"20260401000000.{number:06}_KP_webconnectivity_{number:016x}"
    value = json.loads(scenario.but(host=host).to_line(uid))
    return json.dumps({**value, "report_id": "one report", **changes}).encode()


def verdicts_of(rows: Sequence[Evidence]) -> list[Verdict]:
    return [judge(row) for row in mark_report(rows)]


def report(scenario: Scenario, count: int, *others: Scenario) -> list[Evidence]:
    lines = [measured(scenario, n) for n in range(count)]
    lines += [measured(other, count + n) for n, other in enumerate(others)]
    return [weigh_line(line) for line in lines]


@pytest.mark.parametrize("scenario", [WALL, SENT, OWN_ADDRESS], ids=["page", "redirect", "address"])
def test_all_sites_alike_is_a_gateway(scenario: Scenario) -> None:
    rows = report(scenario, 6, UNANSWERED)
    assert all(judge(row).state.accuses for row in rows)
    for verdict in verdicts_of(rows):
        assert (verdict.state, verdict.rules[0]) == (State.INSUFFICIENT, "network.gateway"), verdict
        assert verdict.mechanisms == ()


@pytest.mark.parametrize("scenario", [WALL, SENT, OWN_ADDRESS], ids=["page", "redirect", "address"])
@pytest.mark.parametrize("own", [Scenario(), Scenario(scheme="http")], ids=["TLS", "plain"])
def test_one_site_that_answers_itself_leaves_every_accusation(scenario: Scenario, own: Scenario) -> None:
    """The innocent twin: a censor has a list, and this site is not on it."""
    rows = report(scenario, 6, own)
    assert verdicts_of(rows) == [judge(row) for row in rows]
    assert all(judge(row).state.accuses for row in rows[:6])


def test_few_sites_are_what_people_measure_by_hand() -> None:
    rows = report(WALL, 4)
    assert verdicts_of(rows) == [judge(row) for row in rows]


def test_pages_that_differ_are_no_gateways() -> None:
    """Each site has another page here: nothing is alike."""
    pages = [Page(body=f"<title>page{n}</title>" + "x" * n, title=f"page{n}", headers=()) for n in range(6)]
    rows = [weigh_line(measured(WALL.but(page=page), n)) for n, page in enumerate(pages)]
    assert not any(row.report_alike for row in mark_report(rows))


def test_answers_of_a_censor_are_no_gateways() -> None:
    """Loopback and the unspecified address are nobody's gateway, and a known page says whose it is."""
    for ip in ("127.0.0.1", "0.0.0.0"):
        rows = report(OWN_ADDRESS.but(system=Lookup((ip,)), plain=Lookup((ip,))), 6)
        assert all(
            "dns.injection.bogon" in verdict.mechanisms or "dns.injection.blockpage" in verdict.mechanisms
            for verdict in verdicts_of(rows)
        )
    rows = report(WALL, 6)
    recognised = [replace(rows[0], http_fingerprints=("nat.known",)), *rows[1:]]
    assert verdicts_of(recognised)[1:] == [judge(row) for row in rows[1:]]


def test_refusals_alike_are_no_gateways() -> None:
    """A content network that refuses a country writes the same page for all its sites."""
    rows = report(WALL.but(page=Page(403, body="<title>Sorry</title>", title="Sorry", headers=())), 6)
    assert not any(row.report_alike for row in mark_report(rows))


def test_the_order_does_not_count_and_marks_are_taken_back() -> None:
    rows = report(WALL, 6)
    settled = mark_report(rows)
    assert mark_report(rows[::-1]) == settled[::-1]
    later = weigh_line(measured(Scenario(), 7))
    assert mark_report([*settled, later]) == [*rows, later]
