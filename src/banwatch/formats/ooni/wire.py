"""The structs of a measurement line, keys spelled as in OONI's df-000 to df-009.

Only what is reasoned about or written by our probe has a field; every other key is skipped while decoding.
A field with the factory `_null` is written even when it is null: readers of the format expect the key.
"""

from typing import Final

import msgspec

from banwatch.formats.ooni.extensions import Localization, TcpInfoRecord, Throttling

Raw = msgspec.Raw
DATA_FORMAT_VERSION: Final = "0.2.0"


UNREAD: Final = Raw(b"null")
"""Stands in for a key that is not there."""


def _null() -> None:
    return None


class Binary(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that are no UTF-8 text: df-001's `{"format": "base64", "data": ...}`."""

    data: str = ""
    format: str = "base64"


Text = str | Binary | None
HeaderPair = tuple[Text, Text]


class DnsAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Resource record of a lookup."""

    answer_type: str = ""
    ipv4: str | None = None
    ipv6: str | None = None
    hostname: str | None = None
    asn: int | None = None
    as_org_name: str | None = None
    ttl: int | None = msgspec.field(default_factory=_null)


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """DNS lookup (df-002)."""

    hostname: str | None = None
    query_type: str | None = None
    engine: str | None = None
    resolver_hostname: str | None = None
    resolver_port: str | None = None
    resolver_address: str | None = None
    failure: str | None = None
    answers: list[DnsAnswer] | None = None
    rcode: int | None = None
    raw_response: str | None = None
    t0: float | None = None
    t: float | None = None
    transaction_id: int | None = None
    tags: list[str] | None = None


class TcpStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Result of a connection attempt; `blocked` is the verdict of old probes and is never believed."""

    success: bool | None = msgspec.field(default_factory=_null)
    failure: str | None = msgspec.field(default_factory=_null)
    blocked: bool | None = None


class TcpConnect(msgspec.Struct, frozen=True, kw_only=True):
    """TCP connect (df-005)."""

    ip: str | None = None
    port: int | None = None
    status: TcpStatus | None = None
    t0: float | None = None
    t: float | None = None
    transaction_id: int | None = None
    tags: list[str] | None = None


class TlsHandshake(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """TLS or QUIC handshake (df-006)."""

    network: str | None = msgspec.field(default_factory=_null)
    address: str | None = msgspec.field(default_factory=_null)
    server_name: str | None = msgspec.field(default_factory=_null)
    outer_server_name: str | None = None
    echconfig: str | None = None
    failure: str | None = msgspec.field(default_factory=_null)
    so_error: str | None = None
    cipher_suite: str | None = msgspec.field(default_factory=_null)
    tls_version: str | None = msgspec.field(default_factory=_null)
    negotiated_protocol: str | None = msgspec.field(default_factory=_null)
    no_tls_verify: bool | None = msgspec.field(default_factory=_null)
    peer_certificates: list[Text] | None = msgspec.field(default_factory=_null)
    t0: float | None = msgspec.field(default_factory=_null)
    t: float | None = msgspec.field(default_factory=_null)
    transaction_id: int | None = msgspec.field(default_factory=_null)
    tags: list[str] | None = msgspec.field(default_factory=_null)


class TorExit(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a request of the Python probe went through Tor: then it is the control."""

    is_tor: bool | None = None


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """HTTP request, as it was sent."""

    method: str | None = None
    url: str | None = None
    headers: dict[str, Text] | None = None
    headers_list: list[HeaderPair] | None = None
    body: Text = None
    body_is_truncated: bool | None = None
    x_transport: str | None = None
    tor: TorExit | msgspec.UnsetType = msgspec.UNSET


class HttpResponse(msgspec.Struct, frozen=True, kw_only=True):
    """HTTP response, as it came."""

    code: int | None = None
    headers: dict[str, Text] | None = None
    headers_list: list[HeaderPair] | None = None
    body: Text = None
    body_is_truncated: bool | None = None


class HttpTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """HTTP round trip (df-001); the format lists the latest first."""

    network: str | None = None
    address: str | None = None
    alpn: str | None = None
    failure: str | None = None
    request: HttpRequest | None = None
    response: HttpResponse | None = None
    t0: float | None = None
    t: float | None = None
    transaction_id: int | None = None
    tags: list[str] | None = None


class NetworkEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Low-level event (df-008)."""

    operation: str | None = None
    address: str | None = None
    proto: str | None = None
    num_bytes: int | None = None
    failure: str | None = msgspec.field(default_factory=_null)
    t0: float | None = None
    t: float | None = None
    transaction_id: int | None = None
    tags: list[str] | None = None


class ControlTcp(msgspec.Struct, frozen=True, kw_only=True):
    """TCP connect of the helper to one endpoint."""

    status: bool | None = None
    failure: str | None = None


class ControlTls(msgspec.Struct, frozen=True, kw_only=True):
    """TLS handshake of the helper with one endpoint."""

    server_name: str | None = None
    status: bool | None = None
    failure: str | None = None


class ControlHttpResult(msgspec.Struct, frozen=True, kw_only=True):
    """Page that the helper fetched, as a digest of its parts."""

    body_length: int | None = None
    discovered_h3_endpoint: str | None = None
    failure: str | None = None
    title: str | None = None
    headers: dict[str, Text] | None = None
    status_code: int | None = None
    x_body_s: float | None = None
    """Ours: how long the page took, from the connect to the last byte of its body."""


class ControlDns(msgspec.Struct, frozen=True, kw_only=True):
    """Answer that the helper's resolver gave."""

    failure: str | None = None
    addrs: list[str] | None = None


class ControlIpInfo(msgspec.Struct, frozen=True, kw_only=True):
    """AS and flags of one address, as the helper sees them."""

    asn: int | None = None
    flags: int | None = None


class ControlResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The helper's answer (th-003); failures may be in the helper's own words."""

    tcp_connect: dict[str, ControlTcp] | None = None
    tls_handshake: dict[str, ControlTls] | None = None
    quic_handshake: dict[str, ControlTls] | None = None
    http_request: ControlHttpResult | None = None
    http3_request: ControlHttpResult | None = None
    dns: ControlDns | None = None
    ip_info: dict[str, ControlIpInfo] | None = None


class ControlRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Question to the helper."""

    http_request: str | None = None
    http_request_headers: dict[str, list[str]] | None = None
    tcp_connect: list[str] | None = None
    x_quic_enabled: bool | None = None


class TorTarget(msgspec.Struct, frozen=True, kw_only=True):
    """Bridge or directory authority of the `tor` nettest."""

    failure: str | None = None
    target_address: str | None = None
    target_name: str | None = None
    target_protocol: str | None = None
    target_source: str | None = None
    tcp_connect: list[TcpConnect] | None = None
    tls_handshakes: list[TlsHandshake] | None = None
    requests: list[HttpTransaction] | None = None
    queries: list[Query] | None = None


class OpenVpnHandshake(msgspec.Struct, frozen=True, kw_only=True):
    """OpenVPN handshake with one endpoint."""

    endpoint: str | None = None
    failure: str | None = None
    t0: float | None = None
    t: float | None = None
    transaction_id: int | None = None
    tags: list[str] | None = None


class TestKeys(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Facts that a nettest found; one struct for all of them, since their keys rarely clash.

    Keys that clash between nettests, or are long and seldom needed, stay undecoded as `Raw`.
    """

    # steps, common to most
    queries: list[Query] | None = msgspec.field(default_factory=_null)
    tcp_connect: list[TcpConnect] | None = msgspec.field(default_factory=_null)
    tls_handshakes: list[TlsHandshake] | None = msgspec.field(default_factory=_null)
    quic_handshakes: list[TlsHandshake] | None = None
    requests: list[HttpTransaction] | None = msgspec.field(default_factory=_null)
    network_events: Raw = UNREAD
    failure: str | None = None

    socksproxy: Text = None
    tunnel: Text = None

    # web_connectivity
    agent: str | None = None
    client_resolver: str | None = None
    x_dns_duplicate_responses: list[Query] | None = None
    x_do53: Raw = UNREAD
    x_doh: Raw = UNREAD
    x_dns_whoami: Raw = UNREAD
    x_control_request: ControlRequest | None = None
    x_probe_lag_s: float | None = None
    x_slowest_step: float | None = None
    x_tcp_info: list[TcpInfoRecord] | None = None
    x_localization: list[Localization] | None = None
    x_throttling: Throttling | None = None
    control: ControlResponse | None = None
    control_failure: str | None = None
    experiment_failure: str | None = None
    control_cloudflare: bool | None = None
    control_resolver: Text = None
    dns_experiment_failure: str | None = None
    dns_consistency: str | None = None
    http_experiment_failure: str | None = None
    body_proportion: float | None = None
    body_length_match: bool | None = None
    headers_match: bool | None = None
    status_code_match: bool | None = None
    title_match: bool | None = None
    blocking: Raw = UNREAD
    accessible: bool | None = None

    # what other nettests say for themselves
    targets: dict[str, TorTarget] | None = None
    lookups: dict[str, "TestKeys"] | None = None
    bootstrap: Raw = UNREAD
    bootstrap_failure: str | None = None
    bootstrap_time: float | None = None
    success: bool | None = None
    error: str | None = None
    timeout: float | None = None
    tampering: Raw = UNREAD
    sent: list[Text] | None = None
    received: list[Text] | None = None
    openvpn_handshake: list[OpenVpnHandshake] | None = None
    endpoint: str | None = None
    connection: str | None = None
    api_failure: str | None = None
    api_failures: list[str] | None = None
    ca_cert_status: bool | None = None
    transport_name: str | None = None


class WireMeasurement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Line of a report, which holds a measurement (df-000)."""

    data_format_version: str | None = msgspec.field(default_factory=lambda: DATA_FORMAT_VERSION)
    measurement_uid: str | None = None
    report_id: str | None = None
    input: Text = msgspec.field(default_factory=_null)
    annotations: dict[str, Text] | None = None
    measurement_start_time: str | None = msgspec.field(default_factory=_null)
    test_start_time: str | None = msgspec.field(default_factory=_null)
    probe_asn: str | int | None = msgspec.field(default_factory=_null)
    probe_cc: str | None = msgspec.field(default_factory=_null)
    probe_ip: str | None = msgspec.field(default_factory=lambda: "127.0.0.1")
    probe_network_name: str | None = None
    probe_id: str | None = None
    resolver_asn: str | int | None = None
    resolver_ip: str | None = None
    resolver_network_name: str | None = None
    software_name: str | None = msgspec.field(default_factory=_null)
    software_version: str | None = msgspec.field(default_factory=_null)
    extensions: dict[str, int] | None = None
    test_helpers: Raw = UNREAD
    test_name: str | None = msgspec.field(default_factory=_null)
    test_version: str | None = msgspec.field(default_factory=_null)
    test_runtime: float | None = msgspec.field(default_factory=_null)
    test_keys: TestKeys | None = msgspec.field(default_factory=_null)
