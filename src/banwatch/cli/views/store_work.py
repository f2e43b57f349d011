"""Results of work on a store: ingests, rebuilds, exports, counts and audits."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from banwatch.cli.views.json_lines import print_json
from banwatch.pages.wording import words
from banwatch.pipeline.ingest import IngestReport
from banwatch.pipeline.reading.doctor import Diagnosis
from banwatch.pipeline.rebuild import RebuildReport
from banwatch.pipeline.scrub_archive import ScrubReport
from banwatch.store.audit import Audit
from banwatch.store.backups.cold_store import MoveReport
from banwatch.store.backups.join_segments import JoinReport
from banwatch.store.engines.budget import size_text
from banwatch.store.exporting.export import ExportReport


def show_ingest(report: IngestReport, *, as_json: bool) -> None:
    """Print how many measurements came in."""
    if as_json:
        print_json(report)
        return
    if report.new_store:
        _print_message(f"new store at {report.new_store}")
    _print_message(
        f"{report.accepted:,} new, {report.duplicates:,} known before, "
        f"{report.conflicts:,} in conflict, {report.quarantined:,} in quarantine, "
        f"from {words.counted(report.files, 'file')}"
    )
    if report.passed_over:
        others = ", ".join(f"{number:,} {ending}" for ending, number in report.passed_over.items())
        _print_message(f"not read, as their names do not end like files of measurements: {others}")
    if report.quarantined and not report.nothing_came:
        _print_message(
            f"see what is in quarantine: banwatch archive quarantine (first: {report.first_reason})"
        )


def show_rebuild(report: RebuildReport, digests: Mapping[str, str], *, as_json: bool) -> None:
    """Print how many measurements were made again, and the digest of each tier."""
    if as_json:
        found = {"measurements": report.measurements, "digests": digests}
        print_json({**found, "salvaged": report.salvaged, "adopted": report.adopted})
        return
    text = f"{report.measurements:,} measurements made again"
    if report.quarantined:
        text += f", {report.quarantined:,} lines cannot be read: see the table quarantine"
    _print_message(text)
    if report.adopted:
        _print_message(f"{report.adopted:,} segments of the archive, unknown to the database, were taken in")
    for one in report.salvaged:
        lost = f"{one.lost_lines:,} lost" if one.lost_lines >= 0 else "an unknown number lost with the index"
        _print_message(
            f"segment {one.segment} was damaged: {one.lines:,} lines are whole, {lost}; "
            f"the file is in the archive's folder `damaged`"
        )
    for name, digest in digests.items():
        print(f"{name} {digest}")


def show_scrub(report: ScrubReport, *, as_json: bool) -> None:
    """Print how many lines held an address of a probe."""
    if as_json:
        print_json(report)
        return
    if not report.lines:
        _print_message("no line of the archive holds an address of a probe")
        return
    _print_message(
        f"addresses of probes taken out of {report.lines:,} lines in {report.segments:,} segments; "
        f"{report.measurements:,} measurements made again. Run `banwatch detect`; copies and mirrors of the "
        f"archive made before this hold the addresses still"
    )


def show_join(report: JoinReport, *, as_json: bool) -> None:
    """Print how many segments were joined."""
    if as_json:
        print_json(report)
        return
    _print_message(f"{report.before:,} small segments joined to {report.after:,}, {report.lines:,} lines")


def show_move(report: MoveReport, *, as_json: bool) -> None:
    """Print how many segments were moved, and the cold store."""
    if as_json:
        print_json(report)
        return
    size = size_text(report.size_bytes)
    _print_message(f"{report.segments:,} segments ({size}) moved; the cold store is {report.cold}")


def show_diagnosis(found: Diagnosis, *, as_json: bool) -> None:
    """Print sizes, times and advice."""
    if as_json:
        print_json(found)
        return
    print(f"{found.verdicts:,} verdicts in {found.location}")
    print(f"database {size_text(found.database_bytes)}, archive {size_text(found.archive_bytes)}")
    print(f"free on disk {size_text(found.free_bytes)}")
    print(
        f"memory of a process {size_text(found.memory_bytes)}, of it the database's "
        f"{size_text(found.database_memory_bytes)}"
    )
    for name, took in found.times_ms.items():
        print(f"{name}: {took:,.0f} ms")
    for sentence in found.advice or ("Nothing needs to be done.",):
        print(sentence)


def show_export(done: ExportReport, folder: Path, *, as_json: bool) -> None:
    """Print how many rows were exported, and where to."""
    if as_json:
        print_json(done)
    else:
        _print_message(f"{done.rows:,} rows in {folder / done.files[0]}")


def show_counts(counts: Mapping[str, int], digests: Mapping[str, str], *, as_json: bool) -> None:
    """Print the number of rows of each table, and digests where there are some."""
    if as_json:
        print_json({"rows": counts, "digests": digests})
        return
    width = max(map(len, counts), default=0)
    for name, count in counts.items():
        print(f"{name:{width}} {count:>14,} {digests.get(name, '')}".rstrip())


def show_audit(audit: Audit, *, as_json: bool) -> None:
    """Print what an audit of the archive found."""
    if as_json:
        print_json(audit)
        return
    print(
        f"{audit.segments:,} segments, {audit.lines:,} lines, {audit.measurements:,} measurements, "
        f"{audit.conflicts:,} conflicting copies, {audit.quarantined:,} in quarantine"
    )
    for problem in audit.problems:
        print(f"problem: {problem}")
    for name in audit.unreferenced:
        print(f"not referenced by the database: {name}")
    if audit.unreferenced:
        print("an ingest was stopped there, or the database was copied without its .wal file;")
        print("the next ingest or `banwatch rebuild` takes what it holds")
    if audit.retracted:
        print(f"{audit.retracted:,} measurements are retracted, and count in no tier")
    print("sound" if audit.sound else "NOT sound")


def _print_message(text: str) -> None:
    Console(stderr=True).print(text, highlight=False)
