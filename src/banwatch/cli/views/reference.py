"""Snapshots, their differences, and suggested fingerprints."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Column, Table

from banwatch.cli.views.json_lines import print_json_lines
from banwatch.reference.comparing import Difference
from banwatch.reference.snapshots import Snapshot
from banwatch.reference.suggesting import Suggestion

_MAX_SHOWN = 20
"""Entries of each kind that are printed; the rest is counted."""


def show_snapshots(found: Sequence[Snapshot], *, as_json: bool) -> None:
    """Print snapshots as a table, or one JSON object a line."""
    if as_json:
        print_json_lines(found)
        return
    table = Table(Column("id", no_wrap=True, overflow="fold"), "as of", "entries", "source", "licence")
    for snapshot in found:
        table.add_row(
            snapshot.id,
            snapshot.as_of.isoformat(),
            f"{snapshot.entries:,}" if snapshot.entries else "",
            snapshot.source,
            snapshot.licence,
        )
    Console().print(table)


def show_difference(difference: Difference, *, as_json: bool) -> None:
    """Print what was added, removed and changed; the first of each, and how many more."""
    if as_json:
        print_json_lines([difference])
        return
    for sign, entries in (("+", difference.added), ("-", difference.removed), ("~", difference.changed)):
        for entry in entries[:_MAX_SHOWN]:
            print(f"{sign} {entry}")
        if len(entries) > _MAX_SHOWN:
            print(f"{sign} and {len(entries) - _MAX_SHOWN:,} more")
    if not (difference.added or difference.removed or difference.changed):
        print("no difference")


def show_suggestions(found: Sequence[Suggestion], *, as_json: bool) -> None:
    """Print suggested fingerprints."""
    if as_json:
        print_json_lines(found)
        return
    table = Table("network", "sites", "where", "pattern", "witness")
    for suggestion in found:
        network = f"{suggestion.probe_cc} AS{suggestion.probe_asn}"
        table.add_row(
            network,
            str(len(suggestion.targets)),
            f"{suggestion.location} {suggestion.pattern_type}",
            suggestion.pattern,
            suggestion.witness,
        )
    Console().print(table if found else "No page is shared by enough unrelated sites on one network.")
