"""Rules about the addresses that a name resolved to."""

from banwatch.judge.rules.bogons import BOGON_RULES
from banwatch.judge.rules.parts.phrases import at_hop, expected, listed, name, page_came
from banwatch.judge.rules.parts.rule import Rule
from banwatch.model.evidence import Evidence
from banwatch.model.fate import Fate
from banwatch.model.ids import RuleId
from banwatch.model.nettest import NettestKind
from banwatch.model.route import Route
from banwatch.model.state import Layer, State

_WEB = frozenset({NettestKind.WEB})
_NOT_THE_SITE = frozenset({Fate.TLS_CERTIFICATE, Fate.CONTROL_CERTIFICATE, Fate.HTTP_DIFFERS})
"""Fates that show that an address is not the site's."""
_DEAD = frozenset({Fate.TCP_TIMEOUT, Fate.TCP_REFUSED, Fate.TCP_RESET, Fate.TCP_UNREACHABLE, Fate.TCP_OTHER})
_CUT = frozenset(
    {
        Fate.TLS_RESET,
        Fate.TLS_TIMEOUT,
        Fate.TLS_EOF,
        Fate.TLS_ALERT,
        Fate.TLS_OTHER,
        Fate.HTTP_RESET,
        Fate.HTTP_EOF,
    }
)
_TRIED = _NOT_THE_SITE | _DEAD | _CUT | {Fate.CONTROL_UNREACHABLE}


def _dead_everywhere(e: Evidence) -> bool:
    fate = set(e.dns_fate)
    return Fate.CONTROL_UNREACHABLE in fate and bool(fate & (_DEAD | _CUT))


def _mute_everywhere(e: Evidence) -> bool:
    """Whether the false address connects, and every handshake there failed, for the control too."""
    fate = set(e.dns_fate)
    return Fate.CONTROL_CUT in fate and bool(fate & _CUT) and Fate.HTTP_SAME not in fate


def _not_the_site(e: Evidence) -> bool:
    """Whether the false address is not the site; a certificate counts only where the site's own is good."""
    fate = set(e.dns_fate)
    own_is_good = e.control_http or e.tls_ok > 0
    return Fate.HTTP_DIFFERS in fate or (own_is_good and bool(fate & _NOT_THE_SITE))


def _forged_out_of_nothing(e: Evidence) -> bool:
    """A name that does not exist got an address from more than a resolver that answers for all of these."""
    return e.dns_nowhere_else and bool(e.dns_nowhere_outside or e.dns_bogons or e.dns_fingerprints)


def _injection(e: Evidence) -> tuple[str, ...]:
    """Return the forgery; inside the probe's own network it may well be the server of a block page."""
    return ("dns.injection",) if e.dns_unvouched_inside else ("dns.injection.other",)


