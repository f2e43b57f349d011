"""Route by which a page came, and whose word the answers of the probe's resolver are."""

from typing import Any

import msgspec
import pytest

from banwatch.formats.ooni import decode_untrusted, encode
from banwatch.judge.rules.table import RULES
from banwatch.model.errors import WireError
from banwatch.model.ids import Asn
from banwatch.model.resolver import ResolverNature
from banwatch.model.route import Route
from banwatch.model.state import State
from banwatch.reference import resolvers, snapshots
from tests.judge.judging import judge_line, shipped_reference, weigh_line
from tests.judge.scenario import FORGED, GENUINE, HEADERS, OTHER_AS, Helper, Lookup, Page, Scenario

Chosen = dict[str, Any]
"""Fields of a scenario whose system asks a resolver outside the network."""
TIMEOUT, RESET = "generic_timeout_error", "connection_reset"
NXDOMAIN, REFUSED, SERVFAIL = "dns_nxdomain_error", "dns_refused_error", "dns_servfail_error"
WRONG = {FORGED: "ssl_invalid_hostname"}
OPENS = "It opens by another route."
HTTP = Scenario(scheme="http")
ADGUARD: Chosen = {"resolver_asn": "AS212772", "resolver_ip": "94.140.14.14"}
QUAD9: Chosen = {"resolver_asn": "AS19281", "resolver_ip": "9.9.9.9"}
FAMILY_SHIELD: Chosen = {"resolver_asn": "AS36692", "resolver_ip": "208.67.222.123"}
GOOGLE: Chosen = {"resolver_asn": "AS15169", "resolver_ip": "172.253.5.1"}
ABROAD: Chosen = {"resolver_asn": "AS3320", "resolver_ip": "217.237.148.22"}
"""Deutsche Telekom's: nobody's known choice, and not the network of a probe in Korea."""


# route of the page


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "failure",
    [TIMEOUT, SERVFAIL, "dns_temporary_failure", "dns_server_misbehaving", "android_dns_cache_no_data"],
)
def test_a_page_by_the_controls_addresses_alone_is_not_reachable(scheme: str, failure: str) -> None:
    """Every local resolver failed: at least impaired, never ok."""
    scenario = Scenario(scheme=scheme, system=Lookup((), failure), plain=Lookup((), TIMEOUT))
    verdict = judge_line(scenario.to_line())
    assert verdict.state in (State.IMPAIRED, State.LIKELY_BLOCKED)
    assert "page.other_route" in verdict.rules
    assert weigh_line(scenario.to_line()).page_by_other_route


@pytest.mark.parametrize(
    ("system", "mechanism"),
    [
        (Lookup((), NXDOMAIN), "dns.nxdomain"),
        (Lookup((), REFUSED), "dns.refused"),
        (Lookup(("10.10.34.34",)), "dns.injection.bogon"),
        (Lookup((FORGED,)), "dns.injection.other"),
    ],
)
def test_an_accusation_says_that_the_page_opens_by_another_route(system: Lookup, mechanism: str) -> None:
    scenario = Scenario(
        system=system, tls=WRONG, tcp={"10.10.34.34": TIMEOUT}, helper=Helper(wrong=(FORGED,))
    )
    verdict = judge_line(scenario.to_line())
    assert verdict.state in (State.BLOCKED, State.LIKELY_BLOCKED)
    assert verdict.mechanisms == (mechanism,)
    assert verdict.sentence.endswith(OPENS)


@pytest.mark.parametrize(
    ("failed", "mechanism"), [({"tcp": TIMEOUT}, "tcp.timeout"), ({"tls": RESET}, "tls.reset")]
)
def test_addresses_of_the_networks_resolver_count_where_only_others_work(
    failed: Chosen, mechanism: str
) -> None:
    """The resolver's two addresses are cut, and one that only an encrypted resolver gave is not."""
    spare = "151.101.129.164"
    ((step, failure),) = failed.items()
    scenario = Scenario(
        encrypted=Lookup((spare,)),
        helper=Helper(addresses=(*GENUINE, spare)),
    ).but(**{step: dict.fromkeys(GENUINE, failure)})
    verdict = judge_line(scenario.to_line())
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, (mechanism,))
    assert verdict.sentence.endswith(OPENS)


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario(tcp={GENUINE[0]: TIMEOUT}),
        Scenario(tcp={GENUINE[1]: "connection_refused"}),
        Scenario(plain=Lookup((), TIMEOUT), encrypted=Lookup((), TIMEOUT)),
        Scenario(system=None),
        Scenario(broken_v6="network_unreachable"),
        HTTP,
    ],
    ids=["one address dead", "another refuses", "outside resolvers cut", "not asked", "no IPv6", "plain"],
)
def test_a_page_by_an_address_that_the_resolver_gave_is_reachable(scenario: Scenario) -> None:
    evidence = weigh_line(scenario.to_line())
    assert not evidence.page_by_other_route
    assert not judge_line(scenario.to_line()).state.accuses


