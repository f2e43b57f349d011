"""The store's own nouns: where each measurement lies, what came in, and what could not be read."""

from dataclasses import dataclass
from datetime import datetime

from banwatch.model.ids import IncidentId, MeasurementUid
from banwatch.model.incident import Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One file of the archive that the store counts on.

    Shape: one row a segment; key `segment`; order `ordinal`.
    """

    segment: str
    """SHA-256 of the file's bytes, in hex: also its name."""
    ordinal: int
    """In which order the segments were committed, from 0."""
    lines: int
    raw_bytes: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Where a measurement's raw line lies.

    Shape: one row a distinct line; key `measurement_uid, copy`. Copy 0 came first and is the one that the
    tiers are made from; further copies carry the same id and say something else, and are kept as found.
    """

    measurement_uid: MeasurementUid
    copy: int
    segment: str
    position: int
    """Which line of the segment, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A line that could not be read, or not all of it.

    Shape: one row a line; key `source, line, sha256`.
    """

    source: str
    line: int
    """In its file, from 1; 0 where the file as a whole is concerned."""
    reason: str
    size_bytes: int
    sha256: str
    head: str
    """Its first characters, for a person to look at."""
    segment: str
    """Where the whole line lies in the archive; empty where it went over a limit and was not kept."""
    position: int
    """Which line of the segment, from 0; -1 where it was not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file that was ingested, to resume where it was stopped and to know it when it comes again.

    Shape: one row a file's content; key `sha256`.
    """

    sha256: str
    """Of the file's bytes."""
    path: str
    size_bytes: int
    lines: int
    """How many lines were dealt with, from the start."""
    accepted: int
    duplicates: int
    conflicts: int
    quarantined: int
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """What was said when: append-only, and no part of any digest.

    Shape: one row a statement; order `said_at, subject`.
    """

    said_at: datetime
    subject: str
    """What it is about: an incident's id, or the name of a tier."""
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedIncident:
    """Incident that an id was given to: it gets the same id when it shows again after being withdrawn.

    Shape: one row an id; key `incident_id`; no part of any digest.
    """

    incident_id: IncidentId
    first: Incident
    """As it was first published."""
    last: Incident
    """As it was last published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """What the store says of itself. Shape: one row a property; key `name`."""

    name: str
    value: str
