"""Rules about applications, circumvention tools, resolvers and middleboxes: nettests without a control."""

from banwatch.judge.rules.parts.phrases import listed
from banwatch.judge.rules.parts.rule import Rule
from banwatch.judge.thresholds import MOSTLY_ENDPOINTS, MOSTLY_SHARE, PARTLY_ENDPOINTS, PARTLY_SHARE
from banwatch.model.evidence import Evidence
from banwatch.model.fate import Fate
from banwatch.model.ids import RuleId
from banwatch.model.nettest import NettestKind
from banwatch.model.route import Route
from banwatch.model.state import Layer, State

_SERVICES = frozenset({NettestKind.ENDPOINTS, NettestKind.RESOLVER})
_BOOTSTRAP = frozenset({NettestKind.BOOTSTRAP})
_MIDDLEBOX = frozenset({NettestKind.MIDDLEBOX})
_STEPS = frozenset({NettestKind.STEPS, NettestKind.RESOLVER})

_NAMED: dict[str, str] = {
    Fate.DNS_NXDOMAIN: "dns.nxdomain",
    Fate.DNS_REFUSED: "dns.refused",
    Fate.DNS_SERVFAIL: "dns.servfail",
    Fate.DNS_GENERIC_TIMEOUT: "dns.timeout",
    Fate.DNS_TIMED_OUT: "dns.timeout",
    Fate.DNS_FORGED: "dns.injection.other",
    Fate.TCP_TIMEOUT: "tcp.timeout",
    Fate.TCP_REFUSED: "tcp.refused",
    Fate.TCP_RESET: "tcp.reset",
    Fate.TCP_UNREACHABLE: "ip.unreachable",
    Fate.TLS_RESET: "tls.reset",
    Fate.TLS_TIMEOUT: "tls.timeout",
    Fate.TLS_EOF: "tls.eof",
    Fate.TLS_ALERT: "tls.alert",
    Fate.QUIC_TIMEOUT: "quic.timeout",
    Fate.QUIC_RESET: "quic.reset",
    Fate.HTTP_RESET: "http.reset",
    Fate.HTTP_EOF: "http.eof",
    Fate.HTTP_TIMEOUT: "http.timeout",
}
"""Fates that name a mechanism; a certificate that a nettest pins may have outlived its authority, so none."""
_SUDDEN = frozenset(
    {
        Fate.DNS_NXDOMAIN,
        Fate.DNS_REFUSED,
        Fate.DNS_FORGED,
        Fate.TLS_RESET,
        Fate.TLS_EOF,
        Fate.TLS_ALERT,
        Fate.HTTP_RESET,
    }
)
"""Fates that no lost packet and no slow server brings about."""


def _mechanisms(e: Evidence) -> tuple[str, ...]:
    return tuple(sorted({_NAMED[fate] for fate in e.groups_fate if fate in _NAMED}))


def _none(e: Evidence) -> tuple[str, ...]:
    return ()


def _cut_off(e: Evidence) -> bool:
    """A group is lost, for reasons that all name a mechanism, while the network works."""
    if not e.groups_failed or e.silent or not all(fate in _NAMED for fate in e.groups_fate):
        return False
    works = bool(e.groups_ok) or e.answered
    return works and (e.groups_tries > 1 or bool(set(e.groups_fate) & _SUDDEN))


def _lost(e: Evidence, share: float, endpoints: int) -> bool:
    """Whether so large a share of so many endpoints failed, for reasons that all name a mechanism."""
    if e.groups_failed or not e.groups_partly or e.endpoints_lost_share is None:
        return False
    if not all(fate in _NAMED for fate in e.groups_partly_fate):
        return False
    return e.endpoints_lost_share >= share and e.endpoints_lost_of >= endpoints


def _mostly_lost(e: Evidence) -> bool:
    return _lost(e, MOSTLY_SHARE, MOSTLY_ENDPOINTS) and not e.dns_lossy and not e.slow_probe


def _partly_lost(e: Evidence) -> bool:
    return _lost(e, PARTLY_SHARE, PARTLY_ENDPOINTS) and not _mostly_lost(e)


def _partly_words(e: Evidence) -> str:
    fates = listed(tuple(fate.replace(".", " ") for fate in e.groups_partly_fate))
    return f"{listed(e.groups_partly)} failed ({fates})"


def _layer_words(e: Evidence) -> str:
    return listed(tuple(fate.replace(".", " ") for fate in e.groups_fate))


