"""Verdicts made to order, for tests of detection."""

from datetime import UTC, datetime, timedelta

from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.state import Layer, State
from banwatch.model.verdict import Verdict

START = datetime(2016, 3, 27, tzinfo=UTC)


def verdict(
    at: datetime,
    state: State,
    *,
    target: str = "youtube.com",
    cc: str = "KP",
    asn: int = 64512,
    tier: str = "",
    probe: str = "",
    report: str | None = None,
    silent: bool = False,
    mechanisms: tuple[str, ...] | None = None,
    serial: int = 0,
) -> Verdict:
    """One verdict; unless told otherwise every measurement is a report of its own."""
    uid = f"{at:%Y%m%d%H%M%S}-{target}-{cc}-{asn}-{tier}-{probe}-{serial}"
    if mechanisms is None:
        mechanisms = ("dns.injection.other",) if state.accuses else ()
    return Verdict(
        measurement_uid=MeasurementUid(uid),
        target=TargetName(target),
        test_name="web_connectivity",
        input=f"https://{target}/",
        probe_cc=CountryCode(cc),
        probe_asn=Asn(asn),
        access_tier=tier,
        report_id=uid if report is None else report,
        probe_id=probe,
        measurement_start_time=at,
        state=State.INSUFFICIENT if silent else state,
        mechanisms=mechanisms,
        layer=Layer.NETWORK if silent else None,
        hop=None,
        rules=(),
        vetoed=(),
        sentence="",
        ruleset="1",
        snapshots=(),
    )


def hours(count: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=count)
