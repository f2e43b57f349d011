"""The contents of a bulletin: its pages, and the measurements on each."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC

from banwatch.bulletin.subject import BulletinSubject
from banwatch.model.ids import MeasurementUid
from banwatch.model.verdict import Verdict
from banwatch.pages.days import DayCount, DayKey
from banwatch.pages.links import FileLinks, day_path, slug
from banwatch.pages.reader import Reader
from banwatch.pages.vantages import Vantage

STYLE = "style.css"
DAY_DEPTH = 3
"""Levels between a day's page and the top; see `day_path`."""
INCIDENT_DEPTH = 1
FEED = "feed.xml"
MAX_MEASUREMENTS = 20_000
"""Measurements in one bulletin at most, some 350 MB: more is too large to pass on."""
_BATCH = 256
"""Measurements laid out at once: few scans of the store, and little memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Pages of a bulletin, and the measurements on each."""

    verdicts: Mapping[MeasurementUid, Sequence[Verdict]]
    days: Mapping[DayKey, Sequence[MeasurementUid]]
    """Days in order of vantage, target and date; each day's measurements in order of time."""
    paths: Mapping[DayKey, str]
    pages: Mapping[MeasurementUid, str]
    incidents: frozenset[str]
    left_out: int
    """Number of measurements that the bulletin rests on and leaves out."""
    bundle: str
    """Path of the evidence bundle."""

    def links(self, depth: int) -> FileLinks:
        """Return the addresses for a page so many levels below the top."""
        return FileLinks(
            depth=depth,
            pages=self.pages,
            days=self.paths,
            incidents=self.incidents,
            bundle_path=self.bundle,
            feed_path=FEED,
        )

    def judged(self) -> Iterator[Verdict]:
        """Yield every verdict in the bulletin."""
        for found in self.verdicts.values():
            yield from found

    def counts(self, days: Mapping[DayKey, DayCount]) -> list[tuple[DayKey, DayCount]]:
        """Return the days of the bulletin with their counts."""
        return [(key, days[key]) for key in self.days if key in days]

    def neighbours(self) -> dict[DayKey, tuple[DayKey | None, DayKey | None]]:
        """Return, for each day, the earlier and the later one of the same target and vantage."""
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
        """Yield days in groups whose measurements fill a batch."""
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
    return (one.vantage, one.target) == (other.vantage, other.target)


def choose_contents(reader: Reader, subject: BulletinSubject) -> Contents:
    """Choose the measurements of a bulletin, and give each a page."""
    targets = subject.scope.targets
    verdicts: defaultdict[MeasurementUid, list[Verdict]] = defaultdict(list)
    days: defaultdict[DayKey, list[MeasurementUid]] = defaultdict(list)
    for country in subject.countries:
        for verdict in reader.verdicts(probe_cc=country, since=subject.since, until=subject.until):
            vantage = Vantage(verdict.probe_cc, verdict.probe_asn, verdict.access_tier)
            if verdict.target not in targets or vantage not in subject.vantages:
                continue
            key = DayKey(vantage, verdict.target, verdict.measurement_start_time.astimezone(UTC).date())
            verdicts[verdict.measurement_uid].append(verdict)
            days[key].append(verdict.measurement_uid)
    kept = _keep(days, subject)
    verdicts_kept = {uid: tuple(verdicts[uid]) for key in kept for uid in days[key]}
    ordered = {key: tuple(dict.fromkeys(days[key])) for key in sorted(kept)}
    paths = {key: day_path(key) for key in ordered}
    return Contents(
        verdicts=verdicts_kept,
        left_out=len(verdicts) - len(verdicts_kept),
        days=ordered,
        paths=paths,
        pages={uid: paths[key] for key, uids in ordered.items() for uid in uids},
        incidents=frozenset(incident.incident_id for incident in subject.incidents),
        bundle=f"{slug(subject.id.lower())}-evidence.zip",
    )


def _keep(days: Mapping[DayKey, Sequence[MeasurementUid]], subject: BulletinSubject) -> list[DayKey]:
    """Choose the days that get a page: all, or the most important ones where there are too many.

    Days with witnesses come first, then days on which an incident began or ended, then the others in an order
    that spreads over all targets and days.
    """
    if sum(map(len, days.values())) <= MAX_MEASUREMENTS:
        return list(days)
    witnesses = {uid for incident in subject.incidents for uid in incident.witnesses}
    witnesses |= {change.witness for change in subject.changes}
    turning_days = {
        moment.astimezone(UTC).date()
        for incident in subject.incidents
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
        return witnesses.isdisjoint(days[key]), key.day not in turning_days, spread

    kept: list[DayKey] = []
    remaining = MAX_MEASUREMENTS
    for key in sorted(days, key=rank):
        remaining -= len(days[key])
        if remaining < 0 and kept:
            break
        kept.append(key)
    return kept
