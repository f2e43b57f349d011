"""Writing to a store: directly, or through the process that owns it.

Wire: a Unix socket `<database>.owner`, for the same user only. A request is one line: `{"work": "ingest",
"paths": [...], "jobs": 1}`, `{"work": "rebuild", "from_tier": ..., "since": ..., "until": ...}`, `{"work":
"rejudge", "ruleset": ..., "since": ..., "until": ...}`, `{"work": "detect"}`, `{"work": "snapshot",
"paths": [...]}` or `{"work": "decide", "decide": "retract", "subject": ..., "why": ...}`. The answer is
lines:
`{"done": 1, "total": 2}` while the work goes on, then `{"report": {...}}` or `{"what": ..., "do": ...}`.
Queries are in `store.engines.owner`.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import msgspec

from banwatch import reference
from banwatch.bans import load_bans
from banwatch.judge.ruleset_file import CURRENT, Ruleset, parse_ruleset_untrusted
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.progress import Progress
from banwatch.model.receipt import SourceClass
from banwatch.net.local_socket import connect_local
from banwatch.pipeline.conclude import DetectReport, detect
from banwatch.pipeline.deciding.moderation import moderate
from banwatch.pipeline.deciding.redact import redact
from banwatch.pipeline.deciding.retract import restore, retract
from banwatch.pipeline.files import sources
from banwatch.pipeline.files.bucket import is_bucket
from banwatch.pipeline.ingest import IngestReport, ingest
from banwatch.pipeline.rebuild import RebuildReport, rebuild, rejudge
from banwatch.pipeline.trust.decisions import Action
from banwatch.store import Store
from banwatch.store.engines.duckdb_errors import StoreInUseError
from banwatch.store.engines.owner import socket_of


def _ignore(done: int, total: int) -> None:
    """Report progress to nobody."""


class OwnerRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Work, or a query, that another process asks the owner of a store for."""

    work: str
    """`ingest`, `rebuild`, `rejudge`, `detect`, `decide`, `snapshot` or `query`."""
    sql: str = ""
    paths: list[str] = []
    jobs: int = 1
    source_class: SourceClass = SourceClass.OONI
    from_tier: str = "observation"
    since: datetime | None = None
    until: datetime | None = None
    ruleset: str = ""
    """Text of a ruleset file; the current table where empty."""
    decide: Action = Action.RETRACT
    subject: str = ""
    """What a decision is about: a measurement, probe, report, window or incident."""
    why: str = ""


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a decision."""

    count: int
    """Measurements, or lines, or incidents that it concerns."""


class OwnerAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Line of an owner's answer: progress, the report, or an error."""

    done: int = 0
    total: int = 0
    report: msgspec.Raw = msgspec.Raw()
    what: str = ""
    do: str = ""


class Writer(Protocol):
    """Work on a store, carried out here or by its owner; see `pipeline` for what each does."""

    def ingest(
        self,
        paths: Sequence[str],
        *,
        jobs: int = 1,
        share: tuple[int, int] = (0, 1),
        source_class: SourceClass = SourceClass.OONI,
        progress: Progress = _ignore,
    ) -> IngestReport:
        """Bring files of measurements in."""

    def rebuild(
        self,
        *,
        from_tier: str = "observation",
        since: datetime | None = None,
        until: datetime | None = None,
        progress: Progress = _ignore,
    ) -> RebuildReport:
        """Make the tiers again."""

    def rejudge(
        self,
        ruleset_text: str = "",
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        progress: Progress = _ignore,
    ) -> RebuildReport:
        """Judge stored evidence again, by the text of a ruleset file; by the current table where empty."""

    def detect(self) -> DetectReport:
        """Find changes and incidents, and compare them with the bans that ship with Banwatch."""

    def decide(self, action: Action, subject: str, why: str) -> Decided:
        """Log a decision, carry it out, and detect again."""

    def snapshot(self, path: str) -> str:
        """Copy the database into a new file, and return its path."""


