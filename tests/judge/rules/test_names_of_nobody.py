"""Names that exist nowhere and resolve here all the same: a provider's search page, or a forger's list."""

import pytest

from banwatch.model.state import State
from tests.judge.judging import judge_line
from tests.judge.scenario import FORGED, Helper, Lookup, Page, Scenario

NXDOMAIN = "dns_nxdomain_error"
NOTHING = Lookup((), NXDOMAIN)
SEARCH = Page(body="<title>Search</title>Did you mean", title="Search", headers=())
NOBODYS = Scenario(
    scheme="http",
    system=Lookup((FORGED,)),
    plain=NOTHING,
    encrypted=NOTHING,
    page=SEARCH,
    helper=Helper(addresses=(), dns_failure=NXDOMAIN, page=Page(None, NXDOMAIN)),
)


@pytest.mark.parametrize(
    "scenario",
    [
        NOBODYS,
        NOBODYS.but(encrypted=None),
        NOBODYS.but(version="0.4.3"),
        NOBODYS.but(page=Page(None, "connection_refused")),
        NOBODYS.but(plain=Lookup((), "generic_timeout_error")),
        NOBODYS.but(scheme="https", page=Page(None, "connection_refused")),
    ],
)
def test_a_search_page_for_every_unknown_name_accuses_nobody(scenario: Scenario) -> None:
    """ooni/probe-ios#79: the site is gone for everybody, whatever the provider's resolver says."""
    verdict = judge_line(scenario.to_line())
    assert verdict.state is State.DOWN, verdict
    assert "dns.rewritten" in verdict.rules


@pytest.mark.parametrize(
    "scenario",
    [
        NOBODYS.but(plain=Lookup((FORGED,))),
        NOBODYS.but(system=NOTHING, plain=Lookup((FORGED,))),
        NOBODYS.but(system=Lookup(("10.10.34.34",))),
        NOBODYS.but(system=Lookup(("127.0.0.1",))),
    ],
    ids=["on the path too", "on the path alone", "a known answer", "loopback"],
)
def test_a_forger_of_dead_names_stays_accused(scenario: Scenario) -> None:
    verdict = judge_line(scenario.to_line())
    assert verdict.state.accuses, verdict
    assert any(named.startswith("dns.injection") for named in verdict.mechanisms)


def test_an_encrypted_resolver_that_knows_the_name_settles_it_otherwise() -> None:
    """The name is new, and the control has not heard of it."""
    verdict = judge_line(NOBODYS.but(encrypted=Lookup((FORGED,))).to_line())
    assert "dns.rewritten" not in verdict.rules
    assert not verdict.state.accuses
