"""Forged DNS answers: what they say, and whether the real one still comes."""

import dns.message
import dns.rcode
import pytest

from banwatch.lab.censor.action import PASS, Direction, Inject
from banwatch.lab.censor.packet import udp_packet
from tests.lab.censor_kit import (
    Talk,
    answer,
    ask,
    censor_of,
    dns_query,
    injected,
    outcome,
    truths,
)

FORGE = """
- id: forge
  placement: on-path
  match: {dns: {names: [blocked.example], types: [A, AAAA]}}
  action: {forge_dns: {a: [31.13.94.0/24], aaaa: ["2a03:2880:f10d::/48"]}}
  mechanism: dns.injection.other
"""


def addresses(actions: tuple[object, ...]) -> list[str]:
    """The addresses in forged answers, read by another codec."""
    found = []
    for packet in injected(actions, Direction.INBOUND):  # type: ignore[arg-type]  # a list of actions
        message = dns.message.from_wire(packet.payload)
        found += [item.to_text() for rrset in message.answer for item in rrset]
    return found


def test_a_forged_answer_races_the_real_one_and_the_twin_gets_only_that() -> None:
    censor = censor_of(FORGE)
    actions = ask(censor, dns_query("www.blocked.example"), sport=1)
    assert ask(censor, dns_query("www.innocent.example"), sport=2) is PASS
    assert outcome(actions) == "pass+1"
    assert isinstance(actions[1], Inject)
    (packet,) = injected(actions, Direction.INBOUND)
    message = dns.message.from_wire(packet.payload)
    assert message.id == 0x1234
    assert message.question[0].name.to_text() == "www.blocked.example."
    assert (packet.source_port, packet.destination_port) == (53, 1)
    assert addresses(actions)[0].startswith("31.13.94.")
    assert answer(censor, b"real", sport=1) is PASS
    assert answer(censor, b"real", sport=2) is PASS
    first, second = truths(censor)
    assert (first.rule, first.injected, first.dropped, first.real_answer_passed) == ("forge", 1, 0, True)
    assert (second.rule, second.injected, second.names) == (None, 0, (("qname", "www.innocent.example"),))


def test_other_types_pass_and_aaaa_has_its_own_pool() -> None:
    censor = censor_of(FORGE)
    assert ask(censor, dns_query("blocked.example", 65)) is PASS
    assert addresses(ask(censor, dns_query("blocked.example", 28)))[0].startswith("2a03:2880:f10d:")


def test_an_https_record_points_to_the_forged_address() -> None:
    (packet,) = injected(
        ask(censor_of(FORGE.replace(", AAAA]", ", HTTPS]")), dns_query("blocked.example", 65)),
        Direction.INBOUND,
    )
    (rrset,) = dns.message.from_wire(packet.payload).answer
    assert rrset[0].to_text().startswith('1 . ipv4hint="31.13.94.')


def test_a_name_gets_the_same_forged_address_every_time() -> None:
    first = addresses(ask(censor_of(FORGE, seed=7), dns_query("blocked.example")))
    again = addresses(ask(censor_of(FORGE, seed=7), dns_query("blocked.example", identity=9), sport=3))
    other = {addresses(ask(censor_of(FORGE, seed=s), dns_query("blocked.example")))[0] for s in range(9)}
    assert first == again
    assert len(other) > 1


def test_several_injectors_answer_one_question() -> None:
    rules = FORGE + FORGE.replace("id: forge", "id: second").replace("31.13.94.0/24", "104.244.46.0/24")
    three = rules.replace("{a: [31", "{answers: 2, a: [31")
    found = addresses(ask(censor_of(three), dns_query("blocked.example")))
    assert [address.split(".")[0] for address in found] == ["31", "31", "104"]
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("rcode", "expected"), [("nxdomain", "NXDOMAIN"), ("refused", "REFUSED"), ("servfail", "SERVFAIL")]
)
def test_in_path_the_answer_replaces_the_real_one(rcode: str, expected: str) -> None:
    rule = FORGE.replace("  placement: on-path\n", "").replace(
        '{a: [31.13.94.0/24], aaaa: ["2a03:2880:f10d::/48"]}', f"{{rcode: {rcode}}}"
    )
    censor = censor_of(rule)
    actions = ask(censor, dns_query("blocked.example"))
    assert outcome(actions) == "drop+1"
    (packet,) = injected(actions, Direction.INBOUND)
    message = dns.message.from_wire(packet.payload)
    assert dns.rcode.to_text(message.rcode()) == expected
    assert not message.answer
    # The same socket may ask for something else: that is answered.
    assert ask(censor, dns_query("innocent.example")) is PASS


def test_over_tcp_the_answer_ends_the_connection() -> None:
    talk = Talk(censor_of(FORGE.replace("  placement: on-path\n", "")), port=53).open()
    query = dns_query("blocked.example")
    framed = len(query).to_bytes(2, "big") + query
    assert outcome(talk.out(framed[:9])) == "pass"
    actions = talk.out(framed[9:])
    (reply,) = injected(actions, Direction.INBOUND)
    assert int.from_bytes(reply.payload[:2], "big") == len(reply.payload) - 2
    assert dns.message.from_wire(reply.payload[2:]).answer[0][0].to_text().startswith("31.13.94.")
    assert reply.ack == talk.seq


def test_only_port_53_is_dns_unless_the_rule_says_otherwise() -> None:
    query = udp_packet(b"\xaf\x2d\xb1\x0a", b"\x08\x08\x08\x08", 5_000, 5_353, dns_query("blocked.example"))
    assert censor_of(FORGE).handle_packet(query, Direction.OUTBOUND, 1e9) is PASS
    rule = FORGE.replace("match: {", "match: {port: 5353, ")
    assert outcome(censor_of(rule).handle_packet(query, Direction.OUTBOUND, 1e9)) == "pass+1"


def test_questions_from_outside_are_answered_where_the_rule_says_so() -> None:
    query = dns_query("blocked.example")
    assert ask(censor_of(FORGE), query, direction=Direction.INBOUND) is PASS
    censor = censor_of(FORGE + "  way: both\n")
    actions = ask(censor, query, direction=Direction.INBOUND)
    assert [action.direction for action in actions if isinstance(action, Inject)] == [Direction.OUTBOUND]


@pytest.mark.parametrize("name", ["blocked.example", "BLOCKED.example", "a.b.blocked.example"])
def test_case_and_subdomains_do_not_matter(name: str) -> None:
    assert outcome(ask(censor_of(FORGE), dns_query(name))) == "pass+1"


@pytest.mark.parametrize("name", ["notblocked.example", "blocked.example.org", "example"])
def test_lookalikes_are_left_alone(name: str) -> None:
    assert ask(censor_of(FORGE), dns_query(name)) is PASS


def test_a_careless_filter_misses_a_name_in_mixed_case() -> None:
    careless = censor_of(FORGE.replace("types: [A, AAAA]", "types: [A, HTTPS], exact_case: true"))
    careful = censor_of(FORGE.replace("types: [A, AAAA]", "types: [A, HTTPS]"))
    for kind in (1, 65):
        plain, mixed = dns_query("www.blocked.example", kind), dns_query("wWw.bLoCkEd.ExAmPlE", kind)
        assert outcome(ask(careless, plain, sport=kind)) == "pass+1"
        assert ask(careless, mixed, sport=kind + 1) is PASS
        assert outcome(ask(careful, mixed, sport=kind)) == "pass+1"