class DirectWriter:
    """Work on a store that this process has open for writing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ingest(
        self,
        paths: Sequence[str],
        *,
        jobs: int = 1,
        share: tuple[int, int] = (0, 1),
        source_class: SourceClass = SourceClass.OONI,
        progress: Progress = _ignore,
    ) -> IngestReport:
        """Bring files of measurements in."""
        return ingest(
            self._store,
            paths,
            reference.load(),
            progress=progress,
            jobs=jobs,
            share=share,
            source_class=source_class,
        )

    def rebuild(
        self,
        *,
        from_tier: str = "observation",
        since: datetime | None = None,
        until: datetime | None = None,
        progress: Progress = _ignore,
    ) -> RebuildReport:
        """Make the tiers again."""
        return rebuild(
            self._store, reference.load(), from_tier=from_tier, since=since, until=until, progress=progress
        )

    def rejudge(
        self,
        ruleset_text: str = "",
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        progress: Progress = _ignore,
    ) -> RebuildReport:
        """Judge stored evidence again.

        Raises:
            BanwatchError: the ruleset cannot be read.
        """
        ruleset = _parse_ruleset(ruleset_text)
        return rejudge(self._store, judge=ruleset.judge, since=since, until=until, progress=progress)

    def detect(self) -> DetectReport:
        """Find changes and incidents, and compare them with the bans that ship with Banwatch."""
        return detect(self._store, load_bans().values(), now=datetime.now(UTC))

    def decide(self, action: Action, subject: str, why: str) -> Decided:
        """Log a decision, carry it out, and detect again.

        Raises:
            BanwatchError: nothing has that name, there is no reason, or the store cannot be written.
        """
        now = datetime.now(UTC)
        count = 1
        match action:
            case Action.RETRACT:
                count = retract(self._store, subject, why, now)
            case Action.RESTORE:
                count = restore(self._store, subject, why, now, reference.load())
            case Action.REDACT:
                count = redact(self._store, subject, why, now)
            case Action.CONFIRM | Action.REJECT:
                moderate(self._store, subject, action, why, now)
        self.detect()
        return Decided(count=count)

    def snapshot(self, path: str) -> str:
        """Copy the database into a new file, and return its path."""
        self._store.copy_to(Path(path))
        return path


def _parse_ruleset(text: str) -> Ruleset:
    try:
        return parse_ruleset_untrusted(text.encode()) if text else CURRENT
    except WireError as error:
        raise BanwatchError(f"the ruleset cannot be read: {error.reason}") from error


class OwnerClient:
    """Work on a store that another process of this machine owns, carried out by that process."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def reach(cls, path: Path) -> "OwnerClient | None":
        """Find the owner of a store; None where nobody listens."""
        with connect_local(socket_of(path)) as stream:
            return cls(path) if stream is not None else None

    def ask(self, request: OwnerRequest, progress: Progress = _ignore) -> bytes:
        """Have one request carried out, and return the report as JSON.

        Raises:
            BanwatchError: the work failed, or the owner ended before it had finished.
        """
        with connect_local(socket_of(self._path)) as stream:
            if stream is not None:
                stream.write(msgspec.json.encode(request) + b"\n")
                stream.flush()
                for text in stream:
                    line = msgspec.json.decode(text, type=OwnerAnswer)
                    if line.what:
                        raise BanwatchError(line.what, line.do)
                    if bytes(line.report):
                        return bytes(line.report)
                    progress(line.done, line.total)
        raise BanwatchError(
            f"the process that owns {self._path} ended before the work was done",
            "Run the same command again: finished work is kept",
        )

    def ingest(
        self,
        paths: Sequence[str],
        *,
        jobs: int = 1,
        share: tuple[int, int] = (0, 1),
        source_class: SourceClass = SourceClass.OONI,
        progress: Progress = _ignore,
    ) -> IngestReport:
        """Have files brought in; the standard input is put into a temporary file for the owner.

        Raises:
            BanwatchError: a share was asked for: those are for stores that many processes may write to.
        """
        if share != (0, 1):
            raise StoreInUseError(
                f"{self._path} is owned by another process, which takes all files alone",
                "Leave --share out, or stop that process first",
            )
        with tempfile.TemporaryDirectory(prefix="banwatch-") as folder:
            here = [p if is_bucket(p) else os.path.abspath(p) for p in paths if p != sources.STDIN]
            if sources.STDIN in paths:
                here.append(sources.keep_stdin(Path(folder)))
            answer = self.ask(
                OwnerRequest(work="ingest", paths=here, jobs=jobs, source_class=source_class), progress
            )
        return msgspec.json.decode(answer, type=IngestReport)

    def rebuild(
        self,
        *,
        from_tier: str = "observation",
        since: datetime | None = None,
        until: datetime | None = None,
        progress: Progress = _ignore,
    ) -> RebuildReport:
        """Have the tiers made again."""
        request = OwnerRequest(work="rebuild", from_tier=from_tier, since=since, until=until)
        return msgspec.json.decode(self.ask(request, progress), type=RebuildReport)

    def rejudge(
        self,
        ruleset_text: str = "",
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        progress: Progress = _ignore,
    ) -> RebuildReport:
        """Have stored evidence judged again."""
        request = OwnerRequest(work="rejudge", ruleset=ruleset_text, since=since, until=until)
        return msgspec.json.decode(self.ask(request, progress), type=RebuildReport)

    def detect(self) -> DetectReport:
        """Have changes and incidents found."""
        return msgspec.json.decode(self.ask(OwnerRequest(work="detect")), type=DetectReport)

    def decide(self, action: Action, subject: str, why: str) -> Decided:
        """Have a decision logged and carried out.

        Raises:
            BanwatchError: nothing has that name, there is no reason, or the store cannot be written.
        """
        request = OwnerRequest(work="decide", decide=action, subject=subject, why=why)
        return msgspec.json.decode(self.ask(request), type=Decided)

    def snapshot(self, path: str) -> str:
        """Have the database copied into a new file."""
        request = OwnerRequest(work="snapshot", paths=[os.path.abspath(path)])
        return msgspec.json.decode(self.ask(request), type=str)


@contextmanager
def writable(path: str | Path, *, renew: bool = False) -> Iterator[Writer]:
    """Open a store for writing, or reach the process that owns it.

    Args:
        path: of the DuckDB file, or the address of a ClickHouse database.
        renew: replace the tables of a store that another version made; see `Store.open`.

    Raises:
        BanwatchError: the store cannot be opened, or a process that holds it takes no requests.
    """
    try:
        store = Store.open(path, renew=renew)
    except StoreInUseError:
        client = OwnerClient.reach(Path(path))
        if client is None:
            raise
        yield client
        return
    with store:
        yield DirectWriter(store)
