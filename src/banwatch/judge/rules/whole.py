"""Rules about the measurement as a whole: withdrawn accusations, and statements without an accused."""

from banwatch.judge.rules.parts.phrases import at_hop, failed_for_control, host, listed
from banwatch.judge.rules.parts.rule import Rule
from banwatch.judge.rules.parts.ways import is_partly_reached, what_failed
from banwatch.judge.rules.speed import is_paced
from banwatch.model.evidence import Evidence
from banwatch.model.failure import UNKNOWN_FAILURE_PREFIX
from banwatch.model.fate import Ending
from banwatch.model.ids import RuleId
from banwatch.model.nettest import NettestKind
from banwatch.model.route import Route
from banwatch.model.state import Layer, State

_WEB = frozenset({NettestKind.WEB})
_ALL = frozenset(NettestKind)
_FIRST_ERROR = 400


def _none(e: Evidence) -> tuple[str, ...]:
    return ()


def _answered(e: Evidence) -> bool:
    return e.http_status is not None and e.http_failure is None


def _alike(e: Evidence) -> bool:
    """The page has something of the control's that a page put in its place would not have."""
    if e.http_title_match or e.http_headers_match:
        return True
    return e.http_length_like is True and not (e.http_title_match is False and e.http_headers_match is False)


_CERTIFIED = ", with a certificate that is valid for the name"


def _same_status(e: Evidence) -> bool:
    return e.control and e.http_status_match is True


def _page_is_the_sites(e: Evidence) -> bool:
    if not _answered(e) or e.http_redirect_broken or e.page_by_other_route:
        return False
    fine = (e.http_status or _FIRST_ERROR) < _FIRST_ERROR
    if e.http_encrypted and not e.http_redirected_off:
        return (fine and not e.http_refused) or _same_status(e)
    return _same_status(e) and _alike(e)  # also over TLS, where an unencrypted redirect led to another site


def _says_no(e: Evidence) -> bool:
    return e.http_refused or (e.http_status or 0) >= _FIRST_ERROR


def _trouble(e: Evidence) -> tuple[str, ...]:
    return ("http.timeout",) if e.http_kind == Ending.TIMEOUT and e.http_genuine and e.tcp_ok > 0 else ()


def _why_none(e: Evidence) -> str:
    return f" ({e.control_failure.removeprefix(UNKNOWN_FAILURE_PREFIX)})" if e.control_failure else ""


VETO_RULES: tuple[Rule, ...] = (
    Rule(
        id=RuleId("network.portal"),
        layer=Layer.NETWORK,
        kinds=_ALL,
        condition="a captive portal answered: the network asks to log in first",
        holds=lambda e: e.portal,
        state=State.INSUFFICIENT,
        mechanism="",
        mechanisms=_none,
        why="a portal answers for every name until somebody logs in",
        source="RFC 6585 section 6; RFC 8952",
        pitfall=(
            "A censor's page that asks for a log-in would be passed over. Only marks of gateways count, "
            "never a page over verified TLS, and what a list knows as the page of this country's censor is "
            "accused all the same."
        ),
        sentence=lambda e: "A captive portal stood between the probe and the network.",
        vetoes=True,
    ),
    Rule(
        id=RuleId("network.gateway"),
        layer=Layer.NETWORK,
        kinds=_WEB,
        condition=(
            "every site of the report, five or more, was answered alike, by something that is none of them, "
            "and no site answered itself; no known page of a censor among them"
        ),
        holds=lambda e: e.report_alike,
        state=State.INSUFFICIENT,
        mechanism="",
        mechanisms=_none,
        why="who answers alike for every name asks to log in or to pay; a censor has a list",
        source="RFC 8952; ooni/probe#1629",
        pitfall=(
            "A report of nothing but blocked sites, all with one unknown page, would be passed over. Five "
            "sites must be answered alike, and a single site that answers itself, over TLS or with its own "
            "page, leaves every accusation as it is."
        ),
        sentence=lambda e: (
            "Every site of this report was answered alike, by something that is none of them: a gateway "
            "stood between the probe and the network."
        ),
        vetoes=True,
    ),
    Rule(
        id=RuleId("network.tunnel"),
        layer=Layer.NETWORK,
        kinds=_ALL,
        condition="the probe measured through a VPN",
        holds=lambda e: e.in_tunnel,
        state=State.INSUFFICIENT,
        mechanism="",
        mechanisms=_none,
        why="what a tunnel's far end sees is not what this network does",
        source="ooni/probe#954",
        pitfall=(
            "A phone that names its VPN, but routes this program around it, is passed over. Nothing is "
            "claimed then: another probe on the network speaks for it."
        ),
        sentence=lambda e: "The measurement went through a VPN, and does not speak of this network.",
        vetoes=True,
    ),
)

