"""Rules about lookups by the network's resolver that gave no address, of names with some elsewhere."""

from banwatch.judge.rules.parts.phrases import at_hop, expected, is_known_elsewhere, name, page_came
from banwatch.judge.rules.parts.rule import Rule
from banwatch.model import failure as f
from banwatch.model.evidence import Evidence
from banwatch.model.ids import RuleId
from banwatch.model.nettest import NettestKind
from banwatch.model.route import Route
from banwatch.model.state import Layer, State
from banwatch.model.voucher import Voucher

_WEB = frozenset({NettestKind.WEB})
_EMPTY = frozenset({f.ANDROID_DNS_CACHE_NO_DATA, f.DNS_NO_ANSWER})
_UNANSWERED = f.TIMEOUTS | {f.DNS_TEMPORARY}
"""Failures of a lookup that nobody answers: libc calls it temporary."""


def _name_alone(e: Evidence) -> bool:
    """Whether this name alone is not answered: it resolves elsewhere, and the resolvers are not broken."""
    return bool(e.dns_expected) and (e.dns_other_ok or e.dns_resolver_works)


def _nobody_else_can_be_asked(e: Evidence) -> bool:
    """Whether other resolvers are silent here, and the control got addresses of the kind that all have."""
    said_so = e.dns_system_failure == f.DNS_NO_ANSWER and e.dns_plain_silent
    return said_so and e.dns_expected_by == Voucher.CONTROL and any(":" not in ip for ip in e.dns_expected)


def _says(e: Evidence, failure: str, *, alone: bool) -> bool:
    """The network's own resolver fails so, alone or with an outside one; libc is vague about failures."""
    if e.dns_system_failure == failure and alone:
        return True
    vague = (failure, f.DNS_TEMPORARY, f.DNS_MISBEHAVING)
    return e.dns_system_failure in vague and failure in e.dns_other_failures


def _named_trouble(failure: str | None) -> tuple[str, ...]:
    if failure in f.TIMEOUTS:
        return ("dns.timeout",)
    return ("dns.servfail",) if failure == f.DNS_SERVFAIL else ()


LOOKUP_RULES: tuple[Rule, ...] = (
    Rule(
        id=RuleId("dns.nxdomain"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition="the network's own resolver says that there is no such name; it resolves elsewhere",
        holds=lambda e: e.dns_system_failure == f.DNS_NXDOMAIN and is_known_elsewhere(e),
        state=State.LIKELY_BLOCKED,
        route=Route.ORDINARY,
        mechanism="dns.nxdomain",
        mechanisms=lambda e: ("dns.nxdomain",),
        why="a name either exists or does not; trouble in a resolver shows as another failure",
        source="OONI ts-017",
        pitfall=(
            "A name that has just been registered or has just expired would be accused. It must resolve for "
            "the control at the same time, or through an encrypted resolver from the same network."
        ),
        sentence=lambda e: (
            f"The network's resolver says that {name(e)} does not exist{at_hop(e.dns_hop)}; "
            f"{expected(e) if e.dns_expected else 'the control got the page'}."
        ),
    ),
    Rule(
        id=RuleId("dns.refused"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "the network's own resolver, alone or with an outside one, refuses to answer for the name; "
            "another answers genuinely, or the same ones answer for another name"
        ),
        holds=lambda e: _says(e, f.DNS_REFUSED, alone=True) and _name_alone(e),
        state=State.LIKELY_BLOCKED,
        route=Route.ORDINARY,
        mechanism="dns.refused",
        mechanisms=lambda e: ("dns.refused",),
        why="REFUSED is a policy, not a breakdown (RFC 1035 4.1.1)",
        source="RFC 1035",
        pitfall=(
            "A resolver that serves only its own customers would be accused. Another name must be answered "
            "by it, or another resolver must answer for this one."
        ),
        sentence=lambda e: f"The network's resolver refused to answer for {name(e)}; {expected(e)}.",
    ),
    Rule(
        id=RuleId("dns.no_data"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "the network's own resolver has no address for the name, and says so; another, asked from here, "
            "answers genuinely, or every other is silent here and the control got IPv4 addresses"
        ),
        holds=lambda e: (
            e.dns_system_failure in _EMPTY
            and bool(e.dns_expected)
            and (e.dns_other_ok or _nobody_else_can_be_asked(e))
        ),
        state=State.LIKELY_BLOCKED,
        route=Route.ORDINARY,
        mechanism="dns",
        mechanisms=lambda e: ("dns",),
        why=(
            "an empty answer is an answer; Android says the same of every answer without an address, and "
            "which one it was is lost"
        ),
        source="ooni/probe#2029",
        pitfall=(
            "A site with IPv6 alone, or IPv4 alone, would be accused. An empty answer for one kind of "
            "address does not count where the other gave some."
        ),
        sentence=lambda e: f"The network's resolver gave no address for {name(e)}; {expected(e)}.",
    ),
    Rule(
        id=RuleId("dns.servfail"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "the network's own resolver and an outside one, asked in the clear, both fail for the name; an "
            "encrypted one does not, or the same ones answer for another name"
        ),
        holds=lambda e: _says(e, f.DNS_SERVFAIL, alone=False) and _name_alone(e),
        state=State.LIKELY_BLOCKED,
        route=Route.ORDINARY,
        mechanism="dns.servfail",
        mechanisms=lambda e: ("dns.servfail",),
        why="one resolver may break down; two at once, for a name that resolves in private, do not",
        source="Banwatch",
        pitfall=(
            "Broken signatures (DNSSEC) fail at every strict resolver and would be accused. An encrypted "
            "resolver, which is as strict, must answer from the same network."
        ),
        sentence=lambda e: f"Every resolver asked in the clear fails for {name(e)}; {expected(e)}.",
    ),
    Rule(
        id=RuleId("dns.timeout"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "neither the network's own resolver nor an outside one, asked in the clear, answers for the "
            "name; an encrypted one does, or the same ones answer for another name"
        ),
        holds=lambda e: (
            e.dns_system_failure in _UNANSWERED
            and (not e.slow_probe or e.retested)
            and e.dns_plain_silent
            and _name_alone(e)
        ),
        state=State.LIKELY_BLOCKED,
        route=Route.ORDINARY,
        mechanism="dns.timeout",
        mechanisms=lambda e: ("dns.timeout",),
        why="a lost packet is asked for again; two resolvers silent on one name are made so",
        source="Banwatch",
        pitfall=(
            "A network that loses packets would be accused. The same resolvers must answer for another "
            "name, two questions must go unanswered, and a slow machine must have asked twice."
        ),
        sentence=lambda e: f"No resolver asked in the clear answers for {name(e)}; {expected(e)}.",
    ),
    Rule(
        id=RuleId("dns.trouble"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "the network's own resolver gives no address, for a reason that may be its own; the control has "
            "some"
        ),
        holds=lambda e: e.dns_system_failure is not None and is_known_elsewhere(e) and not page_came(e),
        state=State.IMPAIRED,
        route=Route.ORDINARY,
        mechanism="dns.{timeout,servfail}",
        mechanisms=lambda e: _named_trouble(e.dns_system_failure),
        why="resolvers break down",
        source="Banwatch",
        pitfall="A resolver's own outage would be laid on the site. No culprit is named.",
        sentence=lambda e: f"The network's resolver gave no address for {name(e)} ({e.dns_system_failure}).",
    ),
)
