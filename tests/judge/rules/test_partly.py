"""Rule `page.partly`: the page came, and what failed beside it leaves a trace that accuses nobody."""

import pytest

from banwatch.model.state import State
from tests.judge.judging import judge_line, weigh_line
from tests.judge.scenario import GENUINE, GENUINE_V6, Helper, Lookup, Page, Scenario

FIRST, SECOND = GENUINE
S = Scenario()
BOTH_FAMILIES = Lookup((FIRST, GENUINE_V6))
V4_AND_V6 = S.but(
    system=BOTH_FAMILIES,
    plain=BOTH_FAMILIES,
    encrypted=BOTH_FAMILIES,
    helper=Helper(addresses=(FIRST, GENUINE_V6)),
)

PARTLY = {
    "one of two addresses blackholed": (
        S.but(tcp={FIRST: "generic_timeout_error"}, retries=True),
        (FIRST,),
        "tcp.timeout",
    ),
    "one of two refused": (S.but(tcp={SECOND: "connection_refused"}), (SECOND,), "tcp.refused"),
    "one of two unreachable": (S.but(tcp={FIRST: "host_unreachable"}), (FIRST,), "tcp.unreachable"),
    "TLS reset at one of two": (S.but(tls={FIRST: "connection_reset"}), (FIRST,), "tls.reset"),
    "only IPv4 cut": (
        V4_AND_V6.but(tcp={FIRST: "generic_timeout_error"}, retries=True),
        (FIRST,),
        "tcp.timeout",
    ),
}


@pytest.mark.parametrize("name", PARTLY)
def test_what_failed_beside_a_page_leaves_a_trace(name: str) -> None:
    scenario, failed, fate = PARTLY[name]
    evidence, verdict = weigh_line(scenario.to_line()), judge_line(scenario.to_line())
    assert (verdict.state, verdict.mechanisms) == (State.OK, ()), verdict
    assert verdict.rules[0] == "page.partly"  # the deciding rule is what cells count
    assert "page.genuine" in verdict.rules
    assert evidence.addresses_failed == failed
    assert evidence.addresses_fate == (fate,)
    assert not set(evidence.addresses_ok) & set(failed)
    assert fate.replace(".", " ") in verdict.sentence


def test_a_family_that_failed_alone_is_named() -> None:
    assert "all those of IPv4" in judge_line(PARTLY["only IPv4 cut"][0].to_line()).sentence
    both = S.but(tcp={FIRST: "connection_refused"})
    assert "IPv" not in judge_line(both.to_line()).sentence


NO_TRACE = {
    "all well": S,
    "dead for the control too": S.but(tcp={FIRST: "connection_refused"}, helper=Helper(dead=(FIRST,))),
    "went well when tried again": S.but(tcp={FIRST: "generic_timeout_error"}, retries=False),
    "one time-out on a network that loses packets": S.but(
        tcp={FIRST: "generic_timeout_error"}, plain=Lookup((), "generic_timeout_error"), silent_aaaa=False
    ),
    "one time-out, little time": S.but(
        tcp={FIRST: "generic_timeout_error"}, annotations=(("timeouts", "tcp=1"),)
    ),
    "no IPv6 on this network": S.but(broken_v6="network_unreachable"),
    "IPv6 times out": S.but(broken_v6="generic_timeout_error"),
}


@pytest.mark.parametrize("name", NO_TRACE)
def test_what_is_nobody_s_doing_leaves_none(name: str) -> None:
    verdict = judge_line(NO_TRACE[name].to_line())
    assert (verdict.state, verdict.rules[0]) == (State.OK, "page.genuine"), verdict


ACCUSED = {
    "both addresses blackholed": S.but(tcp={"*": "generic_timeout_error"}, retries=True),
    "both cut by name": S.but(tls={"*": "connection_reset"}, other_name="ok"),
}


@pytest.mark.parametrize("name", ACCUSED)
def test_the_whole_site_stays_accused(name: str) -> None:
    verdict = judge_line(ACCUSED[name].to_line())
    assert verdict.state is State.LIKELY_BLOCKED
    assert "page.partly" not in verdict.rules


def test_no_page_no_partly() -> None:
    """One address failed, the other gave no page: that is no `ok` with a trace."""
    verdict = judge_line(S.but(tcp={FIRST: "connection_refused"}, page=Page(None, "eof_error")).to_line())
    assert "page.partly" not in verdict.rules
    assert verdict.state is not State.OK
