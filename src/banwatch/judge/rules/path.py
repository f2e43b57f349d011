"""Rules about acts that only somebody on the path can commit: they hold without any control."""

from banwatch.judge.rules.parts.phrases import (
    at_hop,
    failed_for_control,
    host,
    is_before_any_word,
    is_by_name,
    listed,
    name,
    page_came,
    qualified,
)
from banwatch.judge.rules.parts.rule import Rule
from banwatch.judge.weighing.path_evidence import is_nearer
from banwatch.model import failure as f
from banwatch.model.evidence import Evidence
from banwatch.model.fate import Ending
from banwatch.model.ids import RuleId
from banwatch.model.nettest import NettestKind
from banwatch.model.route import Route
from banwatch.model.state import Layer, State

_WEB = frozenset({NettestKind.WEB})
_BY_NAME = frozenset({Ending.RESET, Ending.TIMEOUT})
"""Endings for which the taxonomy tells a cut by name from any other."""
_LOOKUPS = {
    f.DNS_NXDOMAIN: "dns.nxdomain",
    f.DNS_REFUSED: "dns.refused",
    f.DNS_SERVFAIL: "dns.servfail",
}


_NOTHING_FALSE = ("dns.injection",)
"""Said where no answer is false: silence alone, where packets get lost, puts nothing in doubt."""


def _cut_by(e: Evidence) -> tuple[str, ...]:
    """Return the mechanisms by which a handshake was cut; by name, where follow-ups show that."""
    return tuple(
        one
        for kind in e.tls_cut
        for one in (qualified(e, f"tls.{kind}") if kind in _BY_NAME else (f"tls.{kind}",))
    )


def _cut_somewhere(e: Evidence) -> tuple[str, ...]:
    if e.tls_cut:
        return ("tcp.reset",) if is_before_any_word(e) else _cut_by(e)
    if is_before_any_word(e):
        return ("tcp.reset",)
    return ("http.reset.host",) if is_by_name(e) else ("http.reset",)


def _is_early(e: Evidence) -> bool:
    return e.reset_early and not page_came(e) and not failed_for_control(e)


def _is_in_doubt(e: Evidence) -> bool:
    """Whether nothing vouches for the answers."""
    return e.dns_system_unvouched or e.dns_system_failure is not None or not e.dns_vouched_by


def _forged(e: Evidence) -> tuple[str, ...]:
    if e.dns_bogons:
        return ("dns.injection.bogon",)
    if e.dns_answers or e.dns_unvouched:
        return ("dns.injection.other",)
    failures = (e.dns_system_failure, *e.dns_other_failures)
    named = tuple(_LOOKUPS[failure] for failure in failures if failure in _LOOKUPS)
    return named[:1] or _NOTHING_FALSE


