"""Rules about the page, whether it came or not."""

from banwatch.judge.rules.parts.phrases import at_hop, host, is_before_any_word, is_by_name, listed
from banwatch.judge.rules.parts.rule import Rule
from banwatch.judge.rules.speed import SPEED_RULES, slowed_download
from banwatch.judge.weighing.facts.pages import PageComparison, differs, is_another
from banwatch.model.evidence import Evidence
from banwatch.model.fate import Ending
from banwatch.model.ids import RuleId
from banwatch.model.nettest import NettestKind
from banwatch.model.state import Layer, State

_WEB = frozenset({NettestKind.WEB})
_FIRST_ERROR = 400
_REDIRECT = 3
"""First digit of the statuses that redirect."""
_SUCCESS = 2
"""First digit of the statuses of a page that came."""
_SAY_NO = frozenset({403, 451})
"""Statuses that block pages come with: with a page, they are one."""


def _answered(e: Evidence) -> bool:
    return e.http_status is not None and e.http_failure is None


def _compared(e: Evidence) -> PageComparison:
    return PageComparison(
        status_match=e.http_status_match,
        title_match=e.http_title_match,
        length_ratio=e.http_length_ratio,
        length_like=e.http_length_like,
        headers_match=e.http_headers_match,
    )


def _another_page(e: Evidence) -> bool:
    return (
        _answered(e)
        and not e.http_encrypted
        and e.http_genuine
        and not e.http_refused
        and e.control_http
        and (e.http_status or 0) // 100 == _SUCCESS
        and differs(_compared(e))
    )


def _sent_elsewhere(e: Evidence) -> bool:
    """Redirected off the site, where even a page of like length counts as another one, TLS or not."""
    if not e.http_redirected_off or not e.control_http or e.http_refused:
        return False
    if not _answered(e) or not e.http_genuine or (e.http_status or 0) // 100 != _SUCCESS:
        return False
    return is_another(_compared(e))


def _cut(e: Evidence, ending: Ending) -> bool:
    if e.http_kind != ending or not e.http_genuine or e.http_encrypted or e.http_again_ok:
        return False
    return e.tcp_ok > 0 and e.control_http


_LATER: dict[str, str] = {
    Ending.TIMEOUT: "tls.timeout.sni",
    Ending.RESET: "tls.reset.sni",
    Ending.EOF: "tls.eof",
}
"""Mechanisms by which the flow of a name is cut after its handshake."""


def _cut_later(e: Evidence) -> bool:
    if not e.http_encrypted or e.http_kind not in _LATER or not e.control_http:
        return False
    if e.http_kind == Ending.TIMEOUT and ((e.slow_probe and not e.retested) or slowed_download(e)):
        return False  # a page that comes too slowly to arrive in time was not cut
    return e.tls_ok > 0 and e.http_genuine and e.http_again_failed and e.http_other_name_ok


def _by_host(e: Evidence) -> tuple[str, ...]:
    """Return the reset by the Host where another name at the address, or the name elsewhere, shows that."""
    if is_before_any_word(e):
        return ("tcp.reset",)
    return ("http.reset.host",) if is_by_name(e) else ("http.reset",)


def _page_where(e: Evidence) -> tuple[str, ...]:
    if not e.http_genuine:
        return ("dns.injection.blockpage",)
    if not e.http_redirected_off:
        return ("http.blockpage",)
    arrived = _answered(e) and (e.http_status or 0) // 100 != _REDIRECT
    return ("http.redirect", "http.blockpage") if arrived else ("http.redirect",)


_SHOWN = 96
"""Characters of a match that a sentence shows."""


def _shown(e: Evidence) -> str:
    """Return the deciding match with its context, as a sentence has it."""
    text = e.fingerprint_context
    return f": “{text[:_SHOWN]}{'…' if len(text) > _SHOWN else ''}”" if text else ""


