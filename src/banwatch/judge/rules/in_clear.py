"""Rules about unencrypted responses that follow-ups show not to be the site's."""

from banwatch.judge.rules.parts.phrases import at_hop, expected, host, listed, name
from banwatch.judge.rules.parts.rule import Rule
from banwatch.model.evidence import Evidence
from banwatch.model.fate import Ending, Fate
from banwatch.model.ids import RuleId
from banwatch.model.nettest import NettestKind
from banwatch.model.route import Route
from banwatch.model.state import Layer, State

_WEB = frozenset({NettestKind.WEB})
_FIRST_ERROR = 400
_SAY_NO = frozenset({403, 451})
"""Statuses that block pages come with: with a page, they are one."""
_CUT = frozenset(
    {
        Fate.TCP_TIMEOUT,
        Fate.TCP_REFUSED,
        Fate.TCP_RESET,
        Fate.TCP_UNREACHABLE,
        Fate.TLS_RESET,
        Fate.TLS_TIMEOUT,
        Fate.TLS_EOF,
        Fate.TLS_ALERT,
    }
)
"""Fates of the encrypted page that the network is the cause of, where the control had none of them."""


def _answered_in_clear(e: Evidence) -> bool:
    if e.http_status is None or e.http_failure is not None or e.http_encrypted or e.hop:
        return False
    return e.http_genuine and e.control_http


def _says_no_or_nothing(e: Evidence) -> bool:
    """Whether a refusal, an error or an empty page came; the control's page was not empty."""
    return (e.http_status or 0) >= _FIRST_ERROR or (e.http_body_length == 0 and e.http_length_like is None)


def _is_refused_in_clear_alone(e: Evidence) -> bool:
    if not _answered_in_clear(e) or not _says_no_or_nothing(e) or e.http_headers_match:
        return False
    if e.http_status_match and (e.http_status or 0) >= _FIRST_ERROR:
        return False
    return e.http_encrypted_twin == Fate.HTTP_OK or e.http_encrypted_twin in _CUT


def _response_named(e: Evidence) -> tuple[str, ...]:
    status = e.http_status or 0
    is_page = status < _FIRST_ERROR or (status in _SAY_NO and bool(e.http_body_length))
    return ("http.blockpage",) if is_page else ("http.error",)


def _twin_fared(e: Evidence) -> str:
    if e.http_encrypted_twin == Fate.HTTP_OK:
        return "the same address gave the page inside TLS"
    fate = e.http_encrypted_twin.replace(".", " ")
    return f"inside TLS the same address was cut off ({fate}), which the control's connection was not"


IN_CLEAR_RULES: tuple[Rule, ...] = (
    Rule(
        id=RuleId("dns.notice_host"),
        layer=Layer.DNS,
        kinds=_WEB,
        condition=(
            "the network's own resolver answers only with addresses that nothing vouches for, and the "
            "response from there, which is not the control's page, is the same for an innocent name"
        ),
        holds=lambda e: (
            e.dns_system_unvouched
            and bool(e.dns_unvouched)
            and e.dns_host_answers_alike
            and e.control_http
            and Fate.HTTP_SAME not in e.dns_fate
        ),
        state=State.LIKELY_BLOCKED,
        route=Route.ORDINARY,
        mechanism="dns.injection",
        mechanisms=lambda e: ("dns.injection",),
        why="a server of the site's would tell its own name from any other",
        source="Banwatch",
        pitfall=(
            "An edge of the site's that refuses this country, whatever the name, would be accused. It must "
            "be in another network than all that the control and encrypted resolvers got, and hold no "
            "valid certificate."
        ),
        sentence=lambda e: (
            f"{name(e)} resolved to {listed(e.dns_unvouched)}, which answers any other name "
            f"alike{at_hop(e.dns_hop)}; {expected(e)}."
        ),
    ),
    Rule(
        id=RuleId("http.forged_redirect"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition=(
            "the input's own unencrypted redirect leads to another site, and came from somebody else's "
            "address too, wherever it leads"
        ),
        holds=lambda e: e.http_forged_redirect and e.control_http,
        state=State.LIKELY_BLOCKED,
        mechanism="http.redirect",
        mechanisms=lambda e: ("http.redirect",),
        why="neither server wrote it: who reads the name on the way did",
        source="Banwatch",
        pitfall=(
            "Two servers that send everybody to the same place would be accused. Body, status, aim and "
            "names of headers must all be the same, and the aim must be a site of another owner."
        ),
        sentence=lambda e: (
            f"{e.input or host(e)} is redirected to another site, and so it is at an address that is not "
            "its own."
        ),
    ),
    Rule(
        id=RuleId("http.refused_in_clear"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition=(
            "an unencrypted refusal, error or empty page came, without the marks of the control's server; "
            "inside TLS the same address gave the page, or was cut off where the control completed the "
            "handshake"
        ),
        holds=_is_refused_in_clear_alone,
        state=State.LIKELY_BLOCKED,
        mechanism="http.blockpage, http.error",
        mechanisms=_response_named,
        why="a site that refuses a visitor does so inside TLS too",
        source="Banwatch",
        pitfall=(
            "A site that refuses a country, or whatever comes unencrypted, would be accused. The control "
            "must have got the page unencrypted, and the encrypted page must have come with a valid "
            "certificate, or its connection must have been cut."
        ),
        sentence=lambda e: (
            f"{host(e)} seemed to refuse an unencrypted request (status {e.http_status}); {_twin_fared(e)}."
        ),
    ),
    Rule(
        id=RuleId("http.mute"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition=(
            "connects go well, and unencrypted requests get not one byte, for this name or another, three "
            "times and with patience; the control got the page"
        ),
        holds=lambda e: (
            e.http_kind == Ending.TIMEOUT
            and not e.http_encrypted
            and e.http_genuine
            and e.http_status is None
            and e.http_again_failed
            and e.retested
            and e.tls_other_name_cut
            and not e.tls_other_name_ok
            and not e.dns_lossy
            and e.tcp_ok > 0
            and e.control_http
        ),
        state=State.LIKELY_BLOCKED,
        mechanism="http.timeout",
        mechanisms=lambda e: ("http.timeout",),
        why="as `tls.timeout`: packets after the connect are dropped, whatever they say",
        source="Xue et al. 2022 (TSPU)",
        pitfall=(
            "A server that is slow today would be accused. Three requests must go without a byte, one of "
            "them with three times the patience, while the control got the page."
        ),
        sentence=lambda e: (
            f"Requests to {host(e)} go unanswered, for any name{at_hop(e.hop)}; the control got the page."
        ),
    ),
)