DNS_RULES: tuple[Rule, ...] = (
    Rule(
        id=RuleId("dns.known_answer"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition="the answer is a known forged one, of this country or of any",
        holds=lambda e: bool(e.dns_fingerprints),
        state=State.BLOCKED,
        route=Route.ORDINARY,
        mechanism="dns.injection.blockpage",
        mechanisms=lambda e: ("dns.injection.blockpage",),
        why="addresses and names that censors are known to answer with belong to nobody else",
        source="ooni/blocking-fingerprints; Citizen Lab",
        pitfall=(
            "A site that moves to an address once used for block pages would be accused, and so would its "
            "visitors abroad. Addresses that the control or an encrypted resolver got are never searched, "
            "and an answer known of one country counts only there."
        ),
        sentence=lambda e: (
            f"{name(e)} resolved to a known block page server "
            f"({listed(e.dns_fingerprints)}){at_hop(e.dns_hop)}."
        ),
    ),
    *BOGON_RULES,
    Rule(
        id=RuleId("dns.conflict"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "one question got a genuine answer and one that nothing vouches for, the network's own resolver "
            "gave only the latter kind, and the site is not at the false address"
        ),
        holds=lambda e: (
            e.dns_conflicting
            and e.dns_system_unvouched
            and bool(e.dns_unvouched)
            and bool(set(e.dns_fate) & _TRIED)
        ),
        state=State.BLOCKED,
        route=Route.ORDINARY,
        mechanism="dns.injection.other",
        mechanisms=_injection,
        why="a forger on the path cannot stop the genuine answer, which arrives after the forged one",
        source="Triplet Censors (FOCI 2020); OONI tq-002",
        pitfall=(
            "A site whose name servers rotate between two answers would be accused. The two must answer one "
            "and the same question, and the site must be absent at the false address."
        ),
        sentence=lambda e: (
            f"{name(e)} got two answers to one question: first {listed(e.dns_unvouched)}, where the site is "
            f"not, then the genuine one; {expected(e)}."
        ),
    ),
    Rule(
        id=RuleId("dns.from_nowhere"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "an address that runs no resolver was asked and answered, and the network's own resolver answers "
            "only with addresses that nothing vouches for"
        ),
        holds=lambda e: e.dns_from_nowhere and e.dns_system_unvouched and bool(e.dns_unvouched),
        state=State.BLOCKED,
        route=Route.ORDINARY,
        mechanism="dns.injection.other",
        mechanisms=_injection,
        why="nobody is there to answer: somebody on the path did",
        source="OONI tq-012; Lowe et al. 2007",
        pitfall=(
            "A provider that redirects every lookup to its own honest resolver would be accused. The "
            "network's own answers must be ones that nothing vouches for."
        ),
        sentence=lambda e: (
            f"{name(e)} resolved to {listed(e.dns_unvouched)}, and even an address without a resolver "
            f"answered; {expected(e)}."
        ),
    ),
    Rule(
        id=RuleId("dns.wrong_host"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "the network's own resolver answers only with addresses that nothing vouches for, and what is "
            "there is not the site: its certificate is for another name, or its page another one"
        ),
        holds=lambda e: e.dns_system_unvouched and bool(e.dns_unvouched) and _not_the_site(e),
        state=State.LIKELY_BLOCKED,
        route=Route.ORDINARY,
        mechanism="dns.injection.other",
        mechanisms=_injection,
        why="a content network's own address would have shown a valid certificate or the page",
        source="OONI ts-017; Pearce et al. 2017 (Iris)",
        pitfall=(
            "A content network whose edge serves another certificate would be accused. The address must be "
            "of another AS and without a valid certificate, and the site's own certificate must be good "
            "elsewhere, or the page there another one."
        ),
        sentence=lambda e: (
            f"{name(e)} resolved to {listed(e.dns_unvouched)}, where another site lives{at_hop(e.dns_hop)}; "
            f"{expected(e)}."
        ),
    ),
    Rule(
        id=RuleId("dns.dead_host"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "the network's own resolver answers only with addresses that nothing vouches for, at which "
            "neither the probe nor the control reached anything, while the control reached the site at others"
        ),
        holds=lambda e: (
            e.dns_system_unvouched
            and bool(e.dns_unvouched)
            and _dead_everywhere(e)
            and e.control_tcp
            and e.control_http
        ),
        state=State.LIKELY_BLOCKED,
        route=Route.ORDINARY,
        mechanism="dns.injection.other",
        mechanisms=_injection,
        why="forged answers often point to hosts that do not listen",
        source="GFWatch (USENIX Security 2021)",
        pitfall=(
            "A cache that is open only to the provider's customers, and is down, would be accused. Neither "
            "the probe nor the control may reach the address, and the control must reach the site at "
            "another."
        ),
        sentence=lambda e: (
            f"{name(e)} resolved to {listed(e.dns_unvouched)}, where nothing answers "
            f"anybody{at_hop(e.dns_hop)}; {expected(e)}."
        ),
    ),
    Rule(
        id=RuleId("dns.mute_host"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "the network's own resolver answers only with addresses that nothing vouches for, at which no "
            "handshake went well for the probe or the control, while the control's did at others"
        ),
        holds=lambda e: (
            e.dns_system_unvouched
            and bool(e.dns_unvouched)
            and _mute_everywhere(e)
            and e.control_tls_failure is None
            and e.control_http
        ),
        state=State.LIKELY_BLOCKED,
        route=Route.ORDINARY,
        mechanism="dns.injection.other",
        mechanisms=_injection,
        why="a site does not send one network alone to a machine that speaks TLS with nobody",
        source="GFWatch (USENIX Security 2021)",
        pitfall=(
            "A broken machine of the site would be called a forgery. It must be in another network than all "
            "that the control and encrypted resolvers got, and the page must have come to the control."
        ),
        sentence=lambda e: (
            f"{name(e)} resolved to {listed(e.dns_unvouched)}, which completes TLS with "
            f"nobody{at_hop(e.dns_hop)}; {expected(e)}."
        ),
    ),
    Rule(
        id=RuleId("dns.inside_cut"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "an outside resolver that tells no site who asks, asked in the clear, answers with a host inside "
            "the probe's own network, which neither the control nor an encrypted resolver got, and no page "
            "came"
        ),
        holds=lambda e: e.dns_inside and not page_came(e) and e.control_http,
        state=State.LIKELY_BLOCKED,
        route=Route.OUTSIDE,
        mechanism="dns.injection",
        mechanisms=lambda e: ("dns.injection",),
        why="such an answer was put in by the network itself",
        source="RFC 7871 (who sends a client subnet)",
        pitfall=(
            "A content network's cache inside the provider would be accused. The outside resolver must be "
            "one that sends no client subnet, and a valid certificate there clears the address."
        ),
        sentence=lambda e: (
            f"Outside resolvers seemed to answer for {name(e)} with a host inside the probe's own network; "
            f"{expected(e)}."
        ),
    ),
    Rule(
        id=RuleId("dns.inside_proxy"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition="the same, but the page came: a proxy of the network stands in the path",
        holds=lambda e: e.dns_inside and page_came(e) and e.http_status_match is not False,
        state=State.TAMPERED,
        route=Route.OUTSIDE,
        mechanism="dns.injection",
        mechanisms=lambda e: ("dns.injection",),
        why="reachable, but what is read and by whom is up to the network",
        source="OONI QA: DNS hijacking to a proxy",
        pitfall=(
            "The same cache. As for `dns.inside_cut`; and the page came, so that nothing more than "
            "`tampered` is said."
        ),
        sentence=lambda e: (
            f"The page of {name(e)} came, but outside resolvers seemed to answer with a host inside the "
            f"probe's own network; {expected(e)}."
        ),
    ),
    Rule(
        id=RuleId("dns.proxy"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "the network's own resolver answers only with addresses that nothing vouches for, some inside "
            "the probe's own network, and the genuine page came from there, unencrypted"
        ),
        holds=lambda e: (
            e.dns_system_unvouched
            and bool(e.dns_unvouched)
            and e.dns_unvouched_inside
            and Fate.HTTP_SAME in e.dns_fate
            and not (set(e.dns_fate) & _NOT_THE_SITE)
            and not e.http_encrypted
        ),
        state=State.TAMPERED,
        route=Route.ORDINARY,
        mechanism="dns.injection",
        mechanisms=lambda e: ("dns.injection",),
        why="a host that is not the site's hands on its page: a proxy",
        source="ooni/probe#1975",
        pitfall=(
            "A cache of the site inside the provider would be called a proxy. A valid certificate at the "
            "address clears it, and `tampered` is all that is said."
        ),
        sentence=lambda e: (
            f"The genuine page came, but from {listed(e.dns_unvouched)}, which is not the site's; "
            f"{expected(e)}."
        ),
    ),
    Rule(
        id=RuleId("dns.conflict_outside"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "one question to an outside resolver got a genuine answer and one that nothing vouches for; the "
            "network's own resolver answers genuinely"
        ),
        holds=lambda e: (
            e.dns_conflicting and not e.dns_system_unvouched and bool(e.dns_answers) and bool(e.dns_unvouched)
        ),
        state=State.TAMPERED,
        route=Route.OUTSIDE,
        mechanism="dns.injection.other",
        mechanisms=_injection,
        why="answers of outside resolvers are forged in the path",
        source="OONI tq-002",
        pitfall=(
            "Rotating answers would seem to conflict. The two must answer one question, and nothing may "
            "vouch for the second."
        ),
        sentence=lambda e: (
            f"Outside resolvers were answered twice for {name(e)}: {listed(e.dns_unvouched)} besides the "
            f"genuine address."
        ),
    ),
    Rule(
        id=RuleId("dns.nowhere_else"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "the control, and every encrypted resolver asked, say that there is no such name; here outside "
            "resolvers, asked in the clear, give an address, or the network's own a private or known one"
        ),
        holds=_forged_out_of_nothing,
        state=State.LIKELY_BLOCKED,
        route=Route.ORDINARY,
        mechanism="dns.injection",
        mechanisms=lambda e: ("dns.injection",),
        why="forgers answer for a name on their list whether it exists or not",
        source="OONI QA: ghost DNS blocking",
        pitfall=(
            "A new name that the control has not seen yet would be accused, and so would a provider that "
            "sends every unknown name to its search page. Every encrypted resolver must say the same as the "
            "control, and a public address from the network's own resolver alone does not count."
        ),
        sentence=lambda e: f"{name(e)} exists nowhere else, but resolved here to {listed(e.dns_answers)}.",
    ),
    Rule(
        id=RuleId("dns.rewritten"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "the control says that there is no such name, and the network's own resolver alone gives a "
            "public address for it"
        ),
        holds=lambda e: e.dns_nowhere_else and not _forged_out_of_nothing(e),
        state=State.DOWN,
        route=Route.ORDINARY,
        mechanism="",
        mechanisms=lambda e: (),
        why="providers answer for every name that does not exist; the site is gone for everybody",
        source="ooni/probe-ios#79; Weaver et al. 2011 (redirecting DNS for ads and profit)",
        pitfall=(
            "A provider that forges the names of its list, of which this one no longer exists, would be "
            "passed over. Nobody loses a site by it; a known page or address is accused all the same."
        ),
        sentence=lambda e: (
            f"{name(e)} does not exist for the control; the network's own resolver answers for it all the "
            f"same ({listed(e.dns_answers)}), as some do for every unknown name."
        ),
    ),
)
