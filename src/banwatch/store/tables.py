"""Definitions of all tables: the noun, the key of a row, and the tier."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from banwatch.model.ban import Comparison
from banwatch.model.cell import Cell
from banwatch.model.delivery import Delivery
from banwatch.model.evidence import Evidence
from banwatch.model.incident import Change, Incident
from banwatch.model.measurement import Measurement
from banwatch.model.observation import Observation
from banwatch.model.rollup import CountryDay, DailyCell, NetworkMonth, ReportProbes, TargetMonth
from banwatch.model.verdict import Verdict
from banwatch.store.bookkeeping import (
    Entry,
    KeptFindings,
    LogEntry,
    Property,
    PublishedIncident,
    Quarantined,
    Segment,
    SourceFile,
)
from banwatch.store.columns import Layout

SCHEMA_VERSION = "3"
"""Version that changes when a store of an earlier one can no longer be read or added to."""


@dataclass(frozen=True, slots=True)
class TableDef:
    """Definition of one table; its key is also the order in which rows are compared."""

    name: str
    noun: type[Any]
    key: tuple[str, ...]
    tier: int | None
    """The tier it belongs to (docs/design.md, "How data flows"); None for the store's own books."""

    @property
    def layout(self) -> Layout[Any]:
        """Columns of the table."""
        return layout_of(self.noun)  # type: ignore[arg-type]  # mypy: classes are hashable all the same


@cache
def layout_of(noun: type[Any]) -> Layout[Any]:
    """Return the columns of a noun, laid out once."""
    return Layout(noun)


_NETWORK = ("probe_cc", "probe_asn", "access_tier")
_CELL_KEY = ("target", *_NETWORK, "resolver_kind", "source_class", "hour")

_ALL = (
    TableDef("segment", Segment, ("ordinal",), 0),
    TableDef("entry", Entry, ("measurement_uid", "copy"), 0),
    TableDef("quarantine", Quarantined, ("source", "line", "sha256"), 0),
    TableDef("measurement", Measurement, ("measurement_uid",), 1),
    TableDef("observation", Observation, ("measurement_uid", "ordinal"), 1),
    TableDef("evidence", Evidence, ("measurement_uid", "target"), 2),
    TableDef("verdict", Verdict, ("measurement_uid", "target"), 2),
    TableDef("report_probes", ReportProbes, ("source_class", "report_id"), 3),
    TableDef("cell", Cell, _CELL_KEY, 3),
    TableDef("daily_cell", DailyCell, ("target", *_NETWORK, "day"), 3),
    TableDef("country_day", CountryDay, ("probe_cc", "day"), 3),
    TableDef("network_month", NetworkMonth, ("probe_cc", "probe_asn", "month"), 3),
    TableDef("target_month", TargetMonth, ("target", "probe_cc", "month"), 3),
    TableDef(
        "change",
        Change,
        ("target", "probe_cc", "probe_asn", "access_tier", "kind", "onset_latest", "onset_earliest"),
        4,
    ),
    TableDef("incident", Incident, ("incident_id",), 5),
    TableDef("comparison", Comparison, ("ban_id", "target", "probe_cc", "probe_asn", "access_tier"), 5),
    TableDef("past_verdict", Verdict, ("measurement_uid", "target", "ruleset"), None),
    TableDef("source_file", SourceFile, ("sha256",), None),
    TableDef("published_incident", PublishedIncident, ("incident_id",), None),
    TableDef("kept_findings", KeptFindings, ("probe_cc", "level"), None),
    TableDef("log", LogEntry, ("said_at", "subject", "says"), None),
    TableDef("delivery", Delivery, ("channel", "subject", "ordinal", "attempt", "state"), None),
    TableDef("property", Property, ("name",), None),
)
TABLES = {table.name: table for table in _ALL}
MEASURED = ("measurement", "observation", "evidence", "verdict")
"""Tables that ingest writes for each measurement, from the bottom up."""
ROLLED_UP = ("report_probes", "cell", "daily_cell", "country_day", "network_month", "target_month")
"""Tables that follow from verdicts, and that every commit keeps (`rollups`)."""
CONCLUDED = ("change", "incident", "comparison")
"""Tables that detection writes, all rows anew each time."""
