"""Verdicts for tests, as short as they can be written."""

from datetime import UTC, datetime, timedelta

from banwatch.model.ids import Asn, CountryCode, MeasurementUid, RuleId, TargetName
from banwatch.model.state import Layer, State
from banwatch.model.verdict import Verdict

START = datetime(2016, 4, 1, tzinfo=UTC)


def verdict(number: int = 0, **changes: object) -> Verdict:
    """Make a verdict; each number has its own id and minute."""
    values: dict[str, object] = {
        "measurement_uid": MeasurementUid(f"m{number:04}"),
        "target": TargetName("example.com"),
        "test_name": "web_connectivity",
        "input": "https://example.com/",
        "probe_cc": CountryCode("KP"),
        "probe_asn": Asn(131279),
        "access_tier": "visitor",
        "report_id": f"r{number}",
        "probe_id": "",
        "measurement_start_time": START + timedelta(minutes=number),
        "state": State.OK,
        "mechanisms": (),
        "layer": None,
        "hop": None,
        "rules": (RuleId("ok"),),
        "vetoed": (),
        "sentence": "It works.",
        "ruleset": "1",
        "snapshots": ("a", "b"),
    }
    values.update(changes)
    return Verdict(**values)  # type: ignore[arg-type]  # tests give each field what it takes


def silent(number: int, **changes: object) -> Verdict:
    """Make a verdict on a measurement in which nothing answered."""
    return verdict(number, state=State.INSUFFICIENT, layer=Layer.NETWORK, **changes)


def days_of(first: int, last: int, state: State, **changes: object) -> list[Verdict]:
    """Make verdicts of four voices for each six hours of some days."""
    return [
        verdict(
            (day * 4 + step) * 4 + voice,
            target="youtube.com",
            report_id=f"r{day}-{step}-{voice}",
            measurement_start_time=START + timedelta(days=day, hours=6 * step, minutes=voice),
            state=state,
            **changes,
        )
        for day in range(first, last)
        for step in range(4)
        for voice in range(4)
    ]


def blocked_story() -> list[Verdict]:
    """Make verdicts of one target that works for five days, and is blocked for a week."""
    return [
        *days_of(0, 5, State.OK),
        *days_of(5, 12, State.LIKELY_BLOCKED, mechanisms=("tls.reset.sni",)),
    ]
