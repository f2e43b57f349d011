"""The conclusions that `web_connectivity` itself writes, by OONI's own old algorithm.

They are there because readers of the format expect them. Our judge does not use them: it weighs the
observations, with more than one measurement's knowledge.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from banwatch.formats.ooni import wire
from banwatch.model import failure as df007
from banwatch.model.failure import Failure
from banwatch.net.http.page_title import find_title
from banwatch.probe.steps.dns import addresses_of
from banwatch.probe.written_records import Http3Comparison, Query

Blocking = Literal["dns", "tcp_ip", "http-diff", "http-failure"] | Literal[False] | None

_SIMILAR_LENGTH = 0.7
"""OONI's threshold: the shorter body over the longer one."""
_MIN_WORD_CHARACTERS = 5
"""OONI compares only title words that are at least this long."""
_COMMON_HEADERS = frozenset(
    name
    for line in (
        "date content-type server cache-control vary set-cookie location expires x-powered-by",
        "content-encoding last-modified accept-ranges pragma x-frame-options etag x-content-type-options",
        "age via p3p x-xss-protection content-language cf-ray strict-transport-security link x-varnish",
    )
    for name in line.split()
)
"""Headers that so many sites send that sharing them says nothing (OONI's list)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Facts that the conclusions are drawn from."""

    queries: Sequence[Query]
    tcp_connects: Sequence[wire.TcpConnect]
    tls_handshakes: Sequence[wire.TlsHandshake]
    requests: Sequence[wire.HttpTransaction]
    control: wire.ControlResponse | None
    last_failure: Failure | None
    is_tls: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The conclusions, named as in ts-017."""

    dns_experiment_failure: Failure | None
    dns_consistency: str | None
    http_experiment_failure: Failure | None
    body_proportion: float = 0.0
    body_length_match: bool | None = None
    headers_match: bool | None = None
    status_code_match: bool | None = None
    title_match: bool | None = None
    blocking: Blocking
    accessible: bool | None


def summarize(found: Findings) -> Summary:
    """Draw the conclusions."""
    system = next((query for query in found.queries if query.engine == "getaddrinfo"), None)
    dns_failure = system.failure if system else None
    consistency = _dns_consistency(found, system)
    final = found.requests[0] if found.requests else None
    http_failure = final.failure if final else found.last_failure
    blocking: Blocking = None
    accessible: bool | None = None
    proportion, lengths, headers, status, title = 0.0, None, None, None, None
    control = found.control.http_request if found.control else None
    response = final.response if final and final.failure is None else None
    if response is not None and control is not None and not control.failure:
        proportion, lengths = _compare_bodies(response, control)
        headers = _compare_headers(response, control)
        status = _compare_status(response, control)
        title = _compare_titles(response, control)
    if response is not None and found.is_tls:
        blocking, accessible = False, True
    elif found.control is None or control is None:
        blocking, accessible = None, None
    elif dns_failure == df007.DNS_NXDOMAIN and consistency == "consistent":
        blocking, accessible = False, True  # down for the control too: as OONI writes it
    elif http_failure and control.failure:
        blocking, accessible = False, False
    elif dns_failure or (http_failure and consistency == "inconsistent"):
        blocking, accessible = "dns", False
    elif final is None and not any(_connected(connect) for connect in found.tcp_connects):
        blocking, accessible = "tcp_ip", False
    elif http_failure:
        blocking, accessible = "http-failure", False
    elif status is not False and (lengths or headers or title):
        blocking, accessible = False, True
    else:
        blocking, accessible = ("dns" if consistency == "inconsistent" else "http-diff"), False
    return Summary(
        dns_experiment_failure=dns_failure,
        dns_consistency=consistency,
        http_experiment_failure=http_failure,
        body_proportion=proportion,
        body_length_match=lengths,
        headers_match=headers,
        status_code_match=status,
        title_match=title,
        blocking=blocking,
        accessible=accessible,
    )


def compare_http3(
    requests: Sequence[wire.HttpTransaction], control: wire.ControlResponse | None
) -> Http3Comparison | None:
    """Compare the page that came over HTTP/3 with the control's; None where there is nothing to compare."""
    page = next((one for one in requests if one.alpn == "h3"), None)
    if page is None or page.response is None or page.failure is not None or control is None:
        return None
    same_way = control.http3_request
    there = same_way if same_way is not None and not same_way.failure else control.http_request
    if there is None or there.failure:
        return None
    proportion, lengths = _compare_bodies(page.response, there)
    return Http3Comparison(
        with_http3=there is same_way,
        status_code_match=_compare_status(page.response, there),
        body_length_match=lengths,
        body_proportion=proportion,
        headers_match=_compare_headers(page.response, there),
        title_match=_compare_titles(page.response, there),
    )


def _connected(connect: wire.TcpConnect) -> bool:
    return connect.status is not None and bool(connect.status.success)


def _dns_consistency(found: Findings, system: Query | None) -> str | None:
    control = found.control
    if control is None or control.dns is None or system is None:
        return None
    if system.failure or control.dns.failure:
        return "consistent" if system.failure and control.dns.failure else "inconsistent"
    here, there = set(addresses_of(system)), set(control.dns.addrs or ())
    if here & there:
        return "consistent"
    networks = {ip: info.asn for ip, info in (control.ip_info or {}).items() if info.asn}
    if {networks.get(ip) for ip in here} & {networks[ip] for ip in there if ip in networks}:
        return "consistent"
    # an address that serves the site with a good certificate is the site's
    good = {
        shake.address for shake in found.tls_handshakes if shake.failure is None and not shake.no_tls_verify
    }
    return "consistent" if any(f"{ip}:443" in good for ip in here) else "inconsistent"


def _body(response: wire.HttpResponse) -> str:
    return response.body if isinstance(response.body, str) else ""


def _compare_bodies(
    response: wire.HttpResponse, control: wire.ControlHttpResult
) -> tuple[float, bool | None]:
    body = response.body
    here = len(body.encode()) if isinstance(body, str) else len(body.data) * 3 // 4 if body else 0
    there = control.body_length or 0
    if response.body_is_truncated or here <= 0 or there <= 0:
        return 0.0, None
    proportion = min(here, there) / max(here, there)
    return proportion, proportion > _SIMILAR_LENGTH


def _compare_headers(response: wire.HttpResponse, control: wire.ControlHttpResult) -> bool | None:
    here = {name.lower() for name in response.headers or {}}
    there = {name.lower() for name in control.headers or {}}
    if not here or not there:
        return None
    return here == there or bool((here & there) - _COMMON_HEADERS)


def _compare_status(response: wire.HttpResponse, control: wire.ControlHttpResult) -> bool | None:
    if not response.code or not control.status_code or control.status_code <= 0:
        return None
    if response.code // 100 != 2 and control.status_code // 100 == 5:
        return None  # the site has trouble of its own
    return response.code == control.status_code


def _compare_titles(response: wire.HttpResponse, control: wire.ControlHttpResult) -> bool | None:
    title = find_title(_body(response))
    if not title or not control.title:
        return None
    here, there = ({word.lower() for word in text.split()} for text in (title, control.title))
    long = [word for word in here if len(word) >= _MIN_WORD_CHARACTERS]
    return any(word in there for word in long) if long else here == there
