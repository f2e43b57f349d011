"""`WireMeasurement` to `Observed`."""

from collections.abc import Callable

from banwatch.formats.ooni import nettests
from banwatch.formats.ooni.control import split_old_control
from banwatch.formats.ooni.decode import decode_untrusted, parse_time
from banwatch.formats.ooni.events import read_received
from banwatch.formats.ooni.failures import normalise
from banwatch.formats.ooni.observed import Observed
from banwatch.formats.ooni.path import read_connections, read_located, read_throttle_kind
from banwatch.formats.ooni.reading import host_of, read_ip, read_text, read_timeouts, read_whoami
from banwatch.formats.ooni.steps import Steps
from banwatch.formats.ooni.wire import TestKeys, Text, WireMeasurement
from banwatch.model.control import Control
from banwatch.model.errors import WireError
from banwatch.model.ids import MeasurementUid, TargetName, parse_asn, parse_country
from banwatch.model.measurement import Measurement
from banwatch.model.receipt import NO_RECEIPT, Receipt, receipt_hour_of

_TEXT_LENGTH = 256
_INPUT_LENGTH = 8192
_NOTHING = TestKeys()
_PROXY_IS_CONTROL = frozenset(
    {"http_requests", "meek_fronted_requests_test", "http_header_field_manipulation"}
)
"""Nettests of the Python probe that name the SOCKS proxy of their control, or of Tor in general."""


def observe(
    wire: WireMeasurement, target_of: Callable[[str], str], receipt: Receipt = NO_RECEIPT
) -> Observed:
    """Read the facts out of a measurement.

    Args:
        wire: a measurement from `decode_untrusted`.
        target_of: the registrable domain of a host name.
        receipt: when and from which class of sources it came.

    Raises:
        WireError: the measurement has no uid or no time, which one from `decode_untrusted` always has.
    """
    keys = wire.test_keys or _NOTHING
    measurement = _read_measurement(wire, target_of, receipt)
    steps = Steps(measurement.measurement_uid)
    keys, control = split_old_control(measurement.test_name, keys)
    _add_steps(steps, keys, host_of(measurement.input))
    test_is_proxied = measurement.test_name not in _PROXY_IS_CONTROL
    nettest = nettests.read(measurement.test_name, keys, steps, measurement.measurement_start_time)
    return Observed(
        measurement=measurement,
        observations=tuple(steps.found),
        control=control,
        control_failure=normalise(keys.control_failure),
        probe_id=_short(wire.probe_id),
        control_path=_annotation(wire, "control_path"),
        network_type=_annotation(wire, "network_type"),
        probe_lag_s=keys.x_probe_lag_s,
        slowest_step=keys.x_slowest_step,
        timeouts_s=read_timeouts(_annotation(wire, "timeouts")),
        resolver_answered=read_whoami(keys.x_dns_whoami),
        proxied=bool(keys.tunnel) or (test_is_proxied and bool(keys.socksproxy)),
        outcome=nettest.outcome,
        endpoints=nettest.endpoints,
        connections=read_connections(keys.x_tcp_info) if keys.x_tcp_info else (),
        located=read_located(keys.x_localization) if keys.x_localization else (),
        throttle_kind=read_throttle_kind(keys.x_throttling),
        download_slowdown=(keys.x_throttling.slowdown or {}).get("download") if keys.x_throttling else None,
        control_goodput_bps=keys.x_throttling.control_goodput_bps if keys.x_throttling else None,
        control_twin_goodput_bps=keys.x_throttling.control_twin_goodput_bps if keys.x_throttling else None,
    )


def observe_control_untrusted(raw: bytes) -> tuple[Control | None, str | None]:
    """Read the control out of a measurement's line, and the failure that the probe gives for a missing one.

    Raises:
        WireError: the line is no measurement.
    """
    wire = decode_untrusted(raw)
    keys, control = split_old_control(wire.test_name or "", wire.test_keys or _NOTHING)
    return control, normalise(keys.control_failure)


def _add_steps(steps: Steps, keys: TestKeys, input_host: str | None) -> None:
    hops = _HopsByHost(keys, input_host)
    received = read_received(keys.network_events)
    steps.add_queries(keys.queries, hops.of)
    steps.add_queries(keys.x_dns_duplicate_responses, hops.of, late=True)
    steps.add_connects(keys.tcp_connect, lambda _ip: 0)
    steps.add_handshakes(keys.tls_handshakes, hops.of)
    steps.add_handshakes(keys.quic_handshakes, hops.of)
    steps.add_requests(keys.requests, received)


class _HopsByHost:
    """Hop of a name by the request that first went to it, for probes that do not tag their steps (0.4)."""

    def __init__(self, keys: TestKeys, input_host: str | None) -> None:
        self._keys = keys
        self._input_host = input_host
        self._hops: dict[str, int] | None = None

    def of(self, host: str | None) -> int:
        """Hop of a host; 0 for the input's own and for one that no request went to."""
        if host is None or host == self._input_host:
            return 0
        if self._hops is None:
            self._hops = {}
            for hop, request in enumerate(reversed(self._keys.requests or ())):
                name = host_of(request.request.url) if request.request else None
                if name:
                    self._hops.setdefault(name, hop)
        return self._hops.get(host, 0)


def _read_measurement(
    wire: WireMeasurement, target_of: Callable[[str], str], receipt: Receipt
) -> Measurement:
    started_at = parse_time(wire.measurement_start_time) or parse_time(wire.test_start_time)
    if wire.measurement_uid is None or started_at is None:
        raise WireError("a measurement without uid or time")
    annotations = wire.annotations or {}
    measured_input = read_text(wire.input)[:_INPUT_LENGTH] if wire.input is not None else ""
    test_name = wire.test_name or ""
    return Measurement(
        measurement_uid=MeasurementUid(wire.measurement_uid),
        report_id=_short(wire.report_id),
        test_name=test_name,
        test_version=_short(wire.test_version),
        input=measured_input,
        target=TargetName(nettests.name_target(test_name, measured_input, target_of)),
        probe_cc=parse_country(wire.probe_cc),
        probe_asn=parse_asn(str(wire.probe_asn) if wire.probe_asn is not None else None),
        probe_network_name=_short(wire.probe_network_name),
        access_tier=_annotation(wire, "access_tier"),
        resolver_asn=parse_asn(str(wire.resolver_asn) if wire.resolver_asn is not None else None),
        resolver_ip=read_ip(wire.resolver_ip) or "",
        measurement_start_time=started_at,
        test_start_time=parse_time(wire.test_start_time) or started_at,
        test_runtime_s=wire.test_runtime or 0.0,
        software_name=_short(wire.software_name),
        software_version=_short(wire.software_version),
        engine_version=_short(annotations.get("engine_version")),
        platform=_short(annotations.get("platform")),
        lab=_annotation(wire, "lab"),
        received_at=receipt.received_at or receipt_hour_of(wire.measurement_uid, started_at),
        source_class=receipt.source_class,
        receipt_voice=receipt.voice,
        origin_agrees=receipt.origin_agrees,
    )


def _short(text: Text) -> str:
    return read_text(text)[:_TEXT_LENGTH] if text is not None else ""


def _annotation(wire: WireMeasurement, name: str) -> str:
    return _short((wire.annotations or {}).get(name))
