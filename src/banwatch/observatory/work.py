"""Work on a store, done here or by the process that owns the store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from banwatch import reference
from banwatch.collector import writable
from banwatch.judge.ruleset_file import CURRENT, Ruleset
from banwatch.model.errors import BanwatchError
from banwatch.model.progress import Progress
from banwatch.model.receipt import SourceClass
from banwatch.net.linux.capacity import usable_cores
from banwatch.pipeline.files import sources
from banwatch.pipeline.ingest import IngestReport
from banwatch.pipeline.reading.detect_table import Detected
from banwatch.pipeline.rebuild import RebuildReport
from banwatch.pipeline.scrub_archive import ScrubReport, scrub_archive
from banwatch.store import Store, queries
from banwatch.store.engines.duckdb_file import rewrite_file


def ingest(
    store: str,
    paths: Sequence[str],
    *,
    jobs: int,
    share: str,
    source_class: SourceClass = SourceClass.OONI,
    progress: Progress,
) -> IngestReport:
    """Bring measurements into a store.

    Args:
        store: a file, or `clickhouse://user@host/name`.
        paths: files, folders, patterns, addresses of buckets, or `-` for the standard input.
        jobs: number of processes; 0 is one a core.
        share: part of the files, such as `3/16`, where several workers share them.
        source_class: class of the files' source.
        progress: called with the bytes read, and all bytes.

    Raises:
        BanwatchError: a path is not there, or the store cannot be written.
    """
    share_of = sources.parse_share(share)
    sources.find(paths)  # an absent path is an error before a store is made
    is_new = _is_new_file(store)
    with writable(store) as writer:
        report = writer.ingest(
            paths, jobs=jobs or usable_cores(), share=share_of, source_class=source_class, progress=progress
        )
    return replace(report, new_store=store if is_new else "", passed_over=sources.passed_over(paths))


def _is_new_file(store: str) -> bool:
    """Return whether a store is a file that is yet to be made.

    Raises:
        BanwatchError: the folder that it would be made in is not there.
    """
    path = Path(store)
    if store.startswith("clickhouse:/") or path.exists():
        return False
    if not path.parent.is_dir():
        raise BanwatchError(f"There is no folder {path.parent} for the store", "Make it, or check --store")
    return True


def rebuild(
    store: str, *, from_tier: str, since: datetime | None, until: datetime | None, progress: Progress
) -> RebuildReport:
    """Make the tiers of a store again, from one tier on.

    Raises:
        BanwatchError: there is no such tier, or the store cannot be written.
    """
    with writable(store, renew=True) as writer:
        return writer.rebuild(from_tier=from_tier, since=since, until=until, progress=progress)


def rejudge(
    store: Path,
    ruleset: Ruleset,
    *,
    ruleset_path: str | None,
    since: datetime | None,
    until: datetime | None,
    progress: Progress,
) -> RebuildReport:
    """Judge stored evidence by a ruleset, and replace the verdicts; the replaced ones stay readable.

    Args:
        store: the database file.
        ruleset: the rules.
        ruleset_path: the file that the ruleset was read from; its text is sent to the owner of the store.
        since: start of the measurements that are judged.
        until: end of them, exclusive.
        progress: called with the rows done, and all rows.

    Raises:
        BanwatchError: the store cannot be written.
    """
    is_current = ruleset == CURRENT or ruleset_path is None
    text = "" if is_current or ruleset_path is None else Path(ruleset_path).read_text(encoding="utf-8")
    with writable(store) as writer:
        return writer.rejudge(text, since=since, until=until, progress=progress)


def scrub(store: str, *, progress: Progress) -> ScrubReport:
    """Take the addresses of probes out of a store, and write its database file anew.

    Raises:
        BanwatchError: the store cannot be written, or another process has it open.
    """
    with Store.open(store) as opened:
        report = scrub_archive(opened, reference.load(), progress)
    if report.lines and not str(store).startswith("clickhouse:/"):
        rewrite_file(Path(store))
    return report


def detect(store: str, *, with_cells: bool) -> Detected:
    """Detect in a store, keep the result there, and return it.

    Args:
        store: a file, or `clickhouse://user@host/name`.
        with_cells: whether changes and cells are read too, to give reasons.

    Raises:
        BanwatchError: the store cannot be written.
    """
    with writable(store) as writer:
        report = writer.detect()
    with Store.open(store, read_only=True) as opened:
        return Detected(
            incidents=tuple(queries.incidents(opened)),
            changes=tuple(queries.changes(opened)) if with_cells else (),
            cells=tuple(queries.cells(opened)) if with_cells else (),
            wrong_clocks=report.wrong_clocks,
        )
