"""A run of a nettest, on one input, by one probe, at one time."""

from datetime import datetime

import msgspec

from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.receipt import SourceClass


class Measurement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Statements of a measurement about itself; its facts are in its observations.

    Shape: one row a measurement; key `measurement_uid`; order `measurement_start_time, measurement_uid`.
    """

    measurement_uid: MeasurementUid
    report_id: str
    test_name: str
    test_version: str
    input: str
    """The URL or endpoint measured; empty where the nettest takes none."""
    target: TargetName
    """The registrable domain of the input, or the application's name."""
    probe_cc: CountryCode
    probe_asn: Asn
    probe_network_name: str
    access_tier: str
    """A class of people on a network with their own rules; empty where the probe did not say."""
    resolver_asn: Asn
    resolver_ip: str
    measurement_start_time: datetime
    test_start_time: datetime
    test_runtime_s: float
    software_name: str
    software_version: str
    engine_version: str
    platform: str
    lab: str
    """Name of the lab regime that it was made in; empty for measurements of the world."""
    received_at: datetime | None = None
    """Start of the hour in which it was received; null where unknown."""
    source_class: SourceClass = SourceClass.OONI
    """Class of its source (docs/trust.md)."""
    receipt_voice: str = ""
    """Keyed hash that stands for its sender for some days; empty where there is none."""
    origin_agrees: bool | None = None
    """Whether it names the country and network that it was sent from; null where unknown."""
