"""Rules about TCP connections and TLS handshakes at genuine addresses."""

from banwatch.judge.rules.parts.phrases import (
    at_hop,
    host,
    is_before_any_word,
    not_by_chance,
    page_came,
    qualified,
    whereabouts,
)
from banwatch.judge.rules.parts.rule import Rule
from banwatch.model import failure as f
from banwatch.model.evidence import Evidence
from banwatch.model.ids import RuleId
from banwatch.model.nettest import NettestKind
from banwatch.model.state import Layer, State

_WEB = frozenset({NettestKind.WEB})


def _only_failed(e: Evidence) -> bool:
    return e.tcp_ok == 0 and not page_came(e)  # a page that came over TCP proves a connect, recorded or not


def _times(count: int) -> str:
    return "once" if count == 1 else "twice" if count == 2 else f"{count} times"


def _handshakes_cut(e: Evidence) -> bool:
    return e.tls_ok == 0 and e.tcp_ok > 0


def _stopped(e: Evidence) -> str:
    hops = e.stopped_hops
    return f", {hops} hop{'s' if hops != 1 else ''} away" if hops is not None else ""


def _beside(e: Evidence) -> str:
    if e.tls_other_name_ok and not e.tls_other_name_cut:
        return "; another name got through at the same address"
    return "; the control completed it"