def _response_named(e: Evidence) -> tuple[str, ...]:
    status = e.http_status or 0
    if status >= _FIRST_ERROR and not (status in _SAY_NO and e.http_body_length):
        return ("http.error",)
    if status >= _FIRST_ERROR:
        return ("http.blockpage",)
    return ("http.blockpage",) if status // 100 == _SUCCESS else ("http.redirect",)


HTTP_RULES: tuple[Rule, ...] = (
    Rule(
        id=RuleId("http.known_page"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition=(
            "a response that somebody in the path could have written, or sent the probe to, is a known block "
            "page: the pattern settles it alone and the page is a notice or not the control's, or it is "
            "expected in this country and the page leaves no doubt"
        ),
        holds=lambda e: bool(e.http_fingerprints),
        state=State.BLOCKED,
        mechanism="http.blockpage, http.redirect, dns.injection.blockpage",
        mechanisms=_page_where,
        why="the page itself says that it is one",
        source="ooni/blocking-fingerprints; Citizen Lab",
        pitfall=(
            "A site's own page that quotes, translates or lists the words would be accused, and so would a "
            "page of another country. See the four questions of docs/judge.md: whose page it is, how much "
            "the pattern proves, where it is expected, and what comes beside it."
        ),
        sentence=lambda e: (
            f"A known block page came instead of the site ({listed(e.http_fingerprints)}){_shown(e)}."
        ),
    ),
    Rule(
        id=RuleId("http.known_words"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition=(
            "words of a known block page, which prove little alone, stand in an unencrypted page that is "
            "known not to be the control's"
        ),
        holds=lambda e: bool(e.http_fingerprints_weak) and e.control_http and not e.http_refused,
        state=State.LIKELY_BLOCKED,
        mechanism="http.blockpage, http.redirect, dns.injection.blockpage",
        mechanisms=_page_where,
        why="the words are one witness, the comparison with the control is another",
        source="ooni/probe#2495; ooni/blocking-fingerprints",
        pitfall=(
            "A site's own notice, for visitors of one country, would be accused. Statuses that refuse do not "
            "count, the page must be in nothing like the control's, and words of other countries do not "
            "count."
        ),
        sentence=lambda e: (
            f"Another page came than the control's, with words of a known block page "
            f"({listed(e.http_fingerprints_weak)}){_shown(e)}."
        ),
    ),
    Rule(
        id=RuleId("http.same_elsewhere"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition="asked for, unencrypted, at somebody else's address, the name got the very same response",
        holds=lambda e: e.http_same_elsewhere and not e.http_encrypted and e.control_http,
        state=State.LIKELY_BLOCKED,
        mechanism="http.blockpage, http.redirect, http.error",
        mechanisms=_response_named,
        why="neither server wrote it: who reads the name on the way did",
        source="Banwatch",
        pitfall=(
            "Two servers with the same empty or standard page would be accused. Body, status, redirect and "
            "names of headers must all be the same, and the control must have got a page."
        ),
        sentence=lambda e: (
            f"{host(e)} got the same response (status {e.http_status}) from an address that is not its own."
        ),
    ),
    Rule(
        id=RuleId("http.another_page"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition=(
            "an unencrypted page came that is no error and has neither the control's title, nor half its "
            "length, nor a header in common that few servers send"
        ),
        holds=lambda e: _another_page(e) and not e.http_redirected_off,
        state=State.LIKELY_BLOCKED,
        mechanism="http.blockpage",
        mechanisms=lambda e: ("http.blockpage",),
        why="a page made anew on each load keeps one of the three",
        source="OONI ts-017 (http-diff), made stricter",
        pitfall=(
            "A page made anew on each load, or for another language, would be accused. Title, length and "
            "uncommon headers must all be known to differ; errors, refusals and pages of gateways do not "
            "count."
        ),
        sentence=lambda e: (
            f"Another page came than the "
            f"control's{f': “{e.http_title}”' if e.http_title else ''}{at_hop(e.hop)}, over an unencrypted "
            f"connection."
        ),
    ),
    Rule(
        id=RuleId("http.redirected"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition=(
            "after an unencrypted redirect to another site, which nothing shows to be the site's own doing, "
            "a page came, over TLS or not, with neither the control's title nor an uncommon header of it"
        ),
        holds=_sent_elsewhere,
        state=State.LIKELY_BLOCKED,
        mechanism="http.redirect",
        mechanisms=lambda e: ("http.redirect",),
        why="a redirect is the shortest forged response, and leads to the page that explains the block",
        source="OONI ts-017",
        pitfall=(
            "A site that sends visitors of one country to a sister site would be accused. A name of the "
            "same label, a certificate that is valid for the first name too, or anything in common with the "
            "control's page clears it."
        ),
        sentence=lambda e: (
            f"{e.input or e.target} redirected to {host(e)}, with another page than the control's."
        ),
    ),
    Rule(
        id=RuleId("http.reset"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition="the connection was reset after an unencrypted request; the control got the page",
        holds=lambda e: _cut(e, Ending.RESET),
        state=State.LIKELY_BLOCKED,
        mechanism="http.reset.host, tcp.reset",
        mechanisms=_by_host,
        why="the cut comes when the name has been sent in the clear (Host)",
        source="OONI ts-017; Clayton et al. 2006",
        pitfall=(
            "A server that resets odd requests would be accused. The control got the page, and the same "
            "request tried again must not have got it."
        ),
        sentence=lambda e: (
            f"The connection to {host(e)} was reset after the request{at_hop(e.hop)}; the control got the "
            f"page."
        ),
    ),
    Rule(
        id=RuleId("http.eof"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition="the same by an orderly end without a response",
        holds=lambda e: _cut(e, Ending.EOF),
        state=State.LIKELY_BLOCKED,
        mechanism="http.eof",
        mechanisms=lambda e: ("http.eof",),
        why="some devices close with FIN instead of RST",
        source="OONI ts-017",
        pitfall="A server that closes on odd requests would be accused. As for `http.reset`.",
        sentence=lambda e: (
            f"The connection to {host(e)} was closed after the request{at_hop(e.hop)}; the control got the "
            f"page."
        ),
    ),
    Rule(
        id=RuleId("http.timeout"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition=(
            "an unencrypted request went unanswered, while another name got an answer at the same address"
        ),
        holds=lambda e: _cut(e, Ending.TIMEOUT) and e.http_status is None and e.tls_other_name_ok,
        state=State.LIKELY_BLOCKED,
        mechanism="http.timeout",
        mechanisms=lambda e: ("http.timeout",),
        why="a slow server is slow for every name",
        source="Banwatch",
        pitfall="A slow server would be accused. Another name must be answered at the same address.",
        sentence=lambda e: (
            f"The request to {host(e)} went unanswered; another name was answered at the same address."
        ),
    ),
    Rule(
        id=RuleId("tls.cut_later"),
        layer=Layer.TLS,
        kinds=_WEB,
        condition=(
            "the handshake went well, the request inside was cut, twice, and a request with another name, "
            "inside TLS at the same address, was answered"
        ),
        holds=_cut_later,
        state=State.LIKELY_BLOCKED,
        mechanism="tls.timeout.sni, tls.reset.sni, tls.eof",
        mechanisms=lambda e: (_LATER[e.http_kind or ""],),
        why="some devices let the handshake pass and drop what follows, by the name that it carried",
        source="Xue et al. 2022 (TSPU, delayed drop)",
        pitfall=(
            "A server that fails inside the request would be accused. The request must have failed twice, "
            "and one with another name must be answered at the same address."
        ),
        sentence=lambda e: (
            f"What followed the TLS handshake with {host(e)} was cut, twice; another name was answered at "
            f"the same address."
        ),
    ),
    *SPEED_RULES,
)