def test_tampered_is_what_worked_by_the_ordinary_route() -> None:
    """The same lie to outside resolvers: tampered where the network's own answers, else an accusation."""
    lied = Scenario(plain=Lookup(("10.1.2.3",)))
    assert judge_line(lied.to_line()).state is State.TAMPERED
    verdict = judge_line(lied.but(system=Lookup((), "dns_server_misbehaving")).to_line())
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("dns.injection.bogon",))


# late answers


@pytest.mark.parametrize("resolver", ["", "1.1.1.1:53"])
def test_the_first_answer_counts_and_a_late_one_only_beside_it(resolver: str) -> None:
    """Behind an injector the genuine answer comes second: to whoever asked, the first is the answer."""
    scenario = Scenario(
        system=Lookup((FORGED,)),
        plain=Lookup((FORGED,), late=GENUINE),
        tls=WRONG,
        helper=Helper(wrong=(FORGED,)),
    )
    wire = decode_untrusted(scenario.to_line())
    assert wire.test_keys is not None
    late = [
        msgspec.structs.replace(query, engine="udp" if resolver else None, resolver_address=resolver)
        for query in wire.test_keys.x_dns_duplicate_responses or ()
    ]
    keys = msgspec.structs.replace(wire.test_keys, x_dns_duplicate_responses=late)
    verdict = judge_line(encode(msgspec.structs.replace(wire, test_keys=keys)))
    assert (verdict.state, verdict.mechanisms) == (State.BLOCKED, ("dns.injection.other",))
    assert "twice" not in verdict.sentence


# resolver that a person chose


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("resolver", [ADGUARD, QUAD9, FAMILY_SHIELD, ABROAD], ids=lambda r: r["resolver_asn"])
@pytest.mark.parametrize(
    "system",
    [
        Lookup(("0.0.0.0",)),
        Lookup((FORGED,)),
        *(Lookup((), one) for one in (NXDOMAIN, REFUSED, SERVFAIL, TIMEOUT)),
    ],
)
def test_what_a_chosen_resolver_withholds_accuses_no_network(
    scheme: str, resolver: Chosen, system: Lookup
) -> None:
    body = "<title>Filtered by your administrator</title>"
    page = Page(body=body, title="Filtered", headers=HEADERS[:1]) if system.answers == (FORGED,) else Page()
    scenario = Scenario(scheme=scheme, version="0.4.3", system=system, page=page, tls=WRONG, **resolver)
    verdict = judge_line(scenario.but(helper=Helper(wrong=(FORGED,)), tcp={"0.0.0.0": TIMEOUT}).to_line())
    assert verdict.state is State.INSUFFICIENT, verdict
    assert "AdGuard" in verdict.sentence or resolver is not ADGUARD


@pytest.mark.parametrize("resolver", [{}, GOOGLE], ids=["the network's", "Google's"])
@pytest.mark.parametrize(
    ("system", "mechanism"),
    [
        (Lookup(("0.0.0.0",)), "dns.injection.bogon"),
        (Lookup((FORGED,)), "dns.injection.other"),
        (Lookup((), NXDOMAIN), "dns.nxdomain"),
    ],
)
def test_its_twins_stay_accused(resolver: Chosen, system: Lookup, mechanism: str) -> None:
    """The network's own resolver, and one that lies to nobody: its answers are changed on the way."""
    scenario = Scenario(system=system, tls=WRONG, helper=Helper(wrong=(FORGED,)), **resolver)
    verdict = judge_line(scenario.to_line())
    assert verdict.state in (State.BLOCKED, State.LIKELY_BLOCKED)
    assert verdict.mechanisms == (mechanism,)


@pytest.mark.parametrize("resolver", [ADGUARD, ABROAD], ids=lambda r: r["resolver_asn"])
def test_a_network_that_lies_to_an_honest_resolver_too_stays_accused(resolver: Chosen) -> None:
    scenario = Scenario(
        system=Lookup((FORGED,)), plain=Lookup((FORGED,)), tls=WRONG, helper=Helper(wrong=(FORGED,))
    )
    verdict = judge_line(scenario.but(**resolver).to_line())
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("dns.injection.other",))


