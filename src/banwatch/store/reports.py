"""Readers' reports, in an append-only file beside the database that no tier is made from.

Reports are not in a table because tables are rebuilt from the archive, which has no reports; and a process
that only reads the database can still take a report.

Wire: `<database>.reports.jsonl`, a line a report (`{"type": "filed", ...}`) and a line a decision (`{"type":
"decided", ...}`); the last decision on a report holds. It holds nothing about the reporter.
"""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from banwatch.model.errors import BanwatchError
from banwatch.model.report import Claim, ReaderReport, ReportState
from banwatch.store.engines.clickhouse_http import parse_address

MAX_PER_HOUR = 300
"""Reports taken in one hour from all readers together: as many as a moderator can read."""
MAX_ALIKE_PER_HOUR = 20
"""Reports taken in one hour on one target and network: more add nothing, as one person may send all."""
MAX_FILE_BYTES = 16 << 20
"""Some 30,000 reports with long notes."""


class RefusedError(Exception):
    """Report that is not taken now; the text says why."""


class _Filed(msgspec.Struct, frozen=True, kw_only=True, tag="filed"):
    report_id: str
    received_at: datetime
    claim: Claim


class _Decided(msgspec.Struct, frozen=True, kw_only=True, tag="decided"):
    report_id: str
    decided_at: datetime
    state: ReportState


_LINE = msgspec.json.Decoder(_Filed | _Decided)


def reports_path(store: str | Path) -> Path:
    """Return the path of the reports: beside the database, or beside the archive of one on ClickHouse."""
    if str(store).startswith("clickhouse:/"):
        archive = Path(parse_address(str(store)).archive)
        return archive.with_name(archive.name + ".reports.jsonl")
    path = Path(store)
    return path.with_name(path.name + ".reports.jsonl")


class ReportBook:
    """Reports of one store. Any number of processes and threads may read and write them.

    Args:
        path: of the file, which the first report creates.
        max_bytes: size of the file from which on no more reports are taken.
    """

    def __init__(self, path: Path, *, max_bytes: int = MAX_FILE_BYTES) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._cached: tuple[tuple[int, int, int], tuple[ReaderReport, ...]] | None = None

    def reports(self, state: ReportState | None = None) -> Sequence[ReaderReport]:
        """Read every report in order of arrival, or those in one state.

        Raises:
            BanwatchError: the file cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                about = os.fstat(file.fileno())
                stamp = (about.st_ino, about.st_size, about.st_mtime_ns)
                cached = self._cached
                if cached is None or cached[0] != stamp:
                    cached = stamp, tuple(_fold(file.read(about.st_size)))
                    self._cached = cached
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise self._trouble(error) from error
        return [report for report in cached[1] if state in (None, report.state)]

    def file(
        self, claim: Claim, now: datetime, *, new_id: Callable[[], str] = lambda: secrets.token_hex(8)
    ) -> ReaderReport:
        """Take a report, which is on the disk when this returns.

        Args:
            claim: content of the report.
            now: the present, in UTC; only its hour is kept.
            new_id: makes a new id.

        Raises:
            RefusedError: too many reports came in this hour, or the file is full.
            BanwatchError: the file cannot be written.
        """
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        with self._locked() as descriptor:
            if os.fstat(descriptor).st_size >= self._max_bytes:
                raise RefusedError("No more reports can be kept here")
            earlier = list(_fold(_whole(descriptor)))
            lately = [r for r in earlier if r.received_at == hour]
            alike = [
                r for r in earlier if (r.claim.target, r.claim.probe_asn) == (claim.target, claim.probe_asn)
            ]
            if len(lately) >= MAX_PER_HOUR:
                raise RefusedError("Too many reports came in this hour")
            if (
                sum(r.received_at == hour for r in alike) >= MAX_ALIKE_PER_HOUR
                or sum(r.claim.seen_at == claim.seen_at for r in alike) >= MAX_ALIKE_PER_HOUR
            ):
                raise RefusedError("Enough readers have reported this for that hour")
            filed = _Filed(report_id=new_id(), received_at=hour, claim=claim)
            _append(descriptor, filed)
        return ReaderReport(
            report_id=filed.report_id, received_at=hour, claim=claim, state=ReportState.PENDING
        )

    def decide(self, report_ids: Sequence[str], state: ReportState, now: datetime) -> Sequence[ReaderReport]:
        """Accept or reject reports, all that are named or none.

        Raises:
            BanwatchError: there is no such report, or the file cannot be written.
        """
        with self._locked(make=False) as descriptor:
            reports = {report.report_id: report for report in _fold(_whole(descriptor))}
            for wanted in report_ids:
                if wanted not in reports:
                    raise BanwatchError(f"no report is called {wanted!r}", "`banwatch reports ls` names them")
            for wanted in dict.fromkeys(report_ids):
                _append(descriptor, _Decided(report_id=wanted, decided_at=now.astimezone(UTC), state=state))
        return [replace(reports[wanted], state=state) for wanted in dict.fromkeys(report_ids)]

    @contextmanager
    def _locked(self, *, make: bool = True) -> Iterator[int]:
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | (os.O_CREAT if make else 0)
        try:
            descriptor = os.open(self.path, flags, 0o600)
        except FileNotFoundError as error:
            if make:
                raise self._trouble(error) from error
            raise BanwatchError(
                "there are no readers' reports yet", f"They would be in {self.path}"
            ) from error
        except OSError as error:
            raise self._trouble(error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # released by closing
            yield descriptor
        except OSError as error:
            raise self._trouble(error) from error
        finally:
            os.close(descriptor)

    def _trouble(self, error: OSError) -> BanwatchError:
        return BanwatchError(
            f"the readers' reports in {self.path} cannot be used ({error.strerror or error})",
            "Look at its permissions, and whether the disk has room",
        )


def _whole(descriptor: int) -> bytes:
    size = os.fstat(descriptor).st_size
    return os.pread(descriptor, size, 0)


def _append(descriptor: int, line: _Filed | _Decided) -> None:
    size = os.fstat(descriptor).st_size
    torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"  # a crash while writing
    data = (b"\n" if torn else b"") + msgspec.json.encode(line) + b"\n"
    if os.write(descriptor, data) != len(data):
        os.ftruncate(descriptor, size)
        raise OSError(0, "no room left")
    os.fsync(descriptor)


def _fold(data: bytes) -> Iterator[ReaderReport]:
    """Fold the lines into reports; a line that a crash cut off is left out."""
    filed: dict[str, ReaderReport] = {}
    for text in data.split(b"\n"):
        try:
            line = _LINE.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if isinstance(line, _Filed):
            filed.setdefault(
                line.report_id,
                ReaderReport(
                    report_id=line.report_id,
                    received_at=line.received_at,
                    claim=line.claim,
                    state=ReportState.PENDING,
                ),
            )
        elif line.report_id in filed:
            filed[line.report_id] = replace(filed[line.report_id], state=line.state)
    yield from filed.values()
