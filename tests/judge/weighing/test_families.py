"""Answers for one kind of address alone: what a network without IPv6 can use, and what leaves a trace."""

import pytest

from banwatch.formats.ooni import wire as w
from banwatch.model.state import State
from tests.judge.judging import judge_line, weigh_line
from tests.judge.scenario import FORGED, GENUINE, GENUINE_V6, Helper, Lookup, Scenario
from tests.judge.weighing.test_follow_ups import with_keys

V4 = GENUINE[0]
BOTH = Lookup((V4, GENUINE_V6))
NO_ROUTE = "network_unreachable"


def _line(
    a: tuple[str, ...],
    a_failure: str | None,
    *,
    with_v6: bool,
    ips: tuple[str, ...] = (V4,),
    **changes: object,
) -> bytes:
    """Write a line whose system resolver gives these IPv4 addresses, and the genuine IPv6 one."""
    s = Scenario(
        system=Lookup((*ips, GENUINE_V6)),
        plain=Lookup((V4,)),
        encrypted=BOTH,
        helper=Helper(addresses=(V4, GENUINE_V6)),
        broken_v6=None if with_v6 else NO_ROUTE,
    ).but(**changes)

    def query(kind: str, answers: tuple[str, ...], failure: str | None, engine: str, at: str) -> w.Query:
        return w.Query(
            hostname=s.host,
            query_type=kind,
            engine=engine,
            resolver_address=at,
            failure=failure,
            answers=[
                w.DnsAnswer(answer_type=kind, ipv4=None if ":" in ip else ip, ipv6=ip if ":" in ip else None)
                for ip in answers
            ]
            or None,
            tags=["depth=0"],
        )

    queries = [
        query("ANY", (*a, GENUINE_V6), None, "getaddrinfo", ""),
        query("A", a, a_failure, "udp", ""),
        query("AAAA", (GENUINE_V6,), None, "udp", ""),
        query("A", (V4,), None, "doh", "https://dns.google/dns-query"),
        query("A", (V4,), None, "udp", "1.1.1.1:53"),
    ]
    return with_keys(s.to_line(), queries=tuple(queries))


WITHHELD = {
    "private": (("10.10.34.34",), None, State.BLOCKED, "dns.injection.bogon"),
    "no such name": ((), "dns_nxdomain_error", State.LIKELY_BLOCKED, "dns.nxdomain"),
    "refused": ((), "dns_refused_error", State.LIKELY_BLOCKED, "dns.refused"),
    "no address": ((), "dns_no_answer", State.LIKELY_BLOCKED, "dns"),
}


@pytest.mark.parametrize("name", WITHHELD)
def test_a_false_ipv4_answer_counts_where_ipv6_opens_nothing(name: str) -> None:
    a, failure, state, mechanism = WITHHELD[name]
    verdict = judge_line(_line(a, failure, with_v6=False))
    assert (verdict.state, verdict.mechanisms) == (state, (mechanism,)), verdict


def test_a_forged_ipv4_answer_counts_where_ipv6_opens_nothing() -> None:
    line = _line((FORGED,), None, with_v6=False, ips=(FORGED, V4), helper=_wrong(FORGED), tls=_bad(FORGED))
    verdict = judge_line(line)
    assert (verdict.state, verdict.rules[0]) == (State.LIKELY_BLOCKED, "dns.wrong_host"), verdict


@pytest.mark.parametrize("name", WITHHELD)
def test_where_ipv6_works_the_site_opens_and_a_trace_is_left(name: str) -> None:
    a, failure, _, _ = WITHHELD[name]
    verdict = judge_line(_line(a, failure, with_v6=True))
    if name == "private":
        assert (verdict.state, verdict.rules[0]) == (State.TAMPERED, "dns.bogon_beside"), verdict
        assert "outside resolvers" not in verdict.sentence
    else:
        assert verdict.state is State.OK
        traced = failure != "dns_no_answer"  # many names have one kind of address alone: no word of anybody
        assert (verdict.rules[0] == "page.partly") == traced, verdict


def test_a_forged_answer_beside_a_genuine_one_leaves_a_trace() -> None:
    line = _line((FORGED,), None, with_v6=True, ips=(FORGED, V4), helper=_wrong(FORGED), tls=_bad(FORGED))
    verdict = judge_line(line)
    assert (verdict.state, verdict.rules[0]) == (State.OK, "page.partly"), verdict
    assert FORGED in verdict.sentence


HONEST = {
    "genuine answers of both kinds, no IPv6": _line((V4,), None, with_v6=False),
    "genuine answers of both kinds": _line((V4,), None, with_v6=True),
    "a library that gave IPv6 alone, and says no more": with_keys(
        Scenario(
            system=Lookup((GENUINE_V6,)),
            encrypted=BOTH,
            helper=Helper(addresses=(V4, GENUINE_V6)),
            broken_v6=NO_ROUTE,
        ).to_line()
    ),
    "a name with IPv6 alone": Scenario(
        system=Lookup((GENUINE_V6,)),
        plain=Lookup((), "dns_no_answer"),
        encrypted=Lookup((GENUINE_V6,)),
        helper=Helper(addresses=(GENUINE_V6,)),
        broken_v6=NO_ROUTE,
    ).to_line(),
}


@pytest.mark.parametrize("name", HONEST)
def test_one_kind_of_address_alone_accuses_nobody(name: str) -> None:
    verdict = judge_line(HONEST[name])
    assert not verdict.state.accuses, verdict
    assert verdict.rules[0] != "page.partly"


def test_the_column_names_the_kind_that_failed() -> None:
    assert weigh_line(_line((), "dns_refused_error", with_v6=True)).dns_family_failure == "dns_refused_error"
    assert weigh_line(_line((V4,), None, with_v6=True)).dns_family_failure is None
    # where nothing usable is left it is the lookup's own failure
    assert weigh_line(_line((), "dns_refused_error", with_v6=False)).dns_system_failure == "dns_refused_error"


def _wrong(ip: str) -> Helper:
    return Helper(addresses=(V4, GENUINE_V6), wrong=(ip,))


def _bad(ip: str) -> dict[str, str]:
    return {ip: "ssl_invalid_hostname"}