PATH_RULES: tuple[Rule, ...] = (
    Rule(
        id=RuleId("tls.outlived"),
        layer=Layer.TLS,
        kinds=_WEB,
        condition=(
            "every handshake was reset; on a connection that ignored resets some came, and then the site's "
            "own certificate, valid for the name"
        ),
        holds=lambda e: e.reset_outlived and Ending.RESET in e.tls_cut and e.tls_ok == 0,
        state=State.BLOCKED,
        mechanism="tls.reset.{sni,other}, tcp.reset",
        mechanisms=_cut_somewhere,
        why="a server that resets a connection does not go on with it: somebody else sent the resets",
        source="Clayton et al. 2006; Weaver et al. 2009",
        pitfall=(
            "A load balancer that resets one connection and serves the next would be accused. The resets "
            "and the certificate must come on the same connection, and the certificate must be valid for "
            "the name."
        ),
        sentence=lambda e: (
            f"Resets that did not come from {host(e)} ended the TLS handshake{at_hop(e.hop)}: where they "
            f"were ignored, the site's own answer came."
        ),
    ),
    Rule(
        id=RuleId("http.outlived"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition="the same of an unencrypted request: after the resets came the control's page",
        holds=lambda e: e.reset_outlived and not e.tls_cut and not page_came(e),
        state=State.BLOCKED,
        mechanism="http.reset.host, tcp.reset",
        mechanisms=_cut_somewhere,
        why="the same",
        source="Clayton et al. 2006",
        pitfall=(
            "A server that resets while it still sends would be accused. The page after the resets must be "
            "like the control's, on the same connection, and no page may have come otherwise."
        ),
        sentence=lambda e: (
            f"Resets that did not come from {host(e)} ended the request{at_hop(e.hop)}: where they were "
            f"ignored, the page came."
        ),
    ),
    Rule(
        id=RuleId("tls.before_server"),
        layer=Layer.TLS,
        kinds=_WEB,
        condition=(
            "a ClientHello whose time to live ends two hops or more before the address answers is cut all "
            "the same, or no router beyond ever sees it"
        ),
        holds=lambda e: is_nearer(e.cut_hops, e.server_hops) and bool(e.tls_cut) and e.tls_ok == 0,
        state=State.BLOCKED,
        mechanism="tls.{reset,timeout}.{sni,other}, tls.alert, tls.eof",
        mechanisms=_cut_by,
        why="the server never got that packet: somebody before it read it",
        source="Raman et al. 2022 (CenTrace); RFC 792",
        pitfall=(
            "Paths of unequal length would put a server behind its own address. Two hops of difference are "
            "asked for."
        ),
        sentence=lambda e: (
            f"The TLS handshake with {host(e)} is cut {e.cut_hops} hops away{at_hop(e.hop)}; the server is "
            f"{e.server_hops} hops away."
        ),
    ),
    Rule(
        id=RuleId("tls.early"),
        layer=Layer.TLS,
        kinds=_WEB,
        condition="every handshake was reset, twice at least, sooner than the address can answer",
        holds=lambda e: _is_early(e) and bool(e.tls_cut) and e.tls_ok == 0,
        state=State.LIKELY_BLOCKED,
        mechanism="tls.reset.{sni,other}, tcp.reset",
        mechanisms=_cut_somewhere,
        why="nothing comes back from an address in less than its shortest round trip",
        source="Weaver et al. 2009 (detecting forged resets)",
        pitfall=(
            "A content network's cache nearby would seem too quick. The round trips are those to the same "
            "address, two resets must be early, and none late."
        ),
        sentence=lambda e: (
            f"The TLS handshake with {host(e)} was reset sooner than the server can answer{at_hop(e.hop)}."
        ),
    ),
    Rule(
        id=RuleId("http.early"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition="the same of unencrypted requests",
        holds=lambda e: _is_early(e) and not e.tls_cut,
        state=State.LIKELY_BLOCKED,
        mechanism="http.reset.host, tcp.reset",
        mechanisms=_cut_somewhere,
        why="the same",
        source="Weaver et al. 2009",
        pitfall=(
            "A transparent cache would seem too quick. As for `tls.early`; and where the page came after "
            "all, nothing is said."
        ),
        sentence=lambda e: (
            f"The request to {host(e)} was reset sooner than the server can answer{at_hop(e.hop)}."
        ),
    ),
    Rule(
        id=RuleId("tls.split"),
        layer=Layer.TLS,
        kinds=_WEB,
        condition=(
            "every handshake with the whole name in one packet was cut; with the name cut in two, the same "
            "address answered with the site's own certificate"
        ),
        holds=lambda e: (
            e.tls_split_ok and bool(e.tls_cut) and e.tls_ok == 0 and not (e.slow_probe and not e.retested)
        ),
        state=State.LIKELY_BLOCKED,
        mechanism="tls.{reset,timeout}.sni, tls.alert, tls.eof",
        mechanisms=_cut_by,
        why="to a server both are the same bytes; they differ for who reads packets one by one",
        source="Bock et al. 2019 (Geneva); Xue et al. 2022",
        pitfall=(
            "A server that loses long packets (path MTU) would be accused. The split handshake must show "
            "the site's own certificate, and on a slow machine the whole one must have failed twice."
        ),
        sentence=lambda e: (
            f"The TLS handshake with {host(e)} is cut where its name comes in one packet{at_hop(e.hop)}; cut "
            f"in two, it goes through."
        ),
    ),
    Rule(
        id=RuleId("tls.anywhere"),
        layer=Layer.TLS,
        kinds=_WEB,
        condition=(
            "every handshake was cut, other than by an alert; at somebody else's address the name was cut "
            "too, and another name was not"
        ),
        holds=lambda e: (
            e.tls_name_cut_elsewhere
            and bool(set(e.tls_cut) - {Ending.ALERT})
            and e.tls_ok == 0
            and not (e.slow_probe and not e.retested)
        ),
        state=State.LIKELY_BLOCKED,
        mechanism="tls.{reset,timeout}.sni, tls.eof",
        mechanisms=_cut_by,
        why="two servers that have nothing to do with each other do not both refuse one name",
        source="Chai et al. 2019",
        pitfall=(
            "An address chosen for the comparison that refuses names it does not host would accuse. Alerts "
            "do not count, and another name must get through there."
        ),
        sentence=lambda e: (
            f"The TLS handshake with {host(e)} is cut at its own address{at_hop(e.hop)}, and at one that is "
            f"not its own, where another name gets through."
        ),
    ),
    Rule(
        id=RuleId("dns.before_resolver"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "a resolver's answers for the name come from two hops or more nearer than those for an innocent "
            "one, and nothing vouches for them"
        ),
        holds=lambda e: (
            is_nearer(e.dns_forger_hops, e.dns_resolver_hops)
            and _is_in_doubt(e)
            and _forged(e) != _NOTHING_FALSE
        ),
        state=State.BLOCKED,
        mechanism="dns.injection.{bogon,other}, dns.{nxdomain,refused,servfail}",
        mechanisms=_forged,
        why="the question never reached the resolver: somebody before it answered",
        source="OONI tq-012; Anonymous 2014 (towards a comprehensive picture of DNS injection)",
        pitfall=(
            "A resolver of the provider that answers in place of an outside one (transparent proxy) would "
            "be accused for an honest answer. The answer must be one that nothing vouches for."
        ),
        sentence=lambda e: (
            f"Questions for {name(e)} are answered {e.dns_forger_hops} hops away{at_hop(e.dns_hop)}; the "
            f"resolver asked is {e.dns_resolver_hops} hops away."
        ),
    ),
    Rule(
        id=RuleId("dns.impossible"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "a name below the target that cannot exist was answered in the clear, while the same resolver "
            "says inside HTTPS that there is none; nothing vouches for the target's own addresses"
        ),
        holds=lambda e: e.dns_sibling_forged and _is_in_doubt(e),
        state=State.BLOCKED,
        route=Route.OUTSIDE,
        mechanism="dns.injection.{bogon,other}",
        mechanisms=_forged,
        why="a forger answers for all names that end like one on its list",
        source="Hoang et al. 2021 (GFWatch)",
        pitfall=(
            "A provider that answers for every name that does not exist (search pages) would be accused. "
            "The same resolver must say inside HTTPS that there is none, and nothing may vouch for the "
            "target's own addresses."
        ),
        sentence=lambda e: (
            f"Even a name below {name(e)} that cannot exist was answered{at_hop(e.dns_hop)}, as was the name "
            f"itself, with {listed(e.dns_answers or e.dns_unvouched)}."
        ),
    ),
    Rule(
        id=RuleId("dns.case"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition="a resolver that refuses, denies or lies for the name answers when it is in mixed case",
        holds=lambda e: e.dns_case_differs and _is_in_doubt(e),
        state=State.LIKELY_BLOCKED,
        mechanism="dns.{nxdomain,refused}, dns.injection.{bogon,other}",
        mechanisms=_forged,
        why="names are the same in any case (RFC 4343): only somebody who compares letters tells them apart",
        source="RFC 4343; draft-vixie-dnsext-dns0x20",
        pitfall=(
            "A resolver that cannot handle mixed case would be accused. The answer in mixed case must be "
            "the honest one, and the other in doubt."
        ),
        sentence=lambda e: (
            f"Resolvers answer for {name(e)} in one way, and in another where it is written in mixed "
            f"case{at_hop(e.dns_hop)}."
        ),
    ),
)