@pytest.mark.parametrize("resolver", [ADGUARD, QUAD9, FAMILY_SHIELD, ABROAD], ids=lambda r: r["resolver_asn"])
@pytest.mark.parametrize(
    ("cut", "mechanism"),
    [({"tls": {"*": RESET}}, "tls.reset"), ({"tcp": {"*": TIMEOUT}}, "tcp.timeout")],
)
def test_cuts_on_the_path_are_the_networks_whatever_resolver_is_asked(
    resolver: Chosen, cut: Chosen, mechanism: str
) -> None:
    verdict = judge_line(Scenario(**cut, **resolver).to_line())
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, (mechanism,))


def test_a_page_that_came_is_reachable_whatever_a_filter_says() -> None:
    assert judge_line(Scenario(system=Lookup(("0.0.0.0",)), **ADGUARD).to_line()).state is State.OK


def test_the_withheld_rules_stand_beside_the_verdict() -> None:
    scenario = Scenario(version="0.4.3", system=Lookup(("0.0.0.0",)), tcp={"0.0.0.0": TIMEOUT}, **ADGUARD)
    verdict = judge_line(scenario.to_line())
    assert "dns.bogon" in verdict.vetoed
    assert verdict.rules[0] == "resolver.chosen"


# reference data


@pytest.mark.parametrize(
    ("ip", "asn", "nature"),
    [
        ("8.8.8.8", 15169, ResolverNature.PUBLIC),
        ("172.253.5.1", 15169, ResolverNature.PUBLIC),
        ("1.1.1.1", 13335, ResolverNature.PUBLIC),
        ("1.1.1.3", 13335, ResolverNature.FILTERING),
        ("2606:4700:4700::1113", 0, ResolverNature.FILTERING),
        ("9.9.9.10", 19281, ResolverNature.PUBLIC),
        ("9.9.9.9", 19281, ResolverNature.FILTERING),
        ("94.140.14.140", 212772, ResolverNature.PUBLIC),
        ("", 212772, ResolverNature.FILTERING),
        ("203.0.113.9", 3320, None),
        ("", 0, None),
    ],
)
def test_known_resolvers_have_their_nature(ip: str, asn: int, nature: ResolverNature | None) -> None:
    found = shipped_reference().resolver_of(ip, Asn(asn))
    assert (found.nature if found else None) == nature


def test_every_known_resolver_names_its_source() -> None:
    rows = snapshots.shipped_file(f"{snapshots.SHIPPED_RESOLVERS}.csv").decode().splitlines()[1:]
    assert all(row.rpartition(",")[2].startswith(("https://", "RFC ")) for row in rows)
    for text in ("", "a,b\n", "resolver,operator,nature,source\n8.8.8.8/32,x,kind,y\n"):
        with pytest.raises(WireError):
            resolvers.parse_untrusted(text)


def test_rules_about_lookups_say_which_route_they_are_about() -> None:
    routes = {str(rule.id): rule.route for rule in RULES}
    assert routes["dns.bogon"] is routes["dns.nxdomain"] is routes["page.genuine"] is Route.ORDINARY
    assert routes["dns.bogon_outside"] is routes["page.other_route"] is Route.OUTSIDE
    assert routes["tls.reset"] is Route.ANY


def test_unrelated_answers_of_another_network_are_still_compared() -> None:
    """An answer in another AS, with the page there: a content network, whatever the resolver."""
    scenario = Scenario(system=Lookup(OTHER_AS), **ABROAD)
    assert not judge_line(scenario.to_line()).state.accuses


@pytest.mark.parametrize("failure", [TIMEOUT, RESET, "connection_refused"])
def test_one_dead_address_of_several_needs_more_than_one_time_out(failure: str) -> None:
    """A resolver that gave one address of a site, which did not answer once: others of the site did.

    Found by mutations. A refusal, a reset, and a time-out that comes again when it is tried again, accuse.
    """
    first = Lookup((GENUINE[0],))
    scenario = Scenario(system=first, tcp={GENUINE[0]: failure})
    alone, again = judge_line(scenario.to_line()), judge_line(scenario.but(retries=True).to_line())
    assert alone.state is (State.IMPAIRED if failure == TIMEOUT else State.LIKELY_BLOCKED)
    assert again.state is State.LIKELY_BLOCKED