WHOLE_RULES: tuple[Rule, ...] = (
    Rule(
        id=RuleId("http.slow_beside"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition="the same, with fewer sites held at that rate",
        holds=lambda e: _page_is_the_sites(e) and e.report_fast_kbit_s is not None and not is_paced(e),
        state=State.OK,
        mechanism="",
        mechanisms=_none,
        why="one slow page may be its origin's own; many such are a matter for detection",
        source="Banwatch",
        pitfall=(
            "A site with a slow origin behind a content network would be accused. Nobody is: the trace "
            "stands beside `ok`."
        ),
        sentence=lambda e: (
            f"The page of {host(e)} came, evenly at {e.page_kbit_s} kbit/s, while another site's page from "
            f"the same prefix came at {e.report_fast_kbit_s} kbit/s or more."
        ),
    ),
    Rule(
        id=RuleId("page.partly"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition=(
            "the site's own page came, but not by every way: at some genuine address connects or handshakes "
            "failed while the control's did not, every QUIC handshake failed while the control's worked, "
            "or the network's own resolver gave a false address, or none of one kind, beside good ones"
        ),
        holds=lambda e: _page_is_the_sites(e) and is_partly_reached(e),
        state=State.OK,
        mechanism="",
        mechanisms=_none,
        why="programs go on to the next address; one measurement cannot tell a block from a broken machine",
        source="RFC 8305 (Happy Eyeballs); Elmenhorst et al. 2021",
        pitfall=(
            "One broken machine of the site, or a firewall that drops all of UDP, would be called a block. "
            "It accuses nobody: the trace stands beside `ok`, and many of them are a matter for "
            "detection. A time-out that loss explains leaves none."
        ),
        sentence=lambda e: (
            f"The page of {host(e)} came{at_hop(e.hop)}{_CERTIFIED if e.http_authenticated else ''}; beside "
            f"it {what_failed(e)}."
        ),
    ),
    Rule(
        id=RuleId("page.genuine"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition=(
            "the site's own page came: over TLS; or, unencrypted or after an unencrypted redirect off the "
            "site, with the control's title, an uncommon header of its page, or a length that can tell"
        ),
        holds=_page_is_the_sites,
        state=State.OK,
        route=Route.ORDINARY,
        mechanism="",
        mechanisms=_none,
        why="what TLS protects was written by who holds the name's certificate",
        source="Banwatch",
        pitfall=(
            "A block page would be cleared because it came over TLS, or because both servers are called "
            "nginx, or because there was nothing to compare. After an unencrypted redirect off the site, "
            "and for unencrypted pages, a reason is asked for: the control's title, uncommon headers, or a "
            "length that can tell."
        ),
        sentence=lambda e: (
            f"The page of {host(e)} came{at_hop(e.hop)}{_CERTIFIED if e.http_authenticated else ''}."
        ),
    ),
    Rule(
        id=RuleId("site.down"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition="no page came, and the control failed too",
        holds=lambda e: failed_for_control(e) and not _answered(e) and not e.silent,
        state=State.DOWN,
        mechanism="",
        mechanisms=_none,
        why="what fails everywhere is the site's own trouble",
        source="OONI ts-017",
        pitfall=(
            "A site that refuses the control's country would be called down. No page may have come here "
            "either, and what failed here is shown beside it."
        ),
        sentence=lambda e: (
            f"{host(e)} fails for the control too "
            f"({e.control_dns_failure or e.control_tls_failure or e.control_http_failure})."
        ),
    ),
    Rule(
        id=RuleId("http.refused"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition=(
            "the server itself says no, answers with an error, or asks for proof of being human; the control "
            "got the page"
        ),
        holds=lambda e: _answered(e) and _says_no(e) and not _same_status(e) and e.control_http,
        state=State.IMPAIRED,
        mechanism="http.error",
        mechanisms=lambda e: () if e.http_encrypted or e.http_headers_match else ("http.error",),
        why="sites refuse countries and networks by themselves; an unencrypted refusal may be anybody's",
        source="ooni/probe#2661; McDonald et al. 2018 (403 Forbidden)",
        pitfall="A censor's own 403 would be called the server's. It is `impaired`, never `ok`.",
        sentence=lambda e: (
            f"The server refused or failed (status {e.http_status}); that is not the network's doing, as far "
            f"as this shows."
            if e.http_encrypted or e.http_headers_match
            else f"Somebody refused (status {e.http_status}) over an unencrypted connection, in an answer "
            f"that does not bear the marks of the control's server; whether the site or the network did "
            f"cannot be told."
        ),
    ),
    Rule(
        id=RuleId("redirect.broken"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition="redirected in a circle, too often, or to nowhere",
        holds=lambda e: e.http_redirect_broken,
        state=State.IMPAIRED,
        mechanism="",
        mechanisms=_none,
        why="sites misconfigure their redirects, and answer visitors differently",
        source="OONI QA: broken redirects",
        pitfall="A censor's redirect to nowhere would be called a mistake. It is `impaired`, never `ok`.",
        sentence=lambda e: f"{host(e)} redirects to nowhere{at_hop(e.hop)}.",
    ),
    Rule(
        id=RuleId("site.trouble"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition="no page came, for a reason that nobody can be blamed for; the control got it",
        holds=lambda e: e.control_http and not _answered(e) and not e.silent and e.steps > 0,
        state=State.IMPAIRED,
        mechanism="http.timeout",
        mechanisms=_trouble,
        why="loss, load and broken paths look like this",
        source="Banwatch",
        pitfall=(
            "A cut that no rule knows would be called trouble. It is `impaired`, never `ok`, and what "
            "failed is named."
        ),
        sentence=lambda e: (
            f"No page of {host(e)} came{at_hop(e.hop)} ({listed(e.failures)}); whose doing that is cannot be "
            f"told."
        ),
        fallback=True,
    ),
    Rule(
        id=RuleId("network.silent"),
        layer=Layer.NETWORK,
        kinds=_ALL,
        condition="nothing at all answered, not even the network's own resolver",
        holds=lambda e: e.silent,
        state=State.INSUFFICIENT,
        mechanism="",
        mechanisms=_none,
        why="one probe without a network says nothing of a site; many at once say something of the network",
        source="Banwatch",
        pitfall="A shutdown would be passed over. Many silent probes at once are a matter for detection.",
        sentence=lambda e: "Nothing answered on this network, not even its resolver.",
    ),
    Rule(
        id=RuleId("control.none"),
        layer=Layer.NETWORK,
        kinds=_WEB,
        condition="there is no control, and nothing else vouches for what came",
        holds=lambda e: not e.control,
        state=State.INSUFFICIENT,
        mechanism="",
        mechanisms=_none,
        why="absence never accuses and never absolves",
        source="docs/design.md, law 2",
        pitfall=(
            "Interference without a control would be passed over. Rules whose artefact settles it alone "
            "come first."
        ),
        sentence=lambda e: (
            f"There is no control to compare with{_why_none(e)}"
            f"{f'; what failed here: {listed(e.failures)}' if e.failures else ''}."
        ),
    ),
    Rule(
        id=RuleId("nothing.said"),
        layer=Layer.NETWORK,
        kinds=_ALL,
        condition="always: stands where no other rule does",
        holds=lambda e: True,
        state=State.INSUFFICIENT,
        mechanism="",
        mechanisms=_none,
        why="insufficient is said, never left out",
        source="docs/design.md, law 2",
        pitfall="Interference that no rule knows would be passed over. Insufficient is never shown as `ok`.",
        sentence=lambda e: "The observations do not suffice to say whether the target was reachable.",
        fallback=True,
    ),
)
