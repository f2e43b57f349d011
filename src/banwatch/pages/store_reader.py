"""A reader that answers the questions of pages from a store."""

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from datetime import datetime
from functools import cache

from banwatch.bans import load_bans
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
from banwatch.pages.reader import MOST_COMPARISONS, MOST_DAILY_CELLS
from banwatch.store import Store, queries
from banwatch.store.counting import concluded, overview
from banwatch.store.counting import rolled_up as reading


@cache
def _register() -> Mapping[str, Ban]:
    """Return the register of bans, loaded once: it ships with the program, and every page asks for it."""
    return load_bans()


class StoreReader:
    """Reader over an open store, which the caller closes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def store(self) -> Store:
        """The store itself, for questions that no page asks."""
        return self._store

    def bans(self) -> Mapping[str, Ban]:
        return _register()

    def comparisons(self, ban_id: str) -> Sequence[Comparison]:
        return self._store.kept(
            ("comparisons", ban_id),
            ("comparison",),
            lambda: queries.comparisons(self._store, ban_id, most=MOST_COMPARISONS),
        )

    def measured_bans(self) -> Set[str]:
        return self._store.kept(
            "measured_bans", ("comparison",), lambda: concluded.measured_bans(self._store)
        )

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
        return queries.verdicts(
            self._store,
            probe_cc=probe_cc,
            probe_asn=probe_asn,
            access_tier=access_tier,
            target=target,
            state=state,
            since=since,
            until=until,
            after=after,
            limit=limit,
        )

    def cells(
        self,
        *,
        probe_cc: CountryCode | None = None,
        target: TargetName | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> Sequence[Cell]:
        return queries.cells(
            self._store, probe_cc=probe_cc, target=target, since=since, until=until, limit=limit
        )

    def daily_cells(
        self,
        probe_cc: CountryCode,
        *,
        targets: Sequence[TargetName] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Sequence[DailyCell]:
        if since is None:  # a period that a page names holds few days
            since = self.daily_cells_from(probe_cc, targets)
        return reading.daily_cells(
            self._store, probe_cc, targets=targets, since=since, until=until, limit=MOST_DAILY_CELLS
        )

    def daily_cells_from(
        self, probe_cc: CountryCode, targets: Sequence[TargetName] | None = None
    ) -> datetime | None:
        return reading.whole_days_from(self._store, probe_cc, targets=targets, most=MOST_DAILY_CELLS)

    def country_totals(self) -> Sequence[CountryTotal]:
        return reading.countries(self._store)

    def country_days(self, probe_cc: CountryCode) -> Sequence[CountryDay]:
        return reading.country_days(self._store, probe_cc=probe_cc)

    def network_totals(self, probe_cc: CountryCode) -> Sequence[NetworkTotal]:
        return reading.networks(self._store, probe_cc)

    def target_totals(self, probe_cc: CountryCode) -> Sequence[TargetTotal]:
        return reading.targets(self._store, probe_cc)

    def measured_targets(self) -> Mapping[TargetName, int]:
        return reading.measured_targets(self._store)

    def measured_networks(self) -> Mapping[tuple[CountryCode, Asn], int]:
        return reading.measured_networks(self._store)

    def countries_of_target(self, target: TargetName) -> Sequence[TargetTotal]:
        return reading.countries_of_target(self._store, target)

    def witnesses(self, probe_cc: CountryCode) -> Sequence[VantageWitness]:
        return reading.witnesses(self._store, probe_cc)

    def changes(self) -> Sequence[Change]:
        return queries.changes(self._store)

    def incidents(self) -> Sequence[Incident]:
        return self._store.kept("incidents", ("incident",), lambda: queries.incidents(self._store))

    def incidents_of(self, countries: Collection[str]) -> Sequence[Incident]:
        return concluded.incidents_of(self._store, countries)

    def latest_incidents(self, limit: int) -> Sequence[Incident]:
        return concluded.latest_incidents(self._store, limit=limit)

    def count_incidents(self) -> int:
        return concluded.count_incidents(self._store)

    def labs(self, countries: Collection[str] = ()) -> Mapping[str, int]:
        return overview.labs(self._store, countries)

    def recorded(self) -> bool:
        found = self._store.kept("properties", ("property",), lambda: queries.properties(self._store))
        return found.get("recorded") == "yes"

    def measurements_of(self, uids: Sequence[MeasurementUid]) -> Mapping[MeasurementUid, Measurement]:
        found = queries.measurements_of(self._store, uids)
        return {MeasurementUid(uid): measurement for uid, measurement in found.items()}

    def observations_of(
        self, uids: Sequence[MeasurementUid], *, limit: int | None = None
    ) -> Mapping[MeasurementUid, Sequence[Observation]]:
        found = queries.observations_of(self._store, uids, limit=limit)
        return {MeasurementUid(uid): rows for uid, rows in found.items()}

    def evidence_of(self, uids: Sequence[MeasurementUid]) -> Mapping[MeasurementUid, Sequence[Evidence]]:
        found = queries.evidence_of(self._store, uids)
        return {MeasurementUid(uid): rows for uid, rows in found.items()}

    def verdicts_of(self, uid: MeasurementUid) -> Sequence[Verdict]:
        return queries.verdicts_of(self._store, uid)

    def raws(
        self, uids: Sequence[MeasurementUid], *, longest_bytes: int | None = None
    ) -> Iterator[tuple[MeasurementUid, bytes]]:
        found = queries.raws(self._store, uids, longest_bytes=longest_bytes)
        return ((MeasurementUid(uid), line) for uid, line in found)
