"""Which measurement goes on which page of a bulletin."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC

from banwatch.bulletin.front_page import Front
from banwatch.model.ids import MeasurementUid
from banwatch.model.verdict import Verdict
from banwatch.pages.figures.days import DayCount, DayKey
from banwatch.pages.links import FileLinks, day_path, slug
from banwatch.pages.places import Place
from banwatch.pages.reader import Reader

STYLE = "style.css"
DAY_DEPTH = 3
"""How many folders below the top a day's page is; see `day_path`."""
INCIDENT_DEPTH = 1
FEED = "feed.xml"
MAX_MEASUREMENTS = 20_000
"""More would make a folder that no reader wants to carry: some 350 MB."""
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
    left_out: int
    """Measurements that the bulletin rests on and has no room for."""
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


def plan_pages(reader: Reader, front: Front) -> Plan:
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
    kept = _keep(days, front)
    verdicts_kept = {uid: tuple(verdicts[uid]) for key in kept for uid in days[key]}
    ordered = {key: tuple(dict.fromkeys(days[key])) for key in sorted(kept)}
    paths = {key: day_path(key) for key in ordered}
    return Plan(
        verdicts=verdicts_kept,
        left_out=len(verdicts) - len(verdicts_kept),
        days=ordered,
        paths=paths,
        pages={uid: paths[key] for key, uids in ordered.items() for uid in uids},
        incidents=frozenset(incident.incident_id for incident in front.incidents),
        bundle=f"{slug(front.id.lower())}-evidence.zip",
    )


def _keep(days: Mapping[DayKey, Sequence[MeasurementUid]], front: Front) -> list[DayKey]:
    """Choose the days that get a page: all, or where there are too many the ones that tell most.

    First those of witnesses and of the days on which something began or ended, then the others in an order
    that spreads over all targets and days.
    """
    if sum(map(len, days.values())) <= MAX_MEASUREMENTS:
        return list(days)
    telling = {uid for incident in front.incidents for uid in incident.witnesses}
    telling |= {change.witness for change in front.changes}
    moved = {
        moment.astimezone(UTC).date()
        for incident in front.incidents
        for moment in (
            incident.onset_earliest,
            incident.onset_latest,
            incident.end_earliest,
            incident.end_latest,
        )
        if moment is not None
    }

    def rank(key: DayKey) -> tuple[bool, bool, str]:
        spread = hashlib.sha256(day_path(key).encode()).hexdigest()
        return telling.isdisjoint(days[key]), key.day not in moved, spread

    kept: list[DayKey] = []
    room = MAX_MEASUREMENTS
    for key in sorted(days, key=rank):
        room -= len(days[key])
        if room < 0 and kept:
            break
        kept.append(key)
    return kept
