"""Rules for probes that record less: those of 2012 to 2020 kept no TLS handshakes."""

from banwatch.judge.rules.parts.phrases import at_hop, host
from banwatch.judge.rules.parts.rule import Rule
from banwatch.model.evidence import Evidence
from banwatch.model.fate import Ending
from banwatch.model.ids import RuleId
from banwatch.model.nettest import HTTP_REQUESTS, NettestKind
from banwatch.model.state import Layer, State

_CUT: dict[str, str] = {Ending.RESET: "tls.reset", Ending.EOF: "tls.eof"}


def _no_handshakes(e: Evidence) -> bool:
    """Whether the last hop has no record of a handshake."""
    counts = (e.tls_ok, e.tls_reset, e.tls_timeout, e.tls_eof, e.tls_alert, e.tls_other, e.tls_unfair)
    return not any(counts) and not e.tls_mitm and not e.tls_cut


def _was_connect_recorded(e: Evidence) -> bool:
    counts = (
        e.tcp_ok,
        e.tcp_timeout,
        e.tcp_refused,
        e.tcp_reset,
        e.tcp_unreachable,
        e.tcp_other,
        e.tcp_unfair,
    )
    return any(counts)


def _reset_without_steps(e: Evidence) -> bool:
    """Whether a probe that records requests alone was reset, where its control got the page."""
    if e.test_name != HTTP_REQUESTS or e.http_kind != Ending.RESET or not e.control_http:
        return False
    return not _was_connect_recorded(e) and not e.http_again_ok


def _request_cut(e: Evidence) -> bool:
    if not e.http_encrypted or e.http_kind not in _CUT or not _no_handshakes(e):
        return False
    if e.dns_system_unvouched or e.http_again_ok or not e.control_http:
        return False
    return e.tcp_ok > 0 and e.http_genuine


ERA_RULES: tuple[Rule, ...] = (
    Rule(
        id=RuleId("tls.request_cut"),
        layer=Layer.TLS,
        kinds=frozenset({NettestKind.WEB}),
        condition=(
            "a probe that keeps no handshakes connected to a genuine address, and its HTTPS request was "
            "reset or closed without a response; the control got the page"
        ),
        holds=_request_cut,
        state=State.LIKELY_BLOCKED,
        mechanism="tls.reset, tls.eof",
        mechanisms=lambda e: (_CUT[e.http_kind or ""],),
        why="an HTTPS request sends the name in the clear first, and the cut came after the connect",
        source="OONI ts-017; ooni/probe-engine#769",
        pitfall=(
            "An old probe's certificates or its version of TLS would be laid on the network. Only a reset or "
            "an end of the connection counts: what OpenSSL itself complains of, and time-outs, accuse nobody."
        ),
        sentence=lambda e: (
            f"The HTTPS request to {host(e)} was {'reset' if e.http_kind == Ending.RESET else 'closed'} "
            f"after TCP had connected{at_hop(e.hop)}; the control got the page."
        ),
    ),
    Rule(
        id=RuleId("http.request_reset"),
        layer=Layer.HTTP,
        kinds=frozenset({NettestKind.WEB}),
        condition=(
            "a probe that records requests alone (`http_requests`) was reset; the same request over Tor got "
            "the page"
        ),
        holds=_reset_without_steps,
        state=State.LIKELY_BLOCKED,
        mechanism="http.reset, tls.reset",
        mechanisms=lambda e: ("tls.reset",) if e.http_encrypted else ("http.reset",),
        why="a closed port is refused, and a lost packet times out: a reset is somebody's act",
        source="OONI ts-003",
        pitfall=(
            "A server that resets what a network sends would be accused. The same request got the page over "
            "Tor, where servers refuse more; refusals, time-outs and ends of connections do not count."
        ),
        sentence=lambda e: f"The request to {host(e)} was reset; the same request over Tor got the page.",
    ),
)
