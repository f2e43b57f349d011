"""`banwatch bans`: announced bans, against what was measured."""

from pathlib import Path
from typing import Annotated

import typer

from banwatch.cli.completion import bans
from banwatch.cli.options import DEFAULT_STORE, BansOption, JsonLinesOption, JsonOption, StoreOption
from banwatch.cli.parsing import parse_country, parse_target

BanId = Annotated[
    str,
    typer.Argument(
        metavar="BAN", help="Id of the ban, e.g. dprk-2016, or a ban file of your own.", autocompletion=bans
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Announced bans, compared with measurements.")
    app.add_typer(group, name="bans")
    group.command("ls")(_ls)
    group.command("show")(_show)
    group.command("compare")(_compare)
    group.command("unannounced")(_unannounced)
    group.command("import")(_import)
    group.command("new")(_new)
    group.command("check")(_check)


def _ls(own: BansOption = None, as_json: JsonOption = False) -> None:
    """List the announced bans of the register."""
    from banwatch.bans.register import load_bans, use_folder
    from banwatch.cli.views.bans import show_bans

    use_folder(own)
    show_bans(list(load_bans().values()), as_json=as_json)


def _show(ban_id: BanId, own: BansOption = None, as_json: JsonOption = False) -> None:
    """Show one ban: the networks it binds, its period, and its sources."""
    from banwatch.bans.register import find_ban, use_folder
    from banwatch.cli.views.bans import show_ban

    use_folder(own)
    show_ban(find_ban(ban_id), as_json=as_json)


def _compare(
    ban_id: BanId, store: StoreOption = DEFAULT_STORE, own: BansOption = None, as_json: JsonOption = False
) -> None:
    """Compare one ban with the measurements of its country."""
    from banwatch.bans.register import find_ban, use_folder
    from banwatch.cli.views.bans import show_comparisons
    from banwatch.pipeline.reading.read_store import compare_with_cells

    use_folder(own)
    show_comparisons(compare_with_cells(store, find_ban(ban_id)), as_json=as_json)


def _unannounced(
    store: StoreOption = DEFAULT_STORE, own: BansOption = None, as_json: JsonLinesOption = False
) -> None:
    """List the incidents that no ban announces."""
    from banwatch.bans.register import use_folder
    from banwatch.cli.views.incidents import show_incidents
    from banwatch.pipeline.reading.read_store import find_unannounced

    use_folder(own)
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


def _new(
    country: Annotated[
        str, typer.Option("--cc", "--country", parser=parse_country, metavar="COUNTRY", prompt="Country")
    ],
    title: Annotated[str, typer.Option(metavar="TEXT", prompt="What was announced, in one line")],
    target: Annotated[
        list[str], typer.Option(parser=parse_target, metavar="SITE", help="Site named; may be repeated.")
    ] = [],  # noqa: B006  # Typer copies it
    begins: Annotated[str, typer.Option(metavar="DATE", help="First day: 2016-04-01, 2016-04 or 2016.")] = "",
    ends: Annotated[str, typer.Option(metavar="DATE", help="Last day.")] = "",
    authority: Annotated[str, typer.Option(metavar="NAME", help="Body that announced it.")] = "",
    source: Annotated[str, typer.Option(metavar="URL", help="Address of the announcement.")] = "",
    shutdown: Annotated[bool, typer.Option("--shutdown", help="The whole Internet is to be cut.")] = False,
    ban_id: Annotated[str, typer.Option("--id", metavar="ID", help="Name of the ban.")] = "",
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Folder of your bans.", envvar="BANWATCH_BANS")
    ] = Path("bans"),
) -> None:
    """Begin a ban file with what is known; it can be compared at once, and completed later.

    Example: banwatch bans new --cc BR --title "X is suspended" --target x.com --begins 2024-08-30
    """
    from banwatch.bans.new_ban import Announced, write_new_ban
    from banwatch.cli.views.bans import show_new_ban

    announced = Announced(
        country=country,
        title=title,
        targets=target,
        begins=begins,
        ends=ends,
        authority=authority,
        source=source,
        shutdown=shutdown,
    )
    show_new_ban(*write_new_ban(announced, out, ban_id))


def _check(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Ban files, or folders of them.")],
    as_json: JsonOption = False,
) -> None:
    """Check ban files: what each lacks, by line and key; exit code 1 where one cannot be used at all."""
    from banwatch.bans.register import check_files
    from banwatch.cli.views.bans import show_checked

    if not show_checked(check_files(paths), as_json=as_json):
        raise typer.Exit(1)
