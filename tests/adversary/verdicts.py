"""Verdicts for attacks: honest probes of a country, and those of an attacker."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.receipt import SourceClass, hour_of_receipt
from banwatch.model.state import Layer, State
from banwatch.model.verdict import Verdict

START = datetime(2026, 3, 1, tzinfo=UTC)
_MODEL = Verdict(
    measurement_uid=MeasurementUid(""),
    target=TargetName("news.example"),
    test_name="web_connectivity",
    input="https://news.example/",
    probe_cc=CountryCode("KE"),
    probe_asn=Asn(64500),
    access_tier="",
    report_id="",
    probe_id="",
    measurement_start_time=START,
    state=State.OK,
    mechanisms=(),
    layer=None,
    hop=None,
    rules=(),
    vetoed=(),
    sentence="",
    ruleset="",
    snapshots=(),
)


def verdict(
    voice: str,
    at: datetime,
    *,
    accuses: bool = False,
    received_at: datetime | None = None,
    source_class: SourceClass = SourceClass.OONI,
    target: str = "news.example",
    receipt_voice: str = "",
    origin_agrees: bool | None = None,
) -> Verdict:
    """Make a verdict that was received at once, unless another time is given."""
    return replace(
        _MODEL,
        measurement_uid=MeasurementUid(f"{source_class}-{voice}-{target}-{at:%Y%m%d%H%M}"),
        target=TargetName(target),
        report_id=f"report-{voice}-{at:%Y%m%d}",
        probe_id=voice,
        measurement_start_time=at,
        received_at=hour_of_receipt(received_at or at),
        source_class=source_class,
        receipt_voice=receipt_voice,
        origin_agrees=origin_agrees,
        state=State.BLOCKED if accuses else State.OK,
        mechanisms=("dns.injection.blockpage",) if accuses else (),
        layer=Layer.DNS if accuses else None,
    )


def story(*, days: int = 20, blocked_from: int = 10, probes: int = 6) -> Iterator[Verdict]:
    """Let honest probes measure one target every three hours, and find it blocked from some day on."""
    for hour in range(0, days * 24, 3):
        at = START + timedelta(hours=hour, minutes=7)
        for number in range(probes):
            yield verdict(f"probe{number}", at, accuses=at >= START + timedelta(days=blocked_from))