CONNECTION_RULES: tuple[Rule, ...] = (
    Rule(
        id=RuleId("ip.unreachable"),
        layer=Layer.IP,
        kinds=_WEB,
        condition=(
            "a router says that the host is unreachable, at every genuine address; the control connected"
        ),
        holds=lambda e: _only_failed(e) and e.tcp_unreachable > 0,
        state=State.LIKELY_BLOCKED,
        mechanism="ip.unreachable",
        mechanisms=lambda e: ("ip.unreachable",),
        why="somebody on the path answers for a host that is up",
        source="OONI ts-017",
        pitfall=(
            "A phone without IPv6, or a router that has lost a route, would be accused. IPv6 counts only "
            "where some IPv6 worked, and the control must have connected."
        ),
        sentence=lambda e: (
            f"A router on the way says that {host(e)} is unreachable{at_hop(e.hop)}; the control connected."
        ),
    ),
    Rule(
        id=RuleId("tcp.timeout"),
        layer=Layer.TCP,
        kinds=_WEB,
        condition=(
            "no connect to a genuine address succeeds, some time out (two, where lookups get lost too or "
            "time-outs are short; none on a slow machine, unless tried again with patience); the control "
            "connected"
        ),
        holds=lambda e: _only_failed(e) and e.tcp_timeout > 0 and not_by_chance(e, e.tcp_timeout),
        state=State.LIKELY_BLOCKED,
        mechanism="tcp.timeout",
        mechanisms=lambda e: ("tcp.timeout",),
        why="a connect is tried again for seconds: one lost packet does not stop it",
        source="OONI ts-017; RFC 6298",
        pitfall=(
            "A lossy or slow network would be accused. The control must have connected there; two time-outs "
            "are asked for where lookups get lost or time-outs are short."
        ),
        sentence=lambda e: (
            f"Connecting to {host(e)} timed out {_times(e.tcp_timeout)}{_stopped(e)}{at_hop(e.hop)}; the "
            f"control connected."
        ),
    ),
    Rule(
        id=RuleId("tcp.refused"),
        layer=Layer.TCP,
        kinds=_WEB,
        condition="no connect to a genuine address succeeds, some are refused; the control connected",
        holds=lambda e: _only_failed(e) and e.tcp_refused > 0,
        state=State.LIKELY_BLOCKED,
        mechanism="tcp.refused",
        mechanisms=lambda e: ("tcp.refused",),
        why="a reset in answer to the first packet looks like a closed port; the control found it open",
        source="OONI ts-017",
        pitfall=(
            "A server that has just closed its port would be accused. The control must have found it open "
            "at the same address."
        ),
        sentence=lambda e: (
            f"Connecting to {host(e)} was refused {_times(e.tcp_refused)}{_stopped(e)}{at_hop(e.hop)}; the "
            f"control connected."
        ),
    ),
    Rule(
        id=RuleId("tcp.reset"),
        layer=Layer.TCP,
        kinds=_WEB,
        condition=(
            "no connect to a genuine address succeeds, some are reset; or connections are reset before "
            "anything is said; the control connected"
        ),
        holds=lambda e: (
            (_only_failed(e) and e.tcp_reset > 0)
            or (_handshakes_cut(e) and e.tls_reset > 0 and is_before_any_word(e) and not page_came(e))
        ),
        state=State.LIKELY_BLOCKED,
        mechanism="tcp.reset",
        mechanisms=lambda e: ("tcp.reset",),
        why="the same, by a reset within the handshake",
        source="OONI ts-017",
        pitfall=(
            "A server under load that resets what it cannot take would be accused. The control must have "
            "connected at the same address."
        ),
        sentence=lambda e: f"Connecting to {host(e)} was reset{at_hop(e.hop)}; the control connected.",
    ),
    Rule(
        id=RuleId("tls.forged"),
        layer=Layer.TLS,
        kinds=_WEB,
        condition=(
            "at an address where the control completed TLS, the certificate is of no known authority, by our "
            "own check"
        ),
        holds=lambda e: (
            bool(set(e.tls_mitm) - {""})
            and e.tls_ok == 0
            and e.tls_certificate_failure == f.SSL_UNKNOWN_AUTHORITY
        ),
        state=State.BLOCKED,
        mechanism="tls.mitm.{self_signed,ca_signed}",
        mechanisms=lambda e: tuple(f"tls.mitm.{kind}" for kind in e.tls_mitm if kind),
        why="somebody between sits in the connection with a certificate of their own making",
        source="OONI tq-021; Raman et al. 2020 (Kazakhstan's interception)",
        pitfall=(
            "An old root store, a wrong clock or a private authority of the site would be accused. The "
            "chain is examined again with our own roots, and the control must have completed TLS at the "
            "same address."
        ),
        sentence=lambda e: (
            f"Somebody else's certificate was shown for {host(e)}{at_hop(e.hop)}; the control saw a valid "
            f"one."
        ),
    ),
    Rule(
        id=RuleId("tls.wrong_certificate"),
        layer=Layer.TLS,
        kinds=_WEB,
        condition="the same, but the certificate is for another name, or was not recorded",
        holds=lambda e: (
            bool(e.tls_mitm)
            and e.tls_ok == 0
            and not (set(e.tls_mitm) - {""} and e.tls_certificate_failure == f.SSL_UNKNOWN_AUTHORITY)
        ),
        state=State.LIKELY_BLOCKED,
        mechanism="tls.mitm",
        mechanisms=lambda e: ("tls.mitm",),
        why="the connection ended at another host than the control's",
        source="OONI tq-021",
        pitfall=(
            "A shared server that shows another site's certificate would be accused. The control must have "
            "completed TLS for this name at the same address."
        ),
        sentence=lambda e: (
            f"The certificate shown for {host(e)} is not valid{at_hop(e.hop)} ({e.tls_certificate_failure}); "
            f"the control saw a valid one."
        ),
    ),
    Rule(
        id=RuleId("tls.reset"),
        layer=Layer.TLS,
        kinds=_WEB,
        condition=(
            "TCP connects to a genuine address, then every TLS handshake fails, some by a reset, but not "
            "without a word; the control's did not"
        ),
        holds=lambda e: _handshakes_cut(e) and e.tls_reset > 0 and not is_before_any_word(e),
        state=State.LIKELY_BLOCKED,
        mechanism="tls.reset.{sni,other}",
        mechanisms=lambda e: qualified(e, "tls.reset"),
        why="the cut comes when the name has been sent in the clear (SNI)",
        source="OONI ts-017; Chai et al. 2019",
        pitfall=(
            "A server that refuses a client's kind of TLS by a reset would be accused. The control's "
            "handshake at the same address went well, and a step that goes well when it is tried again does "
            "not count."
        ),
        sentence=lambda e: (
            f"The TLS handshake with {host(e)} was reset after the name was "
            f"sent{at_hop(e.hop)}{whereabouts(e)}{_beside(e)}."
        ),
    ),
    Rule(
        id=RuleId("tls.timeout"),
        layer=Layer.TLS,
        kinds=_WEB,
        condition=(
            "the same by a time-out; where the page itself came unencrypted, at two endpoints or with "
            "another name getting through"
        ),
        holds=lambda e: (
            _handshakes_cut(e)
            and e.tls_timeout > 0
            and not_by_chance(e, e.tls_timeout)
            and (not page_came(e) or e.tls_timeout > 1 or e.tls_other_name_ok)
        ),
        state=State.LIKELY_BLOCKED,
        mechanism="tls.timeout.{sni,other}",
        mechanisms=lambda e: qualified(e, "tls.timeout"),
        why="packets after the name was sent are dropped",
        source="OONI ts-017; Xue et al. 2022 (TSPU)",
        pitfall=(
            "A slow server or a lossy network would be accused. See `tcp.timeout`; where the page itself "
            "came, two endpoints or another name must speak."
        ),
        sentence=lambda e: (
            f"The TLS handshake with {host(e)} went unanswered after the name was "
            f"sent{at_hop(e.hop)}{whereabouts(e)}{_beside(e)}."
        ),
    ),
    Rule(
        id=RuleId("quic.cut"),
        layer=Layer.QUIC,
        kinds=_WEB,
        condition=(
            "every QUIC handshake with a genuine address fails (two, on a slow machine), while the control's "
            "worked and so did one with another name over this network"
        ),
        holds=lambda e: (
            e.quic_ok == 0
            and e.quic_timeout + e.quic_reset > 0
            and e.quic_control
            and e.quic_other_name_ok
            and (e.quic_timeout + e.quic_reset > 1 or not e.slow_probe)
        ),
        state=State.TAMPERED,
        mechanism="quic.timeout, quic.reset",
        mechanisms=lambda e: ("quic.timeout",) if e.quic_timeout else ("quic.reset",),
        why="firewalls that drop all of QUIC are common, ones that drop one name's are not; TCP remains",
        source="Elmenhorst et al. 2021; Zohaib et al. 2025",
        pitfall=(
            "A firewall that drops all of UDP would be accused for one name. Another name must get through "
            "over QUIC on the same network."
        ),
        sentence=lambda e: (
            f"QUIC to {host(e)} is cut{at_hop(e.hop)}, while another name gets through on this network."
        ),
    ),
    Rule(
        id=RuleId("tls.eof"),
        layer=Layer.TLS,
        kinds=_WEB,
        condition="the same by an orderly end of the connection",
        holds=lambda e: _handshakes_cut(e) and e.tls_eof > 0,
        state=State.LIKELY_BLOCKED,
        mechanism="tls.eof",
        mechanisms=lambda e: ("tls.eof",),
        why="some devices close with FIN instead of RST",
        source="Niaki et al. 2020 (ICLab)",
        pitfall=(
            "A server that closes at once under load would be accused. The control's handshake at the same "
            "address went well."
        ),
        sentence=lambda e: (
            f"The connection to {host(e)} was closed after the name was sent{at_hop(e.hop)}{_beside(e)}."
        ),
    ),
    Rule(
        id=RuleId("tls.clear_text"),
        layer=Layer.TLS,
        kinds=_WEB,
        condition="the same by an answer that is not TLS at all",
        holds=lambda e: _handshakes_cut(e) and e.tls_clear_text > 0,
        state=State.LIKELY_BLOCKED,
        mechanism="tls",
        mechanisms=lambda e: ("tls",),
        why="devices made for plain requests answer a handshake in the same words",
        source="net4people/bbs#78 (Uzbekistan)",
        pitfall=(
            "A server that speaks no TLS on this port, or a gateway that answers every name, would be "
            "accused. The control must have completed TLS for the name at the same address; pages of "
            "gateways do not count."
        ),
        sentence=lambda e: (
            f"The handshake with {host(e)} was answered in clear text{at_hop(e.hop)}{_beside(e)}."
        ),
    ),
    Rule(
        id=RuleId("tls.alert"),
        layer=Layer.TLS,
        kinds=_WEB,
        condition="the same by a TLS alert",
        holds=lambda e: _handshakes_cut(e) and e.tls_alert > 0,
        state=State.LIKELY_BLOCKED,
        mechanism="tls.alert",
        mechanisms=lambda e: ("tls.alert",),
        why=(
            "alerts can be injected: they are not authenticated before the handshake's end (RFC 8446 section "
            "6)"
        ),
        source="RFC 8446",
        pitfall=(
            "A server that does not host the name sends an alert and would be accused. The control must "
            "have completed TLS for the name at the same address."
        ),
        sentence=lambda e: f"The TLS handshake with {host(e)} ended in an alert{at_hop(e.hop)}{_beside(e)}.",
    ),
)
