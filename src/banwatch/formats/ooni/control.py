"""The helper's answer, in the model's words."""

from collections.abc import Mapping

from banwatch.formats.ooni.failures import normalise
from banwatch.formats.ooni.reading import read_endpoint, read_ip, read_text
from banwatch.formats.ooni.wire import ControlHttpResult, ControlResponse, ControlTls
from banwatch.model.control import Control, ControlAddress, ControlEndpoint, ControlHttp
from banwatch.model.ids import Asn

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
