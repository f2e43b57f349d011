"""The questions that a page may ask, whoever answers them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from banwatch.model.ban import Ban, Comparison
from banwatch.model.cell import Cell
from banwatch.model.evidence import Evidence
from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.incident import Change, Incident
from banwatch.model.measurement import Measurement
from banwatch.model.observation import Observation
from banwatch.model.verdict import Verdict


class Reader(Protocol):
    """Typed reads. Questions about many measurements take their ids in one batch, for one scan."""

    def bans(self) -> Mapping[str, Ban]:
        """Every announced ban that is known, by id."""

    def comparisons(self, ban_id: str) -> Sequence[Comparison]:
        """The ban against what was measured, a row for each target, network and tier."""

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
        limit: int | None = None,
    ) -> Sequence[Verdict]:
        """Verdicts in order of time; `until` is exclusive."""

    def cells(
        self,
        *,
        probe_cc: CountryCode | None = None,
        target: TargetName | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Sequence[Cell]:
        """Verdicts counted by target, network, tier and hour."""

    def changes(self) -> Sequence[Change]:
        """Every stretch of interference."""

    def incidents(self) -> Sequence[Incident]:
        """What happened, in order of their ids."""

    def labs(self) -> Mapping[str, int]:
        """How many measurements each lab made; the empty name is the real world."""

    def recorded(self) -> bool:
        """Whether the measurements were replayed from a recording."""

    def measurements_of(self, uids: Sequence[MeasurementUid]) -> Mapping[MeasurementUid, Measurement]:
        """What the measurements say of themselves; unknown ids are left out."""

    def observations_of(
        self, uids: Sequence[MeasurementUid]
    ) -> Mapping[MeasurementUid, Sequence[Observation]]:
        """The facts of each measurement, in the order of the wire."""

    def evidence_of(self, uids: Sequence[MeasurementUid]) -> Mapping[MeasurementUid, Sequence[Evidence]]:
        """The comparison of each measurement with its control, one row a target."""

    def verdicts_of(self, uid: MeasurementUid) -> Sequence[Verdict]:
        """What was judged of one measurement, one row a target."""

    def raws(self, uids: Sequence[MeasurementUid]) -> Iterator[tuple[MeasurementUid, bytes]]:
        """The measurements as they were received, byte for byte, in any order."""
