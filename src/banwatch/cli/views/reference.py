"""What `banwatch reference` reads and prints."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Column, Table

from banwatch.model.evidence import Evidence
from banwatch.model.observation import Observation, Step
from banwatch.reference.comparing import Difference
from banwatch.reference.snapshots import Snapshot
from banwatch.reference.suggesting import SharedPage, Suggestion
from banwatch.store import Store, queries

_SHOWN = 20
_SAME_LENGTH = 0.8


def show_snapshots(found: Sequence[Snapshot], *, as_json: bool) -> None:
    """Print snapshots as a table, or one JSON object a line."""
    if as_json:
        _print_lines(found)
        return
    table = Table(Column("id", no_wrap=True, overflow="fold"), "as of", "entries", "source", "licence")
    for s in found:
        table.add_row(s.id, s.as_of.isoformat(), f"{s.entries:,}" if s.entries else "", s.source, s.licence)
    Console().print(table)


def show_difference(difference: Difference, *, as_json: bool) -> None:
    """Print what was added, removed and changed; the first of each, and how many more."""
    if as_json:
        _print_lines([difference])
        return
    for sign, entries in (("+", difference.added), ("-", difference.removed), ("~", difference.changed)):
        for entry in entries[:_SHOWN]:
            print(f"{sign} {entry}")
        if len(entries) > _SHOWN:
            print(f"{sign} and {len(entries) - _SHOWN:,} more")
    if not (difference.added or difference.removed or difference.changed):
        print("no difference")


def show_suggestions(found: Sequence[Suggestion], *, as_json: bool) -> None:
    """Print suggested fingerprints."""
    if as_json:
        _print_lines(found)
        return
    table = Table("network", "sites", "where", "pattern", "witness")
    for s in found:
        network = f"{s.probe_cc} AS{s.probe_asn}"
        table.add_row(network, str(len(s.targets)), f"{s.location} {s.pattern_type}", s.pattern, s.witness)
    Console().print(table if found else "No page is shared by enough unrelated sites on one network.")


def read_shared_pages(path: Path) -> Iterator[SharedPage]:
    """Read every unencrypted response of a store."""
    with Store.open(path, read_only=True) as store:
        for batch in queries.evidence_in_batches(store, None, None):
            rows = iter(row for row in batch if row.kind == "web" and not row.http_authenticated)
            while some := list(islice(rows, 500)):
                observations = queries.observations_of(store, [row.measurement_uid for row in some])
                for row in some:
                    yield from _pages_of(row, observations.get(row.measurement_uid, []))


def _pages_of(row: Evidence, observations: Iterable[Observation]) -> Iterator[SharedPage]:
    like = bool(row.http_title_match or row.http_headers_match or (row.http_length_ratio or 0) > _SAME_LENGTH)
    for seen in observations:
        if seen.step is not Step.HTTP or seen.status_code is None or (seen.url or "").startswith("https:"):
            continue
        yield SharedPage(
            measurement_uid=row.measurement_uid,
            target=row.target,
            probe_cc=row.probe_cc,
            probe_asn=row.probe_asn,
            title=seen.title,
            body_sha256=seen.body_sha256,
            body_length=seen.body_length,
            location=seen.location,
            like_control=like,
        )


def _print_lines(values: Iterable[object]) -> None:
    for value in values:
        print(msgspec.json.encode(value).decode())
