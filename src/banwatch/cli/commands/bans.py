"""`banwatch bans`: what was announced, against what was measured."""

import sys
from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
BanId = Annotated[str, typer.Argument(metavar="ID", help="Id of the ban, e.g. dprk-2016.")]
Database = Annotated[
    str,
    typer.Option("--store", help="A file, or clickhouse://user@host/name.", envvar="BANWATCH_STORE"),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    bans = typer.Typer(no_args_is_help=True, help="Announced bans: what was said, against what was measured.")
    app.add_typer(bans, name="bans")
    bans.command("ls")(_ls)
    bans.command("show")(_show)
    bans.command("compare")(_compare)
    bans.command("unannounced")(_unannounced)
    bans.command("import")(_import)


def _ls(as_json: Json = False) -> None:
    """List the register."""
    from banwatch.bans.register import load_bans
    from banwatch.cli.views.bans import bans_json, bans_table, print_table

    found = list(load_bans().values())
    if as_json:
        print(bans_json(found))
    else:
        print_table(bans_table(found))


def _show(ban_id: BanId, as_json: Json = False) -> None:
    """Show one ban: whom it binds, from when, and who says so."""
    from banwatch.bans.register import find_ban
    from banwatch.cli.views.bans import ban_text, bans_json

    ban = find_ban(ban_id)
    print(bans_json(ban) if as_json else ban_text(ban))


def _compare(ban_id: BanId, store: Database = "banwatch.duckdb", as_json: Json = False) -> None:
    """Compare one ban with the measurements of its country."""
    from banwatch.bans import compare
    from banwatch.bans.register import find_ban
    from banwatch.cli.views.bans import comparison_table, comparisons_json, print_table
    from banwatch.detect import find_changes
    from banwatch.store import Store, queries

    ban = find_ban(ban_id)
    with Store.open(store, read_only=True) as opened:
        cells = queries.cells(opened)
    found = compare(ban, cells, find_changes(cells))
    if as_json:
        print(comparisons_json(found))
    else:
        print_table(comparison_table(found))


def _unannounced(store: Database = "banwatch.duckdb", as_json: Json = False) -> None:
    """List the incidents that no ban announces."""
    from banwatch.bans import load_bans, unannounced
    from banwatch.cli.views.incident_lines import incident_lines
    from banwatch.store import Store, queries

    with Store.open(store, read_only=True) as opened:
        incidents = queries.incidents(opened)
    for line in incident_lines(unannounced(incidents, load_bans().values()), as_json=as_json):
        print(line)


def _import(
    table: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV: Access Now's STOP, or a list of outages.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the drafts.")],
) -> None:
    """Draft ban files from the tables of others, for a person to complete."""
    from banwatch.bans.importing import read_drafts
    from banwatch.bans.register import save_drafts

    refused: dict[str, list[int]] = {}

    def refuse(reason: str, line: int) -> None:
        refused.setdefault(reason, []).append(line)

    written = save_drafts(list(read_drafts(table, refuse)), out)  # all of a table, or nothing
    for reason, lines in refused.items():
        rows = f"rows passed over: {len(lines)}, the first in line {lines[0]}: " if lines[0] else ""
        print(f"banwatch: {rows}{reason}", file=sys.stderr)
    print(f"{written} drafts in {out}")