SERVICE_RULES: tuple[Rule, ...] = (
    Rule(
        id=RuleId("service.bogon"),
        layer=Layer.DNS,
        kinds=_SERVICES | _BOOTSTRAP,
        condition=(
            "a name that the application needs resolved to private, loopback or reserved addresses alone; "
            "lookups that the nettest's specification ignores do not count"
        ),
        holds=lambda e: bool(e.dns_bogon_names),
        state=State.BLOCKED,
        route=Route.ORDINARY,
        mechanism="dns.injection.bogon",
        mechanisms=lambda e: ("dns.injection.bogon",),
        why="the names that these nettests ask for are fixed, and have public addresses everywhere",
        source="the same specifications; RFC 6890",
        pitfall=(
            "A name that is private by design would accuse the whole world. Lookups that a specification "
            "ignores are listed beside the kinds of nettests and are never judged."
        ),
        sentence=lambda e: (
            f"A name of {e.target} ({listed(e.dns_bogon_names)}) resolved to "
            f"{listed(e.dns_bogons) if e.dns_bogons else 'a private address'}, not a public address."
        ),
    ),
    Rule(
        id=RuleId("service.cut"),
        layer=Layer.TCP,
        kinds=_SERVICES,
        condition=(
            "of some group of endpoints that the application needs none could be used, in two tries or more "
            "or by a cut that no loss explains, while something else on the network answered"
        ),
        holds=_cut_off,
        state=State.LIKELY_BLOCKED,
        mechanism="dns, ip, tcp, tls, quic, http",
        mechanisms=_mechanisms,
        why=(
            "one of a group is enough, so all of them must fail; they do so together where somebody names "
            "them"
        ),
        source=(
            "OONI ts-020 (Telegram), ts-018 (WhatsApp), ts-029 (Signal), ts-019 (Facebook Messenger), ts-023 "
            "(Tor)"
        ),
        pitfall=(
            "An endpoint that its operator has retired would accuse every network. All of a group must "
            "fail, in a way that names a mechanism, while something else on the network answers."
        ),
        sentence=lambda e: (
            f"Of {e.target}, nothing of “{listed(e.groups_failed)}” could be reached "
            f"({_layer_words(e)}){f', while “{listed(e.groups_ok)}” could' if e.groups_ok else ''}."
        ),
    ),
    Rule(
        id=RuleId("service.mostly_cut"),
        layer=Layer.TCP,
        kinds=_SERVICES,
        condition=(
            "four fifths or more of ten endpoints or more could not be used, for reasons that all name a "
            "mechanism, while others of the same groups could; no packet loss, no slow machine"
        ),
        holds=_mostly_lost,
        state=State.LIKELY_BLOCKED,
        mechanism="dns, ip, tcp, tls, quic, http",
        mechanisms=lambda e: tuple(sorted({_NAMED[fate] for fate in e.groups_partly_fate})),
        why="who blocks a list of addresses misses the newest; the rest of it fails together",
        source="OONI ts-023 (Tor), ts-018 (WhatsApp); Dunna et al. 2018 (Tor's bridges in China)",
        pitfall=(
            "A list of bridges that has grown old would accuse every network. Bridges and relays alone say "
            "nothing: the share is of a group that its operator keeps, or of all endpoints."
        ),
        sentence=lambda e: f"Most of {e.target} could not be reached: {_partly_words(e)}.",
    ),
    Rule(
        id=RuleId("service.partly"),
        layer=Layer.TCP,
        kinds=_SERVICES,
        condition=(
            "half or more of three endpoints or more could not be used, for reasons that all name a "
            "mechanism, while others of the same groups could"
        ),
        holds=_partly_lost,
        state=State.IMPAIRED,
        mechanism="",
        mechanisms=_none,
        why="one endpoint that answers does not make a service work where most do not",
        source="ooni/probe#2466 and net4people/bbs#247 (Telegram in Brazil, April 2023)",
        pitfall="An outage of some machines would be laid on the network. No culprit is named.",
        sentence=lambda e: (
            f"A part of {e.target} could not be reached: {_partly_words(e)}; why cannot be told."
        ),
    ),
    Rule(
        id=RuleId("service.works"),
        layer=Layer.HTTP,
        kinds=_SERVICES,
        condition=(
            "of every group of endpoints that was tried, some endpoint could be used, and less than half "
            "failed"
        ),
        holds=lambda e: bool(e.groups_ok) and not e.groups_failed and not _partly_lost(e),
        state=State.OK,
        mechanism="",
        mechanisms=_none,
        why="one endpoint of each group is enough for the application to work",
        source="the same specifications",
        pitfall=(
            "An application whose endpoints answer, but with somebody else's machines, would be cleared. An "
            "endpoint counts as usable only where its last step went well, TLS included."
        ),
        sentence=lambda e: (
            f"{e.target} could be reached ({listed(e.groups_ok)})"
            f"{f'; {_partly_words(e)}' if e.groups_partly else ''}."
        ),
    ),
    Rule(
        id=RuleId("service.trouble"),
        layer=Layer.TCP,
        kinds=_SERVICES,
        condition="of some group none could be used, and loss, load or an outdated nettest may be why",
        holds=lambda e: bool(e.groups_failed) and not e.silent and not _cut_off(e),
        state=State.IMPAIRED,
        mechanism="",
        mechanisms=_none,
        why="there is no control; pinned certificates expire in the nettest, not in the network",
        source="ooni/probe#2344, #2627 (Signal)",
        pitfall="An outage of the application would be laid on the network. No culprit is named.",
        sentence=lambda e: (
            f"Of {e.target}, “{listed(e.groups_failed)}” could not be reached ({_layer_words(e)}); why "
            f"cannot be told."
        ),
    ),
    Rule(
        id=RuleId("bootstrap.works"),
        layer=Layer.TCP,
        kinds=_BOOTSTRAP,
        condition="the program got its connection",
        holds=lambda e: e.outcome_success is True,
        state=State.OK,
        mechanism="",
        mechanisms=_none,
        why="a tunnel that stands is the whole test",
        source="OONI ts-015 (Psiphon), ts-030 (torsf), ts-016 (vanilla Tor), ts-040 (OpenVPN)",
        pitfall=(
            "A tunnel that comes up, but carries nothing, would be cleared. Nothing is said of what goes "
            "through it."
        ),
        sentence=lambda e: f"{e.target} connected.",
    ),
    Rule(
        id=RuleId("bootstrap.fails"),
        layer=Layer.TCP,
        kinds=_BOOTSTRAP,
        condition="the program got no connection in its time",
        holds=lambda e: e.outcome_success is False and not e.silent,
        state=State.IMPAIRED,
        mechanism="",
        mechanisms=_none,
        why=(
            "one tunnel that does not stand has many reasons; many on one network are a matter for the "
            "detector"
        ),
        source="Banwatch",
        pitfall=(
            "A program without its helper's list would be accused. No culprit is named by one measurement."
        ),
        sentence=lambda e: (
            f"{e.target} did not connect{f' ({e.outcome_failure})' if e.outcome_failure else ''}; one "
            f"measurement cannot tell why."
        ),
    ),
    Rule(
        id=RuleId("middlebox.alters"),
        layer=Layer.HTTP,
        kinds=_MIDDLEBOX,
        condition="what came back from our own server is not what was sent",
        holds=lambda e: e.outcome_tampered is True,
        state=State.TAMPERED,
        mechanism="http.tamper",
        mechanisms=lambda e: ("http.tamper",),
        why="the server sends back what it got; somebody between changed it",
        source="OONI ts-006, ts-007",
        pitfall=(
            "A broken echo server would be accused of the network's doing. What came back must contradict "
            "what was sent, and the probe must have said so itself; no answer says nothing."
        ),
        sentence=lambda e: "Something on this network alters HTTP requests on their way.",
    ),
    Rule(
        id=RuleId("middlebox.none"),
        layer=Layer.HTTP,
        kinds=_MIDDLEBOX,
        condition="what came back is what was sent",
        holds=lambda e: e.outcome_tampered is False,
        state=State.OK,
        mechanism="",
        mechanisms=_none,
        why="nothing was changed",
        source="OONI ts-006, ts-007",
        pitfall=(
            "A device that changes other requests than these would be cleared. Nothing is said of any site."
        ),
        sentence=lambda e: "HTTP requests arrive as they were sent.",
    ),
    Rule(
        id=RuleId("steps.work"),
        layer=Layer.HTTP,
        kinds=_STEPS,
        condition="a nettest of single steps met no failure, and has more than lookups to show",
        holds=lambda e: not e.groups_failed and e.outcome_failure is None and e.connected,
        state=State.OK,
        mechanism="",
        mechanisms=_none,
        why="every step went well",
        source="OONI ts-022 (urlgetter), ts-025 (STUN), ts-039 (ECH)",
        pitfall=(
            "A page that came from somebody else would be cleared. Every step must have gone well, more "
            "than lookups, and nothing is said of a group that failed."
        ),
        sentence=lambda e: f"Every step towards {e.target} went well.",
    ),
)
