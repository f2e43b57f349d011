"""Invariants of the rule table, without a database."""

from datetime import datetime
from pathlib import Path

import pytest

from banwatch.judge.rules.docs_page import render_page
from banwatch.judge.rules.table import RULES, RULESET
from banwatch.judge.verdicts import judge
from banwatch.model.mechanism import NODES
from banwatch.model.state import State
from tests.judge.judging import judge_line, weigh_line
from tests.judge.nettest_lines import line
from tests.judge.scenario import FORGED, GENUINE, IN_NETWORK, Helper, Lookup, Page, Scenario
from tests.judge.test_nettests import CASES
from tests.judge.test_scenarios import CENSORED, HONEST

DOCS = Path(__file__).parents[3] / "docs"
WRONG = {FORGED: "ssl_invalid_hostname"}
TIMEOUT = "generic_timeout_error"
MORE = {
    "bogon outside": (Scenario(plain=Lookup(("10.1.2.3",))), ()),
    "conflict outside": (
        Scenario(plain=Lookup((FORGED,), late=GENUINE), helper=Helper(wrong=(FORGED,)), tls=WRONG),
        (),
    ),
    "host inside, cut": (
        Scenario(plain=Lookup(IN_NETWORK), system=Lookup(IN_NETWORK), tls={"*": "connection_reset"}),
        (),
    ),
    "host inside, page": (Scenario(plain=Lookup(IN_NETWORK), system=Lookup(IN_NETWORK), scheme="http"), ()),
    "no data": (Scenario(system=Lookup((), "android_dns_cache_no_data")), ()),
    "wrong certificate": (Scenario(tls={"*": "ssl_unknown_authority"}), ()),
    "all that answers lies": (
        Scenario(system=Lookup((), "dns_server_misbehaving"), plain=Lookup(("10.1.2.3",))),
        (),
    ),
    "another resolver's address alone works": (Scenario(system=Lookup((), TIMEOUT)), ()),
    "a filter that somebody chose": (
        Scenario(system=Lookup(("0.0.0.0",)), resolver_asn="AS212772", resolver_ip="94.140.14.14"),
        (),
    ),
    "request unanswered": (Scenario(scheme="http", page=Page(None, TIMEOUT), other_host=True), ()),
}
KINDS = {"web", "endpoints", "bootstrap", "middlebox", "resolver", "steps", "other"}


def test_ids_are_unique() -> None:
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_is_explained(rule) -> None:  # type: ignore[no-untyped-def]  # a Rule
    assert rule.condition
    assert rule.why
    assert rule.source
    assert rule.pitfall.count(". ") >= 1, "what it would say wrongly, and then what guards against that"
    assert rule.pitfall.endswith(".")
    assert rule.kinds <= KINDS
    assert not (rule.vetoes and rule.state.accuses)


def test_every_rule_can_be_reached() -> None:
    """By the scenarios of these tests; a rule that none of them reaches has no test, or no reason to be."""
    lines = [scenario.to_line() for scenario, _ in (*CENSORED.values(), *HONEST.values(), *MORE.values())]
    lines += [line(name, keys, measured) for name, keys, measured, *_ in CASES.values()]
    reached: set[str] = set()
    for one in lines:
        verdict = judge_line(one)
        reached.update((*verdict.rules, *verdict.vetoed))
    needs_more = {
        "dns.known_answer",  # these take imported fingerprints: test_fingerprints.py
        "http.known_page",
        "http.known_words",
        "network.gateway",  # whole reports: test_reports.py, test_paced_pages.py
        "http.paced",
        "http.slow_beside",
        "dns.rewritten",  # providers' search pages: test_names_of_nobody.py
        "dns.from_nowhere",  # follow-ups of our own probe: test_follow_ups.py
        "dns.mute_host",  # a control cut at the same address: test_regime_kinds.py
        "service.mostly_cut",  # groups of which some answer: test_groups.py
        "service.partly",
        "tls.device",  # certificates: test_certificates.py
        "http.request_reset",  # nettests of 2012 to 2017: test_old_nettests.py
        "tls.request_cut",  # a probe of another era: test_old_eras.py
        "http.same_elsewhere",
        "tls.cut_later",
        "quic.cut",
        "tls.outlived",  # what our own probe finds out of the path: test_path.py
        "http.outlived",
        "tls.before_server",
        "tls.early",
        "http.early",
        "tls.split",
        "tls.anywhere",
        "dns.before_resolver",
        "dns.impossible",
        "dns.case",
        "tls.clear_text",  # test_regime_kinds.py
        "dns.notice_host",  # what innocent names get there: test_in_clear.py
        "http.forged_redirect",
        "http.refused_in_clear",
        "http.mute",
        "dns.bogon_beside",  # one kind of address alone: test_families.py
        "tls.forged",  # these take certificates, or rates: test_certificates.py, test_rates.py
        "http.slowed",
        "tls.slowed",
    }
    assert {rule.id for rule in RULES} - reached == needs_more


@pytest.mark.parametrize("name", [*CENSORED, *HONEST])
def test_mechanisms_are_of_the_taxonomy(name: str) -> None:
    scenario, _ = {**CENSORED, **HONEST}[name]
    evidence = weigh_line(scenario.to_line())
    for rule in RULES:
        if evidence.kind in rule.kinds and rule.holds(evidence):
            assert set(rule.mechanisms(evidence)) <= NODES
            assert rule.sentence(evidence).endswith(".")


def test_nothing_is_said_of_nothing() -> None:
    """A row of evidence with every column empty is `insufficient`."""
    evidence = weigh_line(Scenario(system=None, plain=None, encrypted=None, helper=None).to_line())
    verdict = judge(evidence)
    assert verdict.state is State.INSUFFICIENT
    assert verdict.mechanisms == ()
    assert verdict.ruleset == RULESET


def test_evidence_is_flat() -> None:
    """Every column is text, a number, a moment or a list of text: what every store can keep."""
    evidence = weigh_line(Scenario().to_line())
    for name in evidence.__struct_fields__:
        value = getattr(evidence, name)
        if isinstance(value, tuple):
            assert all(isinstance(entry, str) for entry in value)
        else:
            assert value is None or isinstance(value, str | int | float | bool | datetime)


def test_the_page_of_rules_is_current() -> None:
    assert (DOCS / "rules.md").read_text(encoding="utf-8") == render_page(), (
        "renew it: .venv/bin/python -m banwatch.judge.rules.docs_page > docs/rules.md"
    )


def test_judging_is_pure() -> None:
    line_of = Scenario(tcp={"*": "generic_timeout_error"}).to_line()
    assert judge_line(line_of) == judge_line(line_of)
