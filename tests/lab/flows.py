"""Truth of made-up flows, for tests of scores and of the truth's readers."""

from datetime import UTC, datetime, timedelta

from banwatch.lab.truth.flow_truth import FlowTruth

AT = datetime(2016, 4, 2, 6, tzinfo=UTC)
SYSTEM, PUBLIC = "175.45.176.15", "8.8.8.8"
"""Addresses of the provider's resolver and of a public one."""


def flow_truth(
    dst: str, dport: int, mechanism: str | None = None, *names: tuple[str, str], at: datetime = AT
) -> FlowTruth:
    """Return the truth of a visitor's flow; a rule acted where a mechanism is given."""
    return FlowTruth(
        tier="visitor",
        started_at=at + timedelta(seconds=0.2),
        ended_at=at + timedelta(seconds=0.4),
        proto="tcp" if dport != 53 else "udp",
        src="175.45.177.10",
        sport=40000,
        dst=dst,
        dport=dport,
        names=names,
        rule="a-rule" if mechanism else None,
        mechanism=mechanism,
    )
