"""`banwatch config`: check a settings file, and show what is in force."""

from pathlib import Path
from typing import Annotated

import typer

from banwatch.cli.options import JsonOption

FileArgument = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", envvar="BANWATCH_CONFIG", help="The settings file.")
]


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help="Settings of an observatory (docs/settings.md).", no_args_is_help=True)
    group.command("check")(_check)
    group.command("show")(_show)
    app.add_typer(group, name="config")


def _check(file: FileArgument = None, as_json: JsonOption = False) -> None:
    """Check a settings file and the environment; each mistake has its line, key and remedy; exit code 1."""
    from banwatch.cli.views.settings import show_problems
    from banwatch.observatory.settings.inspect import check_settings

    problems = check_settings(file)
    show_problems(problems, as_json=as_json)
    if problems:
        raise typer.Exit(1)


def _show(file: FileArgument = None) -> None:
    """Print the settings in force as TOML: file, environment and defaults; no secrets."""
    from banwatch.observatory.settings.inspect import show_settings

    print(show_settings(file), end="")
