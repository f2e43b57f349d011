"""Decisions of people on measurements and incidents: an append-only, public log beside the archive.

Wire: `<database>.decisions.jsonl`, one decision a line, the oldest first: `{"at": "...", "action": "retract",
"kind": "report", "subject": "...", "why": "..."}`. The file is no part of the database: rebuilds, upgrades
and mirrors read it. A line is on the disk before anything follows from it.
"""

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from banwatch.model.errors import BanwatchError
from banwatch.store import Store
from banwatch.store.exporting.export import ExportReport

MAX_WHY_CHARS = 1_000
DECISIONS = "decisions.jsonl"
"""Name of the log in an export, and on the site."""
_WINDOW = re.compile(r"(?P<since>[^/,]+)/(?P<until>[^/,]+)(?:,(?P<cc>[A-Z]{2}))?(?:,AS(?P<asn>[0-9]{1,10}))?")


class Action(StrEnum):
    """Class of a decision."""

    RETRACT = "retract"
    """Measurements count in no tier above the archive."""
    RESTORE = "restore"
    """A retraction is undone."""
    REDACT = "redact"
    """The content of a measurement was removed from the archive for good."""
    CONFIRM = "confirm"
    """A moderator confirmed an incident that rests on anonymous voices alone."""
    REJECT = "reject"
    """A moderator rejected one."""


class SubjectKind(StrEnum):
    """Class of what a decision is about."""

    UID = "uid"
    PROBE = "probe"
    REPORT = "report"
    WINDOW = "window"
    INCIDENT = "incident"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Decision, with its reason."""

    at: datetime
    action: Action
    kind: SubjectKind
    subject: str
    why: str
    sha256: str = ""
    """Hash of the line that was redacted, in hex."""


@dataclass(frozen=True, slots=True)
class Window:
    """Time, and possibly country and network, of retracted measurements."""

    since: datetime
    until: datetime
    probe_cc: str = ""
    probe_asn: int = 0


def parse_window(text: str) -> Window:
    """Read `2026-03-01/2026-03-02,KE,AS64500`; country and network may be missing.

    Raises:
        BanwatchError: it is no window.
    """
    found = _WINDOW.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        since, until = (_moment(found[name]) for name in ("since", "until"))
    except ValueError as error:
        raise BanwatchError(
            f"{text!r} is no window of time", "Write it as 2026-03-01T00:00/2026-03-02T00:00,KE,AS64500"
        ) from error
    return Window(since, until, found["cc"] or "", int(found["asn"] or 0))


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text.strip())
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def decisions_path(archive: Path) -> Path:
    """Return the path of a store's decisions, beside its archive."""
    return archive.with_name(archive.name.removesuffix(".archive") + ".decisions.jsonl")


def read_decisions(path: Path) -> tuple[Decision, ...]:
    """Read all decisions; none where there is no file. A last line that was cut short never came into force.

    Raises:
        BanwatchError: the file cannot be read, or a line is no decision.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise BanwatchError(f"{path} cannot be read: {error.strerror}", "Check its rights") from error
    whole = data[: data.rfind(b"\n") + 1]
    try:
        return tuple(msgspec.json.decode(line, type=Decision) for line in whole.splitlines() if line.strip())
    except msgspec.DecodeError as error:
        raise BanwatchError(
            f"{path} has a line that is no decision: {error}", "Put it back from a backup"
        ) from error


def copy_decisions(store: Store, folder: Path, done: ExportReport) -> None:
    """Put the public log beside exported files; nothing where nothing was decided.

    Raises:
        BanwatchError: it cannot be copied.
    """
    path = decisions_path(Path(store.archive.folder))
    if not path.exists():
        return
    try:
        shutil.copyfile(path, folder / DECISIONS)
    except OSError as error:
        raise BanwatchError(
            f"cannot write to {folder}: {error.strerror or error}", "Make room, or give another --out"
        ) from error
    done.files.append(DECISIONS)


def add_decision(path: Path, decision: Decision) -> None:
    """Add a decision, which is on the disk when this returns.

    Raises:
        BanwatchError: there is no reason, or the file cannot be written.
    """
    if not decision.why.strip():
        raise BanwatchError("a decision needs a reason", "Give one with --why")
    if len(decision.why) > MAX_WHY_CHARS:
        raise BanwatchError(f"a reason of {len(decision.why)} characters", f"Use at most {MAX_WHY_CHARS}")
    try:
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        with os.fdopen(handle, "r+b", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            broken = size > 0 and os.pread(file.fileno(), 1, size - 1) != b"\n"
            file.write((b"\n" if broken else b"") + msgspec.json.encode(decision) + b"\n")
            os.fsync(file.fileno())
    except OSError as error:
        raise BanwatchError(
            f"{path} cannot be written: {error.strerror}", "Make room, then try again"
        ) from error


class Retractions:
    """Retractions in force: which measurements count in no tier above the archive."""

    def __init__(self, decisions: Iterable[Decision]) -> None:
        in_force: dict[tuple[SubjectKind, str], None] = {}
        redacted = set()
        for decision in decisions:
            if decision.action is Action.RETRACT:
                in_force[decision.kind, decision.subject] = None
            elif decision.action is Action.RESTORE:
                in_force.pop((decision.kind, decision.subject), None)
            elif decision.action is Action.REDACT:
                redacted.add(decision.subject)
        self.redacted = frozenset(redacted)
        """Ids of measurements whose content was removed: they never come in again."""
        self.subjects = tuple(in_force)
        """Subjects that are retracted now, in the order of their retraction."""
        self._uids = [*self._of(SubjectKind.UID), *sorted(redacted)]
        self._probes = self._of(SubjectKind.PROBE)
        self._reports = self._of(SubjectKind.REPORT)
        self._windows = [parse_window(text) for text in self._of(SubjectKind.WINDOW)]

    def _of(self, kind: SubjectKind) -> list[str]:
        return [subject for of, subject in self.subjects if of is kind]

    def __bool__(self) -> bool:
        return bool(self.subjects or self.redacted)

    def uids_in(self, rows: pa.Table) -> list[str]:
        """Return the ids of the retracted measurements among rows that have the columns of `batch.ROW`."""
        if not self or not rows.num_rows:
            return []
        found = pa.array([False] * rows.num_rows)
        for column, values in (
            ("measurement_uid", self._uids),
            ("probe_id", self._probes),
            ("report_id", self._reports),
        ):
            if values:
                found = pc.or_(found, pc.is_in(rows.column(column), value_set=pa.array(values, pa.string())))
        for window in self._windows:
            found = pc.or_(found, _in_window(rows, window))
        return sorted(set(rows.column("measurement_uid").filter(found).to_pylist()))


def _in_window(rows: pa.Table, window: Window) -> pa.ChunkedArray:
    times = rows.column("measurement_start_time")
    since, until = (pa.scalar(at.replace(tzinfo=None), times.type) for at in (window.since, window.until))
    found = pc.and_(pc.greater_equal(times, since), pc.less(times, until))
    if window.probe_cc:
        found = pc.and_(found, pc.equal(rows.column("probe_cc"), window.probe_cc))
    if window.probe_asn:
        found = pc.and_(found, pc.equal(rows.column("probe_asn"), window.probe_asn))
    return found


def moderated(decisions: Sequence[Decision]) -> dict[str, Action]:
    """Return the last decision of moderators on each incident: confirmed or rejected."""
    return {
        d.subject: d.action for d in decisions if d.kind is SubjectKind.INCIDENT and d.action in _ON_INCIDENTS
    }


_ON_INCIDENTS = frozenset({Action.CONFIRM, Action.REJECT})
