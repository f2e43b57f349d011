"""The typed questions that a page may ask of a store."""

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from datetime import datetime
from typing import Protocol

from banwatch.model.ban import Ban, Comparison
from banwatch.model.cell import Cell
from banwatch.model.evidence import Evidence
from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.incident import Change, Incident
from banwatch.model.measurement import Measurement
from banwatch.model.observation import Observation
from banwatch.model.rollup import (
    CountryDay,
    CountryTotal,
    DailyCell,
    NetworkTotal,
    TargetTotal,
    VantageWitness,
)
from banwatch.model.verdict import Verdict

MOST_COMPARISONS = 5_000
"""Rows of a comparison that a page reads at most: those of 400 targets on a dozen networks."""
MOST_DAILY_CELLS = 50_000
"""Daily cells that a page reads at most: those of 60 targets on a dozen networks for two months."""


class Reader(Protocol):
    """Typed reads for pages; questions about many measurements take their ids in one batch, for one scan."""

    def bans(self) -> Mapping[str, Ban]:
        """Return every ban of the register, by id."""

    def comparisons(self, ban_id: str) -> Sequence[Comparison]:
        """Return the ban against the measurements, a row for each target, network and tier.

        Of a ban with more than `MOST_COMPARISONS` rows, those that are announced or show interference come.
        """

    def measured_bans(self) -> Set[str]:
        """Return the ids of the bans of which some target was measured."""

    def verdicts(
        self,
        *,
        probe_cc: CountryCode | None = None,
        probe_asn: Asn | None = None,
        access_tier: str | None = None,
        target: TargetName | None = None,
        state: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        after: tuple[datetime, str, str] | None = None,
        limit: int | None = None,
    ) -> Sequence[Verdict]:
        """Return verdicts behind a row, in order of time, measurement and target; `until` is exclusive."""

    def cells(
        self,
        *,
        probe_cc: CountryCode | None = None,
        target: TargetName | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> Sequence[Cell]:
        """Return verdicts counted by target, network, tier and hour; at most so many cells."""

    def daily_cells(
        self,
        probe_cc: CountryCode,
        *,
        targets: Sequence[TargetName] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Sequence[DailyCell]:
        """Return the verdicts of a country counted by target, network, tier and day, in that order.

        At most `MOST_DAILY_CELLS` come; of more, those of the last days (`daily_cells_from`).
        """

    def daily_cells_from(
        self, probe_cc: CountryCode, targets: Sequence[TargetName] | None = None
    ) -> datetime | None:
        """Return the day from which daily cells come, where earlier ones are left out; else None."""

    def country_totals(self) -> Sequence[CountryTotal]:
        """Return the counts of every country that was measured, in order of codes."""

    def country_days(self, probe_cc: CountryCode) -> Sequence[CountryDay]:
        """Return the counts of a country's days, in their order."""

    def network_totals(self, probe_cc: CountryCode) -> Sequence[NetworkTotal]:
        """Return the counts of every network of a country, in order of numbers."""

    def target_totals(self, probe_cc: CountryCode) -> Sequence[TargetTotal]:
        """Return the counts of every target in a country, in order of names."""

    def measured_targets(self) -> Mapping[TargetName, int]:
        """Return every target that was measured, with the number of its countries."""

    def measured_networks(self) -> Mapping[tuple[CountryCode, Asn], int]:
        """Return every network that was measured, with the number of its verdicts."""

    def countries_of_target(self, target: TargetName) -> Sequence[TargetTotal]:
        """Return the counts of one target in every country where it was measured, in order of codes."""

    def witnesses(self, probe_cc: CountryCode) -> Sequence[VantageWitness]:
        """Return a measurement of every network and tier of a country."""

    def changes(self) -> Sequence[Change]:
        """Return every stretch of interference."""

    def incidents(self) -> Sequence[Incident]:
        """Return all incidents, in order of their ids."""

    def incidents_of(self, countries: Collection[str]) -> Sequence[Incident]:
        """Return the incidents of some countries, in order of their ids."""

    def latest_incidents(self, limit: int) -> Sequence[Incident]:
        """Return the incidents whose onset is latest, the latest one first."""

    def count_incidents(self) -> int:
        """Count all incidents."""

    def labs(self, countries: Collection[str] = ()) -> Mapping[str, int]:
        """Count the measurements that each lab made, of some countries or of all; empty is the real world."""

    def recorded(self) -> bool:
        """Tell whether the measurements were replayed from a recording."""

    def measurements_of(self, uids: Sequence[MeasurementUid]) -> Mapping[MeasurementUid, Measurement]:
        """Return the measurements themselves; ids that the store does not have are left out."""

    def observations_of(
        self, uids: Sequence[MeasurementUid], *, limit: int | None = None
    ) -> Mapping[MeasurementUid, Sequence[Observation]]:
        """Return the observations of each measurement, in the order of the wire, up to a limit."""

    def evidence_of(self, uids: Sequence[MeasurementUid]) -> Mapping[MeasurementUid, Sequence[Evidence]]:
        """Return the evidence of each measurement, one row a target."""

    def verdicts_of(self, uid: MeasurementUid) -> Sequence[Verdict]:
        """Return the verdicts of one measurement, one row a target."""

    def raws(
        self, uids: Sequence[MeasurementUid], *, longest_bytes: int | None = None
    ) -> Iterator[tuple[MeasurementUid, bytes]]:
        """Yield the measurements as they were received, in any order; longer ones than that are left out."""
