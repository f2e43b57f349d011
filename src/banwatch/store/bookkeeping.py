"""Nouns of the store's own tables: segments, entries, source files, quarantine, log and properties."""

from dataclasses import dataclass
from datetime import datetime

from banwatch.model.ids import CountryCode, IncidentId, MeasurementUid
from banwatch.model.incident import Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Archive file that the store refers to.

    Shape: one row a segment; key `segment`; order `ordinal`.
    """

    segment: str
    """SHA-256 of the file's bytes, in hex, which is also its name."""
    ordinal: int
    """Position in the order of commits, from 0."""
    lines: int
    raw_bytes: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Place of a raw line in the archive.

    Shape: one row a distinct line; key `measurement_uid, copy`. Copy 0 came first, and the
    tiers are made from it; further copies have the same id and other content, and are kept as they came.
    """

    measurement_uid: MeasurementUid
    copy: int
    segment: str
    position: int
    """Number of the line in the segment, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """Line or file that could not be read, or not to its end.

    Shape: one row a line; key `source, line, sha256`.
    """

    source: str
    line: int
    """Number of the line in its file, from 1; 0 for the file as a whole."""
    reason: str
    size_bytes: int
    sha256: str
    head: str
    """First characters of the line, for a person to read."""
    segment: str
    """Archive segment that holds the whole line; empty for a line over the limit, which is not kept."""
    position: int
    """Number of the line in the segment, from 0; -1 where it was not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """Ingested file: where to resume it, and how to recognise it when it comes again.

    Shape: one row a file's content; key `sha256`.
    """

    sha256: str
    """Hash of the file's bytes, in hex."""
    path: str
    size_bytes: int
    lines: int
    """Number of lines processed, from the start."""
    accepted: int
    duplicates: int
    conflicts: int
    quarantined: int
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """Log entry: a sentence that was published, and when; append-only, and no part of any digest.

    Shape: one row a statement; order `said_at, subject`.
    """

    said_at: datetime
    subject: str
    """Subject of the sentence: an incident's id, or the name of a tier."""
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


ROWS_IN_ORDER = "rows_in_order"
"""Property: number of daily cells when rollups were last put in the order in which readers ask."""
OWN_PROPERTIES = frozenset({"shape", ROWS_IN_ORDER})
"""Names of properties that the store sets by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFindings:
    """Findings of the last detection in the cells of one country, dropped by a commit that changes these.

    Shape: one row a country and level of trust; key `probe_cc, level`; no part of any digest.
    """

    probe_cc: CountryCode
    level: int
    """Number of the level of trust, from 0: how many classes of sources are heard."""
    version: str
    """Sources and options of the detection."""
    span: str
    """Hours up to which the country's cells were read."""
    findings: str
    """Findings in the cells, as JSON."""
    drafts_key: str = ""
    """Hash of the changes that its incidents were made of."""
    drafts: str = "[]"
    """Incidents without ids, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """Property of the store as a whole.

    Shape: one row a property; key `name`.
    """

    name: str
    value: str
