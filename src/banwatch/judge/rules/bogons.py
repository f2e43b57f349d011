"""Rules about answers that no public name should have: private, loopback and reserved addresses."""

from banwatch.judge.rules.parts.phrases import at_hop, expected, is_known_elsewhere, listed, name
from banwatch.judge.rules.parts.rule import Rule
from banwatch.model import failure as f
from banwatch.model.evidence import Evidence
from banwatch.model.ids import RuleId
from banwatch.model.nettest import NettestKind
from banwatch.model.route import Route
from banwatch.model.state import Layer, State

_WEB = frozenset({NettestKind.WEB})


def _bogon(e: Evidence) -> bool:
    return bool(e.dns_bogons) and not e.control_bogon and is_known_elsewhere(e)


def _bogon_beside(e: Evidence) -> bool:
    """Whether the network's own resolver gave a bogon itself."""
    return not set(e.dns_bogons).isdisjoint(e.dns_answers)


def _bogon_unseen(e: Evidence) -> bool:
    """Whether the probe's own resolver code met a bogon and withheld it."""
    return e.dns_system_failure == f.DNS_BOGON and bool(e.dns_expected) and not e.control_bogon


BOGON_RULES: tuple[Rule, ...] = (
    Rule(
        id=RuleId("dns.bogon"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "the network's own resolver answers only with private, loopback or reserved addresses, and the "
            "name has public ones elsewhere"
        ),
        holds=lambda e: (_bogon(e) and e.dns_system_unvouched) or _bogon_unseen(e),
        state=State.BLOCKED,
        route=Route.ORDINARY,
        mechanism="dns.injection.bogon",
        mechanisms=lambda e: ("dns.injection.bogon",),
        why="no site that the world can reach lives at such an address",
        source="OONI ts-017; RFC 6890",
        pitfall=(
            "A name that is private by design (a router's, a company's, `uptime.signal.org`) would be "
            "accused. The name must have public addresses elsewhere, and the control must have seen no "
            "private one."
        ),
        sentence=lambda e: (
            f"{name(e)} resolved to {listed(e.dns_bogons or ('what the probe withheld',))}, not a public "
            f"address{at_hop(e.dns_hop)}; {expected(e)}."
        ),
    ),
    Rule(
        id=RuleId("dns.bogon_outside"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "an outside resolver, asked in the clear, answers with such an address; the network's own does "
            "not"
        ),
        holds=lambda e: (
            _bogon(e) and not e.dns_system_unvouched and bool(e.dns_answers) and not _bogon_beside(e)
        ),
        state=State.TAMPERED,
        route=Route.OUTSIDE,
        mechanism="dns.injection.bogon",
        mechanisms=lambda e: ("dns.injection.bogon",),
        why="answers of an outside resolver are replaced in the path",
        source="OONI ts-017",
        pitfall=(
            "A filter on the home router that answers for outside resolvers would be laid on the provider. "
            "It is `tampered`, no more, and the network's own resolver must be honest."
        ),
        sentence=lambda e: (
            f"Answers of outside resolvers for {name(e)} are replaced on the way: {listed(e.dns_bogons)}; "
            f"{expected(e)}."
        ),
    ),
    Rule(
        id=RuleId("dns.bogon_beside"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "the network's own resolver answers with such an address beside genuine ones that open here: for "
            "one kind of address alone"
        ),
        holds=lambda e: _bogon(e) and not e.dns_system_unvouched and _bogon_beside(e),
        state=State.TAMPERED,
        route=Route.ORDINARY,
        mechanism="dns.injection.bogon",
        mechanisms=lambda e: ("dns.injection.bogon",),
        why="some filters know questions for IPv4 addresses alone: what has IPv6 opens",
        source="Banwatch",
        pitfall=(
            "A name with a private address by mistake would be accused. The control must have seen no "
            "private one; and the site opens, so that nothing more than `tampered` is said."
        ),
        sentence=lambda e: (
            f"{name(e)} resolved to {listed(e.dns_bogons)} beside genuine addresses{at_hop(e.dns_hop)}; "
            f"{expected(e)}."
        ),
    ),
)
