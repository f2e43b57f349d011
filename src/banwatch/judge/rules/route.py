"""Rules about the route: what ordinary people meet, and whose resolver spoke."""

from banwatch.judge.rules.parts.phrases import at_hop, expected, host, listed, name
from banwatch.judge.rules.parts.rule import Rule
from banwatch.model import failure as f
from banwatch.model.evidence import Evidence
from banwatch.model.ids import RuleId
from banwatch.model.nettest import NettestKind
from banwatch.model.route import Route
from banwatch.model.state import Layer, State

_WEB = frozenset({NettestKind.WEB})
_SERVICES = frozenset({NettestKind.ENDPOINTS, NettestKind.RESOLVER, NettestKind.BOOTSTRAP})


def _only_forged(e: Evidence) -> bool:
    """The network's resolver gives nothing, and answers of outside ones are false."""
    if e.dns_system_failure is None or not e.dns_expected or e.control_bogon:
        return False
    return bool(e.dns_bogons) or e.dns_conflicting


def _forged(e: Evidence) -> tuple[str, ...]:
    return ("dns.injection.bogon",) if e.dns_bogons else ("dns.injection.other",)


def _lookup_failed(e: Evidence) -> tuple[str, ...]:
    if e.dns_system_failure in f.TIMEOUTS:
        return ("dns.timeout",)
    return ("dns.servfail",) if e.dns_system_failure == f.DNS_SERVFAIL else ()


ROUTE_RULES: tuple[Rule, ...] = (
    Rule(
        id=RuleId("dns.only_forged"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "the network's own resolver gives no address, and outside resolvers, asked in the clear, are "
            "answered with private ones, or twice, once falsely; the name has public addresses elsewhere"
        ),
        holds=_only_forged,
        state=State.LIKELY_BLOCKED,
        route=Route.ORDINARY,
        mechanism="dns.injection.{bogon,other}",
        mechanisms=_forged,
        why="who asks the network's resolver gets nothing, and who asks another gets a lie",
        source="OONI ts-017, tq-002",
        pitfall=(
            "A resolver that breaks down beside a home router's own filter would be taken for the provider's "
            "doing. Both must happen at once for a name that resolves elsewhere; it is never `blocked`."
        ),
        sentence=lambda e: (
            f"The network's resolver gave no address for {name(e)} ({e.dns_system_failure}), and answers of "
            f"outside resolvers are forged{at_hop(e.dns_hop)}: {listed(e.dns_bogons or e.dns_unvouched)}; "
            f"{expected(e)}."
        ),
    ),
    Rule(
        id=RuleId("page.other_route"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "a page came, but only from an address that an outside or encrypted resolver or the control "
            "gave; the network's own resolver gave no address that works"
        ),
        holds=lambda e: e.page_by_other_route,
        state=State.IMPAIRED,
        route=Route.OUTSIDE,
        mechanism="dns.{timeout,servfail}",
        mechanisms=_lookup_failed,
        why="ordinary people ask the network's resolver, and do not get this page",
        source="Banwatch",
        pitfall=(
            "A resolver that failed for a moment would be laid on the provider, or the page be called "
            "reachable. Alone this accuses nobody and absolves nobody; other rules accuse."
        ),
        sentence=lambda e: (
            f"The page of {host(e)} came, but by another route than everybody's: the network's own resolver "
            f"gave no address that works{f' ({e.dns_system_failure})' if e.dns_system_failure else ''}."
        ),
    ),
    Rule(
        id=RuleId("resolver.chosen"),
        layer=Layer.DNS,
        kinds=_WEB | _SERVICES,
        condition=(
            "the probe's system asks a resolver outside the network that filters by its user's choice, or a "
            "foreign one, and this one gave no address or a false one, while no honest resolver asked in the "
            "clear is made to lie about the name"
        ),
        holds=lambda e: bool(e.chosen_resolver),
        state=State.INSUFFICIENT,
        route=Route.OUTSIDE,
        mechanism="",
        mechanisms=lambda e: (),
        why="the resolver that a person, a school or a program on the device chose is not the network's",
        source="AdguardTeam/AdguardFilters#86501; ooni/probe#526, #1534",
        pitfall=(
            "A network that forges answers of resolvers abroad would hide behind the people who chose one. "
            "Answers of a resolver that lies to nobody, asked in the clear, and every cut on the path still "
            "accuse."
        ),
        sentence=lambda e: (
            f"The device asks a resolver that is not the network's ({e.chosen_resolver}), and what that one "
            f"withholds says nothing of the network."
        ),
    ),
    Rule(
        id=RuleId("tls.device"),
        layer=Layer.TLS,
        kinds=_WEB,
        condition=(
            "the certificate shown is by the authority of an antivirus, a parental control or a debugger"
        ),
        holds=lambda e: bool(e.tls_device_authority),
        state=State.INSUFFICIENT,
        mechanism="",
        mechanisms=lambda e: (),
        why="such programs open every connection of the device that they run on",
        source="Durumeric et al. 2017 (The Security Impact of HTTPS Interception)",
        pitfall=(
            "A censor could call its authority by a program's name. Nothing is claimed then for this "
            "measurement, and every other authority that nobody knows is accused."
        ),
        sentence=lambda e: (
            f"A program on the device ({e.tls_device_authority}) opened the connection to {host(e)}; what "
            f"the network does there does not show."
        ),
    ),
)
