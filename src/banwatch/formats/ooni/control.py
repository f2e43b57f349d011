"""The helper's answer, in the model's words."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from banwatch.formats.ooni.failures import normalise
from banwatch.formats.ooni.reading import (
    read_bytes,
    read_endpoint,
    read_headers,
    read_ip,
    read_text,
    read_title,
)
from banwatch.formats.ooni.wire import (
    ControlHttpResult,
    ControlResponse,
    ControlTls,
    HttpTransaction,
    Query,
    TestKeys,
)
from banwatch.model.control import Control, ControlAddress, ControlEndpoint, ControlHttp
from banwatch.model.ids import Asn
from banwatch.model.nettest import DNS_CONSISTENCY, HTTP_REQUESTS

_UNTOLD = "unknown_failure: the helper does not say"
"""Stands for a failure that the helper marks by its status alone."""


def read_control(wire: ControlResponse) -> Control | None:
    """Put the helper's answer in the model's words; None where it says nothing at all."""
    if not (wire.dns or wire.tcp_connect or wire.http_request):
        return None
    dns = wire.dns
    addresses = (read_ip(text) for text in (dns.addrs or ())) if dns else ()
    return Control(
        dns_failure=normalise(dns.failure) if dns else None,
        addresses=tuple(ip for ip in addresses if ip),
        dns_attempted=dns is not None,
        endpoints=_read_endpoints(wire, wire.tls_handshake or {}),
        http=_read_http(wire.http_request),
        http3=_read_http(wire.http3_request),
        address_info=tuple(
            ControlAddress(ip=ip, asn=Asn(info.asn or 0), flags=info.flags or 0)
            for text, info in (wire.ip_info or {}).items()
            if (ip := read_ip(text))
        ),
    )


def _read_endpoints(wire: ControlResponse, tls: Mapping[str, ControlTls]) -> tuple[ControlEndpoint, ...]:
    endpoints = []
    for text, tcp in (wire.tcp_connect or {}).items():
        ip, port = read_endpoint(text)
        if ip is None or port is None:
            continue
        handshake = tls.get(text)
        endpoints.append(
            ControlEndpoint(
                ip=ip,
                port=port,
                tcp_failure=_failure(tcp.failure, tcp.status),
                tls_attempted=handshake is not None,
                tls_failure=_failure(handshake.failure, handshake.status) if handshake else None,
                server_name=handshake.server_name if handshake else None,
            )
        )
    return tuple(endpoints)


def _failure(failure: str | None, status: bool | None) -> str | None:
    return normalise(failure) or (_UNTOLD if status is False else None)


def _read_http(wire: ControlHttpResult | None) -> ControlHttp | None:
    if wire is None:
        return None
    length, status = wire.body_length, wire.status_code
    return ControlHttp(
        failure=normalise(wire.failure),
        status_code=status if status is not None and status > 0 else None,
        body_length=length if length is not None and length >= 0 else None,
        title=wire.title or None,
        headers=tuple((name.lower(), read_text(value)) for name, value in (wire.headers or {}).items()),
    )


def split_old_control(test_name: str, keys: TestKeys) -> tuple[TestKeys, Control | None]:
    """Part the steps of the Python probe's nettests (2012 to 2017) into the probe's own and the control's.

    `http_requests` (ts-003) asked for the page twice, directly and over Tor; `dns_consistency` (ts-002) asked
    one resolver of OONI's, over TCP at a port of its own, besides those that it tested.
    """
    if test_name == HTTP_REQUESTS:
        return _split_requests(keys)
    if test_name == DNS_CONSISTENCY:
        return _split_lookups(keys)
    return keys, read_control(keys.control) if keys.control else None


def _split_requests(keys: TestKeys) -> tuple[TestKeys, Control | None]:
    own: list[HttpTransaction] = []
    over_tor: list[HttpTransaction] = []
    for one in keys.requests or ():
        tor = one.request.tor if one.request else None
        (over_tor if tor and tor.is_tor else own).append(one)
    failure = keys.experiment_failure
    if failure:
        own = [one if one.failure or _status(one) else replace(one, failure=failure) for one in own]
    http = None if keys.control_cloudflare else _read_page(over_tor, normalise(keys.control_failure))
    return replace(keys, requests=own, control_failure=None), _only(http=http) if http else None


def _status(one: HttpTransaction) -> int:
    return (one.response.code or 0) if one.response else 0


def _read_page(requests: Sequence[HttpTransaction], failure: str | None) -> ControlHttp | None:
    """Read what came over Tor; a failure of Tor itself says nothing of the site."""
    answered = next((one for one in requests if _status(one)), None)
    if answered is None or answered.response is None:
        return None if not requests or not failure or "socks" in failure else _no_page(failure)
    response = answered.response
    body = read_bytes(response.body)
    return ControlHttp(
        failure=None,
        status_code=_status(answered),
        body_length=len(body) if body is not None else None,
        title=read_title(body) if body else None,
        headers=read_headers(response.headers_list, response.headers),
    )


def _no_page(failure: str) -> ControlHttp:
    return ControlHttp(failure=failure, status_code=None, body_length=None, title=None, headers=())


def _split_lookups(keys: TestKeys) -> tuple[TestKeys, Control | None]:
    theirs, _ = read_endpoint(read_text(keys.control_resolver))
    own: list[Query] = []
    answers: list[str] = []
    failure, asked = None, False
    for query in keys.queries or ():
        if query.query_type not in ("A", "AAAA"):
            continue
        resolver = read_ip(query.resolver_hostname)
        if theirs is not None and resolver == theirs:
            asked = True
            failure = normalise(query.failure) or failure
            answers += [ip for answer in query.answers or () if (ip := read_ip(answer.ipv4 or answer.ipv6))]
        elif resolver is None or resolver.startswith(_OF_SYSTEM):
            own.append(query)
        else:
            address = f"{resolver}:{query.resolver_port or 53}"
            own.append(replace(query, engine=query.engine or "udp", resolver_address=address))
    control = _only(addresses=tuple(dict.fromkeys(answers)), dns_failure=None if answers else failure)
    return replace(keys, queries=own), control if asked else None


_OF_SYSTEM = ("127.", "10.", "192.168.")
"""Beginnings of the addresses of a home router's or the machine's own resolver."""


def _only(
    *, http: ControlHttp | None = None, addresses: tuple[str, ...] = (), dns_failure: str | None = None
) -> Control:
    """Make the control of a nettest that took one kind of step."""
    return Control(
        dns_failure=dns_failure,
        addresses=addresses,
        dns_attempted=http is None,
        endpoints=(),
        http=http,
        http3=None,
        address_info=(),
    )
