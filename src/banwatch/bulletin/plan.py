"""Which measurement goes on which page of a bulletin."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from banwatch.explorer.columns import Place
from banwatch.explorer.days import DayCount, DayKey
from banwatch.explorer.links import FileLinks, day_path, slug
from banwatch.explorer.reader import Reader
from banwatch.model.ids import MeasurementUid
from banwatch.model.verdict import Verdict

if TYPE_CHECKING:
    from banwatch.bulletin.front import Front

STYLE = "style.css"
DAY_DEPTH = 3
"""How many folders below the top a day's page is; see `day_path`."""
INCIDENT_DEPTH = 1
FEED = "feed.xml"
_BATCH = 256
"""Measurements laid out at once: few scans of the store, little memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The pages of a bulletin, and what is on each."""

    verdicts: Mapping[MeasurementUid, Sequence[Verdict]]
    days: Mapping[DayKey, Sequence[MeasurementUid]]
    """In order of place, target and day; each day's measurements in order of time."""
    paths: Mapping[DayKey, str]
    pages: Mapping[MeasurementUid, str]

    incidents: frozenset[str]
    bundle: str
    """Path of the evidence bundle."""

    def links(self, depth: int) -> FileLinks:
        """Addresses for a page that many folders below the top."""
        return FileLinks(
            depth=depth,
            pages=self.pages,
            days=self.paths,
            incidents=self.incidents,
            bundle_path=self.bundle,
            feed_path=FEED,
        )

    def judged(self) -> Iterator[Verdict]:
        """Every verdict in the bulletin."""
        for found in self.verdicts.values():
            yield from found

    def counts(self, days: Mapping[DayKey, DayCount]) -> list[tuple[DayKey, DayCount]]:
        """The days that are in the bulletin, with their counts."""
        return [(key, days[key]) for key in self.days if key in days]

    def neighbours(self) -> dict[DayKey, tuple[DayKey | None, DayKey | None]]:
        """For each day the one before and the one after it, of the same target and place."""
        keys = list(self.days)
        found: dict[DayKey, tuple[DayKey | None, DayKey | None]] = {}
        for index, key in enumerate(keys):
            before = keys[index - 1] if index else None
            after = keys[index + 1] if index + 1 < len(keys) else None
            found[key] = (
                before if before and _same_series(before, key) else None,
                after if after and _same_series(after, key) else None,
            )
        return found

    def batches(self) -> Iterator[list[DayKey]]:
        """Days together, so many that their measurements fill a batch."""
        batch: list[DayKey] = []
        size = 0
        for key, uids in self.days.items():
            batch.append(key)
            size += len(uids)
            if size >= _BATCH:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch


def _same_series(one: DayKey, other: DayKey) -> bool:
    return (one.place, one.target) == (other.place, other.target)


def plan_pages(reader: Reader, front: "Front") -> Plan:
    """Find every measurement that a bulletin rests on, and give each a page."""
    targets = front.scene.targets
    verdicts: defaultdict[MeasurementUid, list[Verdict]] = defaultdict(list)
    days: defaultdict[DayKey, list[MeasurementUid]] = defaultdict(list)
    for country in front.countries:
        for verdict in reader.verdicts(probe_cc=country, since=front.since, until=front.until):
            place = Place(verdict.probe_cc, verdict.probe_asn, verdict.access_tier)
            if verdict.target not in targets or place not in front.places:
                continue
            key = DayKey(place, verdict.target, verdict.measurement_start_time.astimezone(UTC).date())
            verdicts[verdict.measurement_uid].append(verdict)
            days[key].append(verdict.measurement_uid)
    ordered = {key: tuple(dict.fromkeys(days[key])) for key in sorted(days)}
    paths = {key: day_path(key) for key in ordered}
    return Plan(
        verdicts=dict(verdicts),
        days=ordered,
        paths=paths,
        pages={uid: paths[key] for key, uids in ordered.items() for uid in uids},
        incidents=frozenset(incident.incident_id for incident in front.incidents),
        bundle=f"{slug(front.id.lower())}-evidence.zip",
    )
