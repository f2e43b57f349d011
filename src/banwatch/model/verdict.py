"""State, mechanisms and the rules that fired, for one measurement and target."""

from datetime import datetime

import msgspec

from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.receipt import SourceClass
from banwatch.model.resolver import ResolverKind
from banwatch.model.state import Layer, State

MOST_ADDRESSES = 8
"""Addresses that a verdict names."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """State and mechanisms of a measurement, and the rules that gave them.

    Shape: one row a measurement and target; key `measurement_uid, target`; order
    `measurement_start_time, measurement_uid, target`. Lists are sorted, never null.
    """

    measurement_uid: MeasurementUid
    target: TargetName
    test_name: str
    input: str
    probe_cc: CountryCode
    probe_asn: Asn
    access_tier: str
    report_id: str
    probe_id: str
    """A pseudonym of the probe, where it says one, else empty; counts distinct voices, names nobody."""
    measurement_start_time: datetime
    state: State
    mechanisms: tuple[str, ...]
    layer: Layer | None
    """The layer in which the trouble showed."""
    hop: int | None
    """The redirect at which it showed: 0 is the input itself."""
    rules: tuple[str, ...]
    """Ids of the rules that held, the deciding one first."""
    vetoed: tuple[str, ...]
    """Ids of the rules that would have accused, had another rule not vetoed them."""
    sentence: str
    """The reason in words for a reader."""
    ruleset: str
    """Version of the rule table."""
    snapshots: tuple[str, ...]
    """Ids of the reference snapshots used."""
    resolver_kind: ResolverKind = ResolverKind.UNKNOWN
    """Kind of the resolver that the probe's system asked."""
    received_at: datetime | None = None
    """Start of the hour in which it was received; null where unknown."""
    source_class: SourceClass = SourceClass.OONI
    """Class of its source (docs/trust.md)."""
    receipt_voice: str = ""
    """Keyed hash that stands for its sender for some days; empty where there is none."""
    origin_agrees: bool | None = None
    """Whether it names the country and network that it was sent from; null where unknown."""
    addresses: tuple[str, ...] = ()
    """Addresses that the probe's resolver gave for the name at which the verdict was decided; at most
    `MOST_ADDRESSES`."""
