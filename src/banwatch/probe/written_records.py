"""The records that our probe writes: OONI's, with a few fields of our own.

Records that need nothing more are `banwatch.formats.ooni.wire`'s. Here null is written out wherever OONI's
probe writes it, since its readers expect every key of a `web_connectivity` measurement.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from banwatch.formats.ooni import wire
from banwatch.formats.ooni.extensions import Localization, TcpInfoRecord, Throttling


class Tor(wire.TorExit, frozen=True, kw_only=True):
    """Tor in OONI's format: not used."""

    exit_ip: str | None = None
    exit_name: str | None = None
    is_tor: bool = False


class WrittenRequest(wire.HttpRequest, frozen=True, kw_only=True):
    """An HTTP request, with the key that df-001 wants besides."""

    tor: Tor = Tor()


class Query(wire.Query, frozen=True, kw_only=True):
    """A DNS lookup, with the IP time to live that its reply arrived with."""

    ip_ttl: int | None = None


class IcmpErrorRecord(msgspec.Struct, frozen=True, kw_only=True):
    """ICMP error about a packet of ours, from the way or its end."""

    address: str
    """Destination of the packet."""
    offender: str | None
    """Prefix (/24, over IPv6 /48) of the sender; null for addresses that are not on the Internet."""
    version: int
    type: int
    code: int
    t: float
    transaction_id: int
    tags: list[str]


class Http3Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A page that came over HTTP/3 beside the control's, as the `*_match` keys have it for the page."""

    with_http3: bool
    """Whether the control fetched over HTTP/3 too; else its plain page is compared with."""
    status_code_match: bool | None
    body_length_match: bool | None
    body_proportion: float
    headers_match: bool | None
    title_match: bool | None


class WebConnectivityKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The test keys of `web_connectivity` 0.5; those that begin with `x_` are extensions."""

    agent: str = "redirect"
    client_resolver: str = ""
    retries: None = None
    socksproxy: None = None
    queries: list[Query]
    tcp_connect: list[wire.TcpConnect]
    tls_handshakes: list[wire.TlsHandshake]
    quic_handshakes: list[wire.TlsHandshake]
    requests: list[wire.HttpTransaction]
    network_events: list[wire.NetworkEvent]
    x_dns_duplicate_responses: list[Query]
    x_https_records: list[Query]
    x_tcp_info: list[TcpInfoRecord]
    """Extension of our own: see docs/probe.md."""
    x_localization: list[Localization]
    x_icmp_errors: list[IcmpErrorRecord]
    x_throttling: Throttling | None
    x_probe_lag_s: float
    x_slowest_step: float
    x_control_request: wire.ControlRequest | None
    control: wire.ControlResponse | None
    control_failure: str | None
    dns_experiment_failure: str | None
    dns_consistency: str | None
    http_experiment_failure: str | None
    x_http3: Http3Comparison | None
    body_proportion: float
    body_length_match: bool | None
    headers_match: bool | None
    status_code_match: bool | None
    title_match: bool | None
    blocking: Literal["dns", "tcp_ip", "http-diff", "http-failure"] | Literal[False] | None
    accessible: bool | None
    x_blocking_flags: int = 0
    x_dns_flags: int = 0
    x_null_null_flags: int = 0


class TestHelper(msgspec.Struct, frozen=True, kw_only=True):
    """A helper that was used."""

    address: str
    type: str = "https"


EXTENSIONS = {"dnst": 0, "httpt": 0, "netevents": 0, "tcpconnect": 0, "tlshandshake": 0, "tunnel": 0}


class MeasurementLine(msgspec.Struct, frozen=True, kw_only=True):
    """A measurement (df-000), every key that OONI's probe writes."""

    annotations: dict[str, str]
    data_format_version: str = wire.DATA_FORMAT_VERSION
    extensions: dict[str, int] = msgspec.field(default_factory=lambda: dict(EXTENSIONS))
    input: str | None
    measurement_start_time: str
    measurement_uid: str | msgspec.UnsetType = msgspec.UNSET
    probe_asn: str
    probe_cc: str
    probe_id: str | msgspec.UnsetType = msgspec.UNSET
    probe_ip: str = "127.0.0.1"
    probe_network_name: str
    report_id: str
    resolver_asn: str
    resolver_ip: str
    resolver_network_name: str
    software_name: str
    software_version: str
    test_helpers: dict[str, TestHelper]
    test_keys: msgspec.Struct | Mapping[str, object]
    test_name: str
    test_runtime: float
    test_start_time: str
    test_version: str
