"""`banwatch bans`: announced bans, against what was measured."""

from pathlib import Path
from typing import Annotated

import typer

from banwatch.cli.options import DEFAULT_STORE, JsonLinesOption, JsonOption, StoreOption

BanId = Annotated[str, typer.Argument(metavar="ID", help="Id of the ban, e.g. dprk-2016.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    bans = typer.Typer(no_args_is_help=True, help="Announced bans, compared with measurements.")
    app.add_typer(bans, name="bans")
    bans.command("ls")(_ls)
    bans.command("show")(_show)
    bans.command("compare")(_compare)
    bans.command("unannounced")(_unannounced)
    bans.command("import")(_import)


def _ls(as_json: JsonOption = False) -> None:
    """List the announced bans of the register."""
    from banwatch.bans.register import load_bans
    from banwatch.cli.views.bans import show_bans

    show_bans(list(load_bans().values()), as_json=as_json)


def _show(ban_id: BanId, as_json: JsonOption = False) -> None:
    """Show one ban: the networks it binds, its period, and its sources."""
    from banwatch.bans.register import find_ban
    from banwatch.cli.views.bans import show_ban

    show_ban(find_ban(ban_id), as_json=as_json)


def _compare(ban_id: BanId, store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Compare one ban with the measurements of its country."""
    from banwatch.bans.register import find_ban
    from banwatch.cli.views.bans import show_comparisons
    from banwatch.pipeline.reading.read_store import compare_with_cells

    show_comparisons(compare_with_cells(store, find_ban(ban_id)), as_json=as_json)


def _unannounced(store: StoreOption = DEFAULT_STORE, as_json: JsonLinesOption = False) -> None:
    """List the incidents that no ban announces."""
    from banwatch.cli.views.incidents import show_incidents
    from banwatch.pipeline.reading.read_store import find_unannounced

    show_incidents(find_unannounced(store), as_json=as_json)


def _import(
    table: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV: Access Now's STOP, or a list of outages.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Directory for the drafts.")],
) -> None:
    """Draft ban files from the tables of others, for a person to complete."""
    from banwatch.bans.draft_files import draft_table
    from banwatch.cli.views.bans import show_drafts
    from banwatch.model.errors import BanwatchError

    report = draft_table(table, out)
    show_drafts(report, out)
    if not report.found:
        raise BanwatchError(f"No row of {table} is a ban", "See the reasons above, or give another table.")
